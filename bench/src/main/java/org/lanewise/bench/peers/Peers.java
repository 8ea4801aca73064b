package org.lanewise.bench.peers;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.jmh.AlsoMeasured;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;

/**
 * PyTorch and JAX, measured by {@code bench/peers/peers.py} in one Python process that lives as long as this object and
 * waits between two points. Where it cannot run, each point gives rows that say why.
 */
public final class Peers implements AlsoMeasured, AutoCloseable {
  /** How the error of a row begins whose peer computed something else. */
  public static final String WRONG = "check failed";

  private static final String PROGRAM = "bench/peers/peers.py";

  /** How long a process that has nothing more to do may take to end. */
  private static final long GRACE_SECONDS = 5;

  private final List<String> names;
  private final List<String> command;
  private final int threads;
  private final Path log;
  private @Nullable Child child;
  private @Nullable JsonObject environment;

  /** Why it never ran, for all points; null where it did, or has not been tried. */
  private @Nullable String impossible;

  private boolean closed;

  /**
   * Peers; the process starts with the first point.
   *
   * @param names some of {@code pytorch-eager}, {@code pytorch-compile}, {@code jax-jit}
   * @param python the interpreter
   * @param project the folder of the project, where the program lies
   * @param threads the most threads of a call
   * @param time how long each peer is measured on a point
   * @param log receives what Python and the libraries print; replaced
   */
  public Peers(List<String> names, String python, Path project, int threads, Duration time, Path log) {
    this.names = List.copyOf(names);
    this.threads = threads;
    this.log = log;
    Path program = project.resolve(PROGRAM);
    command =
        List.of(
            python,
            program.toString(),
            "--serve",
            "--peers",
            String.join(",", names),
            "--threads",
            Integer.toString(threads),
            "--seconds",
            String.format(Locale.ROOT, "%.3f", time.toMillis() / 1e3));
    if (!names.isEmpty() && !Files.isRegularFile(program)) {
      impossible = "%s is missing; run lanewise from the project's folder.".formatted(program);
    }
  }

  /** The peers that a user's names stand for: {@code pytorch} is eager and compiled, {@code jax} is jitted. */
  public static List<String> named(List<String> wanted) {
    Set<String> names = new LinkedHashSet<>();
    for (String one : wanted) {
      switch (one) {
        case "pytorch" -> names.addAll(List.of("pytorch-eager", "pytorch-compile"));
        case "jax" -> names.add("jax-jit");
        case "pytorch-eager", "pytorch-compile", "jax-jit" -> names.add(one);
        default ->
            throw UserError.usage(
                "--peers %s is unknown; choose from pytorch, pytorch-eager, pytorch-compile, jax, jax-jit."
                    .formatted(one));
      }
    }
    return List.copyOf(names);
  }

  @Override
  public List<String> names() {
    return names;
  }

  /** Versions and settings of the Python process; null where none has run. */
  public @Nullable JsonObject environment() {
    return environment;
  }

  @Override
  public List<MeasuredRow> measure(Work work) {
    if (names.isEmpty() || impossible != null) {
      return failed(work, impossible);
    }
    try {
      return rows(work, running().ask(work.toJson()));
    } catch (NoAnswer e) {
      String reason = e.getMessage();
      end();
      if (environment == null) { // it never answered, so that trying again is of no use
        impossible = reason;
      }
      return failed(work, reason);
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
      return new Child(command, log);
    } catch (IOException e) {
      throw new NoAnswer(
          "%s cannot be started; install Python 3, or name it with --python, and then: python3 -m pip install %s"
              .formatted(command.getFirst(), packages()));
    }
  }

  private String packages() {
    String packages = names.stream().anyMatch(name -> name.startsWith("pytorch")) ? "numpy torch" : "numpy";
    return names.contains("jax-jit") ? packages + " jax" : packages;
  }

  private List<MeasuredRow> rows(Work work, JsonObject answer) throws NoAnswer {
    List<MeasuredRow> rows = new ArrayList<>();
    try {
      for (JsonElement row : answer.get("results") instanceof JsonArray results ? results : new JsonArray()) {
        rows.add(MeasuredRow.of(row.getAsJsonObject()));
      }
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new NoAnswer("%s answered with a row that is none: %s.".formatted(PROGRAM, e.getMessage()));
    }
    if (!rows.stream().map(row -> row.implementation().name()).toList().equals(names)
        || !rows.stream().allMatch(row -> row.work().equals(work))) {
      throw new NoAnswer("%s answered for other points or peers than it was asked for.".formatted(PROGRAM));
    }
    return rows;
  }

  private List<MeasuredRow> failed(Work work, @Nullable String reason) {
    return names.stream()
        .map(name -> new Implementation(name, "cpu", threads, "none"))
        .map(peer -> MeasuredRow.failed(work, peer, String.valueOf(reason)))
        .toList();
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

  /** The process gave no answer, for the reason in the message. */
  private static final class NoAnswer extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    NoAnswer(String sentence) {
      super(sentence);
    }
  }

  /** The process: a line of JSON in, a line of JSON out. */
  private static final class Child {
    private final Process process;
    private final BufferedWriter questions;
    private final BufferedReader answers;
    private final Path log;

    Child(List<String> command, Path log) throws IOException {
      this.log = log;
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
      String line;
      try {
        line = answers.readLine();
      } catch (IOException e) {
        line = null;
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
          "The program that --python names answers %s, which is no line of %s; name a Python 3."
              .formatted(Json.line(new JsonPrimitive(line)), PROGRAM));
    }

    private String howItEnded() {
      int code = end();
      String said = "nothing";
      try {
        said = Files.readAllLines(log).stream().filter(line -> !line.isBlank()).reduce((_, last) -> last).orElse(said);
      } catch (IOException | UncheckedIOException notText) {
        // then it said nothing that could be shown
      }
      return "The Python process ended with code %d and said \"%s\"; see %s."
          .formatted(code, said.strip(), log);
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
