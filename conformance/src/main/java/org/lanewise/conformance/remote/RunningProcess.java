package org.lanewise.conformance.remote;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One life of a child: from its start to its end, whoever brings it about. A thread of its own talks to it, so that a process
 * that does not read or write does not hold up its own time limit.
 */
final class RunningProcess {
  /** How often time and memory are looked at while an answer is awaited. */
  private static final Duration WATCH = Duration.ofMillis(20);

  /** How long a process may take to end after its input or output has ended, and its streams after it. */
  private static final Duration END = Duration.ofSeconds(1);

  /** Its descendants inherit it, and keep it when their parents have ended. */
  private static final String MARK = "LANEWISE_CHILD";

  private static final int KEPT_LINES = 5;
  private static final int KEPT_CHARACTERS = 4096;
  private static final int SHOWN_CHARACTERS = 300;

  private final String mark;
  private final Process process;
  private final InputStream answers;
  private final OutputStream requests;
  private final ExecutorService talk;
  @SuppressWarnings("JdkObsolete") // the listener appends while another thread reads
  private final StringBuffer said = new StringBuffer();
  private final Thread listener;

  private RunningProcess(String mark, Process process, ExecutorService talk) {
    this.mark = mark;
    this.process = process;
    this.talk = talk;
    this.answers = new BufferedInputStream(process.getInputStream(), 1 << 16);
    this.requests = new BufferedOutputStream(process.getOutputStream(), 1 << 16);
    this.listener = Thread.ofPlatform().daemon().name("standard error of child").start(this::listen);
  }

