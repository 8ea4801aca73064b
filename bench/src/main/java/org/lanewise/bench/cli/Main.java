package org.lanewise.bench.cli;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.results.Environment;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.kernels.UnavailableKernelException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/** The command line {@code lanewise}. */
@Command(
    name = "lanewise",
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
      ServeCommand.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    scope = ScopeType.INHERIT,
    usageHelpAutoWidth = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:good",
      "1:a kernel does not conform or has become slower",
      "2:the command line is wrong",
      "3:the environment or the data is at fault",
      "4:the measurements do not decide"
    })
public final class Main implements Runnable {
  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Print a stack trace with an error.")
  private boolean verbose;

  private Main() {}

  /** Runs the command line and exits with its code. */
  public static void main(String[] args) {
    Charset terminal = System.out.charset();
    System.exit(
        run(
            new PrintWriter(System.out, true, terminal), new PrintWriter(System.err, true, System.err.charset()), args));
  }

  /** Runs the command line and returns the exit code; what it prints goes to the given writers. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    Main main = new Main();
    CommandLine command =
        new CommandLine(main)
            .setOut(out)
            .setErr(err)
            .setParameterExceptionHandler(Main::usageError)
            .setExecutionExceptionHandler((exception, failing, parsed) -> main.failed(exception, failing.getErr()));
    int exitCode;
    try {
      exitCode = command.execute(args);
    } catch (Error error) { // no memory, a class that is missing: the machine's fault, not a kernel's
      exitCode = main.failed(error, err);
    }
    err.flush();
    if (out.checkError() && exitCode == ExitCode.GOOD) {
      err.println("lanewise: What this command prints could not be written; check where its output goes.");
      return ExitCode.ENVIRONMENT;
    }
    return exitCode;
  }

  /** No command was named. */
  @Override
  public void run() {
    throw UserError.usage("No command was given; try 'lanewise check', or 'lanewise --help' for the list.");
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
      String version = Main.class.getPackage().getImplementationVersion();
      String commit = Environment.commit();
      return new String[] {
        "lanewise %s, %s, JDK %s"
            .formatted(
                version == null ? "(not packaged)" : version,
                commit == null ? "outside its working tree" : "commit " + commit,
                Runtime.version())
      };
    }
  }
}
