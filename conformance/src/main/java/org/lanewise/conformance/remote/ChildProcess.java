package org.lanewise.conformance.remote;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A process that answers requests, one at a time. It is watched: a request that takes too long, or in which the process needs
 * too much memory, ends it. After that, or when it ended by itself, the next request starts it again.
 *
 * <p>Requests of several threads take turns.
 */
public final class ChildProcess implements AutoCloseable {
  /** How often memory is looked at while an answer is awaited. */
  private static final Duration WATCH = Duration.ofMillis(20);

  /** How long a process may take to start, on top of the time of a request. */
  private static final Duration START = Duration.ofSeconds(20);

  /** How long a process may take to end after its input has ended. */
  private static final Duration END = Duration.ofSeconds(1);

  private static final int KEPT_LINES = 5;
  private static final int KEPT_CHARACTERS = 300;

  private final List<String> command;
  private final Duration timeLimit;
  private final long memoryLimit;
  private final Thread atExit = new Thread(this::kill, "end of child");
  private final Deque<String> said = new ArrayDeque<>();
  private @Nullable Process process;
  private InputStream answers = InputStream.nullInputStream();
  private Thread listener = Thread.currentThread();
  private boolean started;
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
  synchronized Message ask(Message request) {
    return ask(request, timeLimit);
  }

  /** Asks with a time limit of its own. */
  synchronized Message ask(Message request, Duration limit) {
    if (closed) {
      throw new IllegalStateException("The process has been closed.");
    }
    boolean fresh = process == null || !process.isAlive();
    Process running = fresh ? start() : process;
    InputStream in = answers;
    // On threads of their own: a process that does not read must not hold up its own time limit.
    CompletableFuture<@Nullable Message> answer = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                request.write(new BufferedOutputStream(running.getOutputStream(), 1 << 16));
              } catch (IOException e) {
                // It does not read any more; what became of it, reading the answer shows.
              }
            });
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                answer.complete(Message.read(in));
              } catch (Throwable e) {
                answer.completeExceptionally(e);
              }
            });
    return await(answer, running, fresh ? limit.plus(START) : limit, limit);
  }

  private Message await(
      CompletableFuture<@Nullable Message> answer, Process running, Duration patience, Duration limit) {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        Message message = answer.get(WATCH.toMillis(), TimeUnit.MILLISECONDS);
        if (message == null) {
          throw ended(running);
        }
        return message;
      } catch (TimeoutException e) {
        long memory = memory(running);
        if (memory > memoryLimit) {
          kill();
          throw new RemoteFailure(
              "The process used %,d MiB of memory, more than the limit of %,d MiB, and was ended."
                  .formatted(memory >> 20, memoryLimit >> 20));
        }
        if (System.nanoTime() > end) {
          kill();
          throw new RemoteFailure("There was no answer within %s s, and the process was ended.".formatted(limit.toSeconds()));
        }
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case EOFException _ -> throw ended(running);
          case RemoteFailure failure -> {
            kill(); // what follows in the stream has no meaning any more
            throw failure;
          }
          default -> throw ended(running);
        }
      } catch (InterruptedException e) {
        kill();
        Thread.currentThread().interrupt();
        throw new RemoteFailure("Waiting for the answer was interrupted.");
      }
    }
  }

  private Process start() {
    synchronized (said) {
      said.clear();
    }
    try {
      Process running = new ProcessBuilder(command).start();
      process = running;
      answers = new BufferedInputStream(running.getInputStream(), 1 << 16);
      started = true;
      listener = Thread.ofPlatform().daemon().start(() -> listen(running));
      return running;
    } catch (IOException e) {
      throw new RemoteFailure(
          "The command '%s' cannot be started: %s.".formatted(String.join(" ", command), e.getMessage()));
    }
  }

  /** Keeps the last lines of standard error, for the sentence on an early end. */
  private void listen(Process running) {
    try (Stream<String> lines = running.errorReader(StandardCharsets.UTF_8).lines()) {
      lines.filter(ChildProcess::says).forEach(
          line -> {
            synchronized (said) {
              said.addLast(line.replaceFirst("^#\\s+", ""));
              if (said.size() > KEPT_LINES) {
                said.removeFirst();
              }
            }
          });
    } catch (RuntimeException e) {
      // The stream ended with the process.
    }
  }

  /** Whether a line tells people something: of a crashed JVM's last words, only the signal and where it came from. */
  private static boolean says(String line) {
    return !line.isBlank()
        && !line.startsWith("WARNING: Using incubator modules")
        && (!line.startsWith("#") || line.matches("#  \\S+ \\(0x.*|# [CJVjv]  .*"));
  }

  private RemoteFailure ended(Process running) {
    try {
      running.waitFor(END.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (running.isAlive()) {
      kill();
      return new RemoteFailure("The process closed its standard output without an answer, and was ended.");
    }
    int code = running.exitValue();
    killDescendants(running);
    try {
      listener.join(END); // what it said last may still be on its way
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String how =
        switch (code) {
          case 0 -> "exit code 0 (a call of exit)";
          case 128 + 4 -> "SIGILL (an instruction that this CPU lacks)";
          case 128 + 6 -> "SIGABRT (a crash)";
          case 128 + 7 -> "SIGBUS (a crash on a memory access)";
          case 128 + 8 -> "SIGFPE (a crash on an arithmetic instruction)";
          case 128 + 9 -> "SIGKILL";
          case 128 + 11 -> "SIGSEGV (a crash on a memory access)";
          default -> "exit code " + code;
        };
    return new RemoteFailure("The process ended with %s before it answered.%s".formatted(how, said()));
  }

  /** What it said last. */
  private String said() {
    String text;
    synchronized (said) {
      text = String.join(" / ", said.stream().map(String::strip).toList());
    }
    int start = Math.max(0, text.length() - KEPT_CHARACTERS); // a line's end says more than its beginning
    return text.isEmpty() ? "" : " It said: %s%s".formatted(start > 0 ? "…" : "", text.substring(start));
  }

  /** The resident memory of the process and its descendants; 0 where the system does not tell. */
  private static long memory(Process running) {
    return Stream.concat(Stream.of(running.toHandle()), running.descendants())
        .mapToLong(handle -> memory(handle.pid()))
        .sum();
  }

  private static long memory(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    } catch (IOException e) {
      // It ended meanwhile, or this is no Linux: the limit of the heap, which its command sets, has to do.
    }
    return 0;
  }

  private void kill() {
    Process running = process;
    if (running != null) {
      killDescendants(running);
      running.destroyForcibly();
      try {
        running.waitFor(END.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void killDescendants(Process running) {
    running.descendants().forEach(ProcessHandle::destroyForcibly);
  }

  /** Whether it ever ran. */
  boolean hasStarted() {
    return started;
  }

  /** Ends the process: its input ends, and if that is not enough it is killed. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    Process running = process;
    if (running != null && running.isAlive()) {
      List<ProcessHandle> descendants = running.descendants().toList();
      try {
        running.getOutputStream().close();
        running.waitFor(END.toMillis(), TimeUnit.MILLISECONDS);
      } catch (IOException e) {
        // Killed below.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      kill();
      descendants.forEach(ProcessHandle::destroyForcibly);
    }
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The JVM is ending; the hook runs.
    }
  }
}