  /**
   * Starts a command.
   *
   * @throws RemoteFailure if that is not possible
   */
  static RunningProcess start(List<String> command) {
    String mark = UUID.randomUUID().toString();
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put(MARK, mark);
    ExecutorService talk = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("talk to child").factory());
    try {
      return new RunningProcess(mark, builder.start(), talk);
    } catch (IOException e) {
      talk.shutdownNow();
      throw new RemoteFailure(
          "The command '%s' cannot be started: %s.".formatted(String.join(" ", command), e.getMessage()));
    }
  }

  /**
   * Asks, and waits for the answer. After a failure the process is of no more use.
   *
   * @throws RemoteFailure if there is no answer, or it is no message
   */
  Message ask(Message request, Duration limit, long memoryLimit) {
    Future<@Nullable Message> answer;
    try {
      answer = talk.submit(() -> exchange(request));
    } catch (RejectedExecutionException e) {
      throw new RemoteFailure("The process was ended.");
    }
    long end = System.nanoTime() + limit.toNanos();
    while (true) {
      try {
        Message message = answer.get(WATCH.toMillis(), TimeUnit.MILLISECONDS);
        if (message == null) {
          throw ended();
        }
        return message;
      } catch (TimeoutException e) {
        long now = System.nanoTime();
        if (!process.isAlive()) {
          // What it wrote last is still read; but a child of its own may hold its streams open.
          end = Math.min(end - now, END.toNanos()) + now;
        } else if (memory() > memoryLimit) {
          throw new RemoteFailure(
              "The process used more memory than the limit of %,d MiB, and was ended.".formatted(memoryLimit >> 20));
        }
        if (now - end >= 0) {
          throw process.isAlive()
              ? new RemoteFailure("There was no answer within %s s, and the process was ended.".formatted(seconds(limit)))
              : ended();
        }
      } catch (ExecutionException e) {
        throw switch (e.getCause()) {
          case RemoteFailure failure -> unlessCrashed(failure);
          case IOException _ -> ended();
          case null, default -> new RemoteFailure("Its answer cannot be taken in: %s.".formatted(e.getCause()));
        };
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new RemoteFailure("Waiting for the answer was interrupted.");
      }
    }
  }

  private static String seconds(Duration limit) {
    return BigDecimal.valueOf(limit.toMillis(), 3).stripTrailingZeros().toPlainString();
  }

  private @Nullable Message exchange(Message request) throws IOException {
    if (answers.available() > 0) {
      throw new RemoteFailure(
          "It wrote to its standard output without being asked; a request has one answer, and nothing else may be printed there.");
    }
    try {
      request.write(requests);
    } catch (IOException e) {
      // It does not read any more; what became of it, reading the answer shows.
    }
    return Message.read(answers);
  }

  /** What some runtimes print to standard output when they crash is no message either. */
  private RemoteFailure unlessCrashed(RemoteFailure failure) {
    return hasEnded() && process.exitValue() > 128 ? ended() : failure;
  }

  private RemoteFailure ended() {
    if (!hasEnded()) {
      return new RemoteFailure("The process closed its standard output without an answer, and was ended.");
    }
    int code = process.exitValue();
    String how =
        switch (code) {
          case 0 -> "exit code 0 (a call of exit)";
          case 128 + 4 -> "SIGILL (an instruction that this CPU lacks)";
          case 128 + 6 -> "SIGABRT (a crash)";
          case 128 + 7 -> "SIGBUS (a crash on a memory access)";
          case 128 + 8 -> "SIGFPE (a crash on an arithmetic instruction)";
          case 128 + 9 -> "SIGKILL (the system may do that where memory is short)";
          case 128 + 11 -> "SIGSEGV (a crash on a memory access)";
          default -> "exit code " + code;
        };
    return new RemoteFailure("The process ended with %s before it answered.%s".formatted(how, said()));
  }

  /** Whether it has ended, or does so soon. */
  private boolean hasEnded() {
    try {
      return process.waitFor(END.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return !process.isAlive();
    }
  }

  /** Keeps the end of standard error, for the sentence on an early end. */
  private void listen() {
    try (Reader reader = new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8)) {
      char[] read = new char[KEPT_CHARACTERS];
      for (int length = reader.read(read); length >= 0; length = reader.read(read)) {
        said.append(read, 0, length);
        said.delete(0, Math.max(0, said.length() - KEPT_CHARACTERS));
      }
    } catch (IOException e) {
      // The stream ended with the process.
    }
  }

  /** What it said last. */
  private String said() {
    try {
      listener.join(END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    List<String> lines =
        said.toString()
            .lines()
            .filter(RunningProcess::says)
            .map(line -> line.replaceFirst("^#", "").strip())
            .toList();
    String text = String.join(" / ", lines.subList(Math.max(0, lines.size() - KEPT_LINES), lines.size()));
    int start = Math.max(0, text.length() - SHOWN_CHARACTERS); // a line's end says more than its beginning
    return text.isEmpty() ? "" : " It said: %s%s".formatted(start > 0 ? "…" : "", text.substring(start));
  }

  /** Whether a line tells people something: of a crashed JVM's last words, only the signal and where it came from. */
  private static boolean says(String line) {
    return !line.isBlank()
        && !line.startsWith("WARNING: Using incubator modules")
        && (!line.startsWith("#") || line.matches("#  \\S+ \\(0x.*|# [CJVjv]  .*"));
  }

  /** The resident memory of the process and its descendants; 0 where the system does not tell. */
  private long memory() {
    return Stream.concat(Stream.of(process.toHandle()), process.descendants())
        .mapToLong(handle -> memory(handle.pid()))
        .sum();
  }

  private static long memory(long pid) {
    // Not UTF-8: a process may call itself as it likes.
    try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(pid), "status"), StandardCharsets.ISO_8859_1)) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .sum();
    } catch (IOException | UncheckedIOException e) {
      // It ended meanwhile, or this is no Linux: the limit of the heap, which its command sets, has to do.
      return 0;
    }
  }

  /** Asks it to end, by the end of its input; if that is not enough it is killed. */
  void close() {
    try {
      talk.execute(
          () -> {
            try {
              requests.close();
            } catch (IOException e) {
              // It has ended already.
            }
          });
      hasEnded();
    } catch (RejectedExecutionException e) {
      // It was killed.
    }
    kill();
  }

  /** Ends it and what it started. Whoever waits for an answer learns that there will be none. */
  void kill() {
    List<ProcessHandle> descendants = process.descendants().toList();
    process.destroyForcibly();
    descendants.forEach(ProcessHandle::destroyForcibly);
    hasEnded();
    ProcessHandle.allProcesses().filter(this::isMarked).forEach(ProcessHandle::destroyForcibly);
    talk.shutdown();
  }

  /** Whether a process descends from this one, even if those between have ended; false where the system does not tell. */
  private boolean isMarked(ProcessHandle handle) {
    try {
      byte[] environment = Files.readAllBytes(Path.of("/proc", Long.toString(handle.pid()), "environ"));
      return new String(environment, StandardCharsets.ISO_8859_1).contains(mark);
    } catch (IOException e) {
      return false;
    }
  }
}
