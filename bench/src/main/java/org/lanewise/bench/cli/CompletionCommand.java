package org.lanewise.bench.cli;

import java.util.concurrent.Callable;
import org.lanewise.bench.ExitCode;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lanewise completion}: commands, options and their values at the touch of the tab key. */
@Command(
    name = "completion",
    description = "Prints a script by which bash, or zsh, completes commands, options and their values.",
    footer = {
      "",
      "Examples:",
      "  source <(./lanewise completion)              # for this shell",
      "  ./lanewise completion >~/.lanewise-completion",
      "  echo 'source ~/.lanewise-completion' >>~/.bashrc",
      "",
      "In zsh, run 'autoload -U bashcompinit; bashcompinit' before. It completes after 'lanewise' and './lanewise' alike."
    })
final class CompletionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().getOut().print(AutoComplete.bash("lanewise", Main.commandLine()));
    return ExitCode.GOOD;
  }
}
