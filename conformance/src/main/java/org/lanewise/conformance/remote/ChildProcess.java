package org.lanewise.conformance.remote;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A process that answers requests, one at a time. It is watched: a request that is not answered as it should be, takes too long,
 * or in which the process needs too much memory, ends it. The next request starts it again.
 *
 * <p>Requests of several threads take turns.
 */
public final class ChildProcess implements AutoCloseable {
  /** How long a process may take to start and to say what it supplies. */
  private static final Duration START = Duration.ofSeconds(20);

  private final List<String> command;
  private final Duration timeLimit;
  private final long memoryLimit;
  private final Thread atExit = new Thread(this::endAtExit, "end of child");

  /** Held to start and to end, never while an answer is awaited. */
  private final Object life = new Object();

  private @Nullable RunningProcess running;
  private boolean closed;

  /**
   * A process; the first request starts it.
   *
   * @param command the program and its arguments
   * @param timeLimit of a request
   * @param memoryLimit of its resident memory in bytes, that of its own children included
   */
  public ChildProcess(List<String> command, Duration timeLimit, long memoryLimit) {
    this.command = List.copyOf(command);
    this.timeLimit = timeLimit;
    this.memoryLimit = memoryLimit;
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * The same command with further arguments after the first, for a JVM: its flags.
   */
  ChildProcess withFlags(List<String> flags, Duration timeLimit) {
    return new ChildProcess(
        Stream.of(command.subList(0, 1), flags, command.subList(1, command.size())).flatMap(List::stream).toList(),
        timeLimit,
        memoryLimit);
  }

  Duration timeLimit() {
    return timeLimit;
  }

  /**
   * Asks, and waits for the answer.
   *
   * @throws RemoteFailure if there is none, or it is no message
   */
  Message ask(Message request) {
    return ask(request, timeLimit);
  }

  /** Asks with a time limit of its own. */
  synchronized Message ask(Message request, Duration limit) {
    RunningProcess child;
    boolean fresh;
    synchronized (life) {
      if (closed) {
        throw new IllegalStateException("The process has been closed.");
      }
      RunningProcess before = running;
      fresh = before == null;
      child = before == null ? RunningProcess.start(command) : before;
      running = child;
    }
    try {
      boolean describes = "describe".equals(Message.text(request.json(), "request"));
      if (fresh && !describes) { // starting takes its own time, so that a request never has more than its limit
        child.ask(Message.of("request", "describe"), START, memoryLimit);
      }
      return child.ask(request, fresh && describes ? START : limit, memoryLimit);
    } catch (RemoteFailure e) {
      child.kill(); // what it may still write has no meaning any more
      synchronized (life) {
        running = null;
      }
      throw e;
    }
  }

  /** Ends the process: its input ends, and if that is not enough it is killed. A request that waits fails. */
  @Override
  public void close() {
    RunningProcess child = closed();
    if (child != null) {
      child.close();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The JVM is ending; the hook runs.
    }
  }

  private void endAtExit() {
    RunningProcess child = closed();
    if (child != null) {
      child.kill();
    }
  }

  /** From here on nothing is started; gives what runs. */
  private @Nullable RunningProcess closed() {
    synchronized (life) {
      closed = true;
      RunningProcess child = running;
      running = null;
      return child;
    }
  }
}
