package org.lanewise.bench.peers;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.results.Json;

/**
 * A program that answers a line of JSON with a line of JSON. It starts with the first question, says {@code
 * {"environment": …}} when it is ready, and waits between two questions.
 */
final class PeerProgram implements AutoCloseable {
  /** How long a process that has nothing more to do may take to end. */
  private static final long GRACE_SECONDS = 5;

  /** More than any point takes, compilation included. */
  private static final long LIMIT_SECONDS = 600;

  private final String file;
  private final long limitSeconds = Long.getLong("lanewise.peers.limit", LIMIT_SECONDS);
  private final List<String> command;
  private final String cure;
  private final Path log;
  private @Nullable Child child;
  private @Nullable JsonObject environment;

  /** Why it never ran, for all questions; null where it did, or has not been tried. */
  private @Nullable String impossible;

  private boolean closed;

  /**
   * A program.
   *
   * @param project the folder of the project
   * @param file the program in that folder, as messages name it
   * @param command starts it
   * @param cure what to do where the command starts nothing, or something else
   * @param log receives what it prints on standard error; replaced
   */
  PeerProgram(Path project, String file, List<String> command, String cure, Path log) {
    this.file = file;
    this.command = List.copyOf(command);
    this.cure = cure;
    this.log = log;
    if (!Files.isRegularFile(project.resolve(file))) {
      cannotRun("%s is missing; run lanewise from the project's folder.".formatted(project.resolve(file)));
    }
  }

  /** All questions are answered by this sentence. */
  void cannotRun(String sentence) {
    impossible = sentence;
  }

  /** What it said of itself; null where it has not run. */
  @Nullable JsonObject environment() {
    return environment;
  }

  /**
   * What is read from its answer. Where there is nothing to read, the process is ended; the next question starts another,
   * if this one ever answered.
   */
  <T> T ask(JsonObject question, Reading<T> reading) throws NoAnswer {
    if (impossible != null) {
      throw new NoAnswer(impossible);
    }
    try {
      return reading.of(running().ask(question));
    } catch (NoAnswer e) {
      end();
      if (environment == null) {
        impossible = e.getMessage();
      }
      throw e;
    }
  }

  private Child running() throws NoAnswer {
    Child running;
    synchronized (this) {
      if (child != null) {
        return child;
      }
      running = start();
      child = running; // from here on close() ends it
    }
    environment = running.answer().get("environment") instanceof JsonObject facts ? facts : new JsonObject();
    return running;
  }

  private Child start() throws NoAnswer {
    if (closed) {
      throw new NoAnswer("The measurement was stopped.");
    }
    try {
      Files.createDirectories(log.toAbsolutePath().getParent());
      return new Child();
    } catch (IOException e) {
      throw new NoAnswer("%s cannot be started; %s".formatted(command.getFirst(), cure));
    }
  }

  /** Ends the process at once, whatever it is in the middle of. */
  @Override
  public synchronized void close() {
    closed = true;
    end();
  }

  private synchronized void end() {
    if (child != null) {
      child.end();
      child = null;
    }
  }

  /** Takes from an answer what was asked for. */
  interface Reading<T> {
    T of(JsonObject answer) throws NoAnswer;
  }

  /** There is no answer, for the reason in the message. */
  static final class NoAnswer extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    NoAnswer(String sentence) {
      super(sentence);
    }
  }

  /** The process. */
  private final class Child {
    private final Process process;
    private final BufferedWriter questions;
    private final BufferedReader answers;

    Child() throws IOException {
      process = new ProcessBuilder(command).redirectError(log.toFile()).start();
      questions = process.outputWriter(StandardCharsets.UTF_8);
      answers = process.inputReader(StandardCharsets.UTF_8);
    }

    JsonObject ask(JsonObject question) throws NoAnswer {
      try {
        questions.write(Json.line(question) + "\n");
        questions.flush();
      } catch (IOException ended) {
        // answer() says how
      }
      return answer();
    }

    JsonObject answer() throws NoAnswer {
      // Set by whichever comes first, the answer or its limit: the end of the pipe may be read before the task that
      // ended the process is done, so whether that task could still be cancelled says nothing.
      AtomicBoolean decided = new AtomicBoolean();
      Future<?> limit =
          CompletableFuture.runAsync(
              () -> {
                if (decided.compareAndSet(false, true)) {
                  process.destroyForcibly();
                }
              },
              CompletableFuture.delayedExecutor(limitSeconds, TimeUnit.SECONDS));
      String line;
      try {
        line = answers.readLine();
      } catch (IOException e) {
        line = null;
      }
      boolean late = !decided.compareAndSet(false, true);
      limit.cancel(false);
      if (late) {
        throw new NoAnswer("%s gave no answer within %d s and was ended.".formatted(file, limitSeconds));
      }
      if (line == null) {
        throw new NoAnswer(howItEnded());
      }
      try {
        if (JsonParser.parseString(line) instanceof JsonObject answer) {
          return answer;
        }
      } catch (JsonParseException notJson) {
        // told below
      }
      throw new NoAnswer(
          "%s answers %s, which is no line of %s; %s"
              .formatted(command.getFirst(), Json.line(new JsonPrimitive(line)), file, cure));
    }

    private String howItEnded() {
      int code = end();
      String said = "nothing";
      try {
        said = Files.readAllLines(log).stream().filter(line -> !line.isBlank()).reduce((_, last) -> last).orElse(said);
      } catch (IOException | UncheckedIOException notText) {
        // then it said nothing that could be shown
      }
      return "%s ended with code %d and said \"%s\"; see %s.".formatted(file, code, said.strip(), log);
    }

    /** Ends it and what it started; gives its exit code. */
    int end() {
      List<ProcessHandle> started = process.descendants().toList();
      try {
        process.getOutputStream().close();
      } catch (IOException ended) {
        // the pipe has no reader any more
      }
      try {
        if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
        return process.waitFor();
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
        return -1;
      } finally {
        started.forEach(ProcessHandle::destroyForcibly);
      }
    }
  }
}
