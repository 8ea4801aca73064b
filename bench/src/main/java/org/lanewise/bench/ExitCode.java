package org.lanewise.bench;

/** The exit codes of the command line: a contract with scripts, so none ever changes its meaning. */
public final class ExitCode {
  /** Everything that was asked for was done, and is good. */
  public static final int GOOD = 0;

  /** A kernel does not conform, or has become slower. */
  public static final int NOT_CONFORMING = 1;

  /** The command line is wrong. */
  public static final int USAGE = 2;

  /** The machine, the JVM or a file is at fault; nothing is known about the kernels. */
  public static final int ENVIRONMENT = 3;

  /** The measurements do not decide the question. */
  public static final int INCONCLUSIVE = 4;

  private ExitCode() {}
}
