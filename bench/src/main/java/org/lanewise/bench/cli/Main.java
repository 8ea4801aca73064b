package org.lanewise.bench.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.results.Environment;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.kernels.UnavailableKernelException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;

/** The command line {@code lanewise}. */
@Command(
    name = "lanewise",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = "Proves and races loss kernels on the JVM: sigmoid-BCE and cross-entropy.",
    subcommands = {
      CheckCommand.class,
      ListCommand.class,
      VerifyCommand.class,
      ValidateCommand.class,
      BenchCommand.class,
      CompareCommand.class,
      GateCommand.class,
      ReportCommand.class,
      CompletionCommand.class,
      ServeCommand.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    scope = ScopeType.INHERIT,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:good",
      "1:a kernel does not conform or has become slower",
      "2:the command line is wrong",
      "3:the environment or the data is at fault",
      "4:the measurements do not decide",
      "130:interrupted by Ctrl-C"
    },
    footer = {
      "",
      "Verdicts have colours on a terminal; NO_COLOR=1 turns them off.",
      "",
      "Examples:",
      "  ./lanewise check",
      "  ./lanewise bench --help"
    })
public final class Main implements Runnable {
  /** What a shell gives for a process that ends because nobody reads what it writes. */
  private static final int NO_READER = 128 + 13;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Print a stack trace with an error.")
  private boolean verbose;

  private Main() {}

  /** Runs the command line and exits with its code. */
  public static void main(String[] args) {
    tellLauncher();
    Locale.setDefault(Locale.ROOT); // numbers look the same everywhere
    PrintWriter out = new PrintWriter(System.out, true, System.out.charset());
    PrintWriter err = new PrintWriter(System.err, true, System.err.charset());
    boolean coloured = Terminal.hasColours();
    int exitCode = run(coloured ? new PrintWriter(new Colours(out), true) : out, err, coloured, args);
    System.exit(exitCode == ExitCode.GOOD ? written(out, err) : exitCode);
  }

  /** Makes the file by which the launcher knows that the JVM has started, and that an exit code is the program's. */
  private static void tellLauncher() {
    String started = System.getenv("LANEWISE_STARTED");
    if (started != null) {
      try {
        Files.createFile(Path.of(started));
      } catch (IOException | InvalidPathException notOurs) {
        // a process that this one has started, or a launcher that is gone
      }
    }
  }

  /** The code of a command that was good: what it printed may have reached nobody. */
  private static int written(PrintWriter out, PrintWriter err) {
    if (!out.checkError()) {
      return ExitCode.GOOD;
    }
    if (Terminal.outputIsPipe()) {
      return NO_READER; // such as "head", which has what it wants
    }
    err.println("lanewise: What this command prints could not be written; check where its output goes.");
    return ExitCode.ENVIRONMENT;
  }

  /** Runs the command line and returns the exit code; what it prints goes to the given writers, without colours. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    return run(out, err, false, args);
  }

  private static int run(PrintWriter out, PrintWriter err, boolean coloured, String... args) {
    Main main = new Main();
    int exitCode;
    try {
      exitCode = main.commandLine(out, err, coloured).execute(args);
    } catch (Error error) { // no memory, a class that is missing: the machine's fault, not a kernel's
      exitCode = main.failed(error, err);
    }
    out.flush();
    err.flush();
    return exitCode;
  }

  /** The commands and their options. */
  static CommandLine commandLine() {
    return new CommandLine(new Main());
  }

  private CommandLine commandLine(PrintWriter out, PrintWriter err, boolean coloured) {
    return new CommandLine(this)
        .setOut(out)
        .setErr(err)
        .setColorScheme(Help.defaultColorScheme(coloured ? Help.Ansi.ON : Help.Ansi.OFF))
        .setParameterExceptionHandler(Main::usageError)
        .setExecutionStrategy(Main::execute)
        .setExecutionExceptionHandler((exception, failing, parsed) -> failed(exception, failing.getErr()));
  }

  /** No command was named. */
  @Override
  public void run() {
    throw UserError.usage("No command was given; try 'lanewise check', or 'lanewise --help' for the list.");
  }

  private static int execute(ParseResult parsed) {
    for (ParseResult command : parsed.asCommandLineList().stream().map(CommandLine::getParseResult).toList()) {
      command.matchedArgs().forEach(argument -> requireValue(command.commandSpec().commandLine(), argument));
    }
    return new RunLast().execute(parsed);
  }

  /** A list such as ",," names nothing, and a choice of nothing must not pass for a choice of all. */
  private static void requireValue(CommandLine command, ArgSpec argument) {
    String separator = argument.splitRegex();
    for (String value : argument.originalStringValues()) {
      for (String part : separator.isEmpty() ? List.of(value) : List.of(value.split(separator, -1))) {
        if (part.isBlank()) {
          throw new ParameterException(
              command,
              "%s is '%s', which %s; expected %s."
                  .formatted(
                      argument instanceof CommandLine.Model.OptionSpec option ? option.longestName() : argument.paramLabel(),
                      value,
                      value.isBlank() ? "is blank" : "has a blank between commas",
                      separator.isEmpty() ? argument.paramLabel() : "%s[,%1$s...]".formatted(argument.paramLabel())));
        }
      }
    }
  }

  private static int usageError(ParameterException exception, String[] args) {
    PrintWriter err = exception.getCommandLine().getErr();
    String message = String.valueOf(exception.getMessage()).strip();
    err.printf(
        "lanewise: %s%s Try '%s --help'.%n",
        message, message.endsWith(".") ? "" : ".", exception.getCommandLine().getCommandSpec().qualifiedName());
    return ExitCode.USAGE;
  }

  private int failed(Throwable exception, PrintWriter err) {
    int exitCode =
        switch (exception) {
          case UserError error -> error.exitCode();
          default -> ExitCode.ENVIRONMENT;
        };
    String message =
        switch (exception) {
          case UserError error -> error.getMessage();
          case DataException error -> error.getMessage();
          case UnavailableKernelException error -> error.getMessage();
          case IllegalStateException error when error.getMessage() != null -> error.getMessage();
          case OutOfMemoryError _ ->
              "The JVM has no memory left; give it more with LANEWISE_JAVA_OPTS=-Xmx4g, or use smaller data.";
          default -> "Unexpected %s; run again with --verbose and report what it prints.".formatted(exception);
        };
    err.printf("lanewise: %s%n", message);
    if (verbose) {
      exception.printStackTrace(err);
    }
    return exitCode;
  }

  /** Version of the jar, the commit of the working tree that it lies in, and version of the JDK. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {text(Main.class.getPackage().getImplementationVersion(), Environment.commit())};
    }

    /**
     * The line.
     *
     * @param version null where there is no jar
     * @param commit null where there is no working tree: an archive of the sources, a jar that was copied
     */
    static String text(@Nullable String version, @Nullable String commit) {
      return "lanewise %s, %s, JDK %s"
          .formatted(
              version == null ? "(not packaged)" : version,
              commit == null ? "commit unknown" : "commit " + commit,
              Runtime.version());
    }
  }
}
