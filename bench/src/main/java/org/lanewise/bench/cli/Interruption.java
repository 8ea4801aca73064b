package org.lanewise.bench.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Lets a long command end in good order when it is interrupted (Ctrl-C, SIGTERM): its work is told to stop, and the JVM
 * ends only when the command is through with what it has. The exit code stays the signal's, 130 or 143.
 */
final class Interruption implements AutoCloseable {
  private final CountDownLatch through = new CountDownLatch(1);
  private final Thread hook;

  /**
   * Watches from now on.
   *
   * @param stop makes the command's work end soon; called from another thread
   */
  Interruption(Runnable stop) {
    hook =
        new Thread(
            () -> {
              stop.run();
              try {
                through.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "interruption");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** The command is through: everything is written. */
  @Override
  public void close() {
    through.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException interrupted) {
      // the hook runs
    }
  }
}
