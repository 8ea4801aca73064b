package org.lanewise.bench.peers;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.jmh.AlsoMeasured;
import org.lanewise.bench.peers.PeerProgram.NoAnswer;
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

  private final List<String> names;
  private final int threads;
  private final PeerProgram program;

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
    List<String> command =
        List.of(
            python,
            project.resolve(PROGRAM).toString(),
            "--serve",
            "--peers",
            String.join(",", names),
            "--threads",
            Integer.toString(threads),
            "--seconds",
            String.format(Locale.ROOT, "%.3f", time.toMillis() / 1e3));
    String cure =
        "install Python 3, or name it with --python, and then: python3 -m pip install %s".formatted(packages(names));
    program = new PeerProgram(project, PROGRAM, command, cure, log);
  }

  private static String packages(List<String> names) {
    String packages = names.stream().anyMatch(name -> name.startsWith("pytorch")) ? "numpy torch" : "numpy";
    return names.contains("jax-jit") ? packages + " jax" : packages;
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
    return program.environment();
  }

  @Override
  public List<MeasuredRow> measure(Work work) {
    if (names.isEmpty()) {
      return List.of();
    }
    try {
      return program.ask(
          work.toJson(),
          answer -> {
            List<MeasuredRow> rows = rows(answer, "results", MeasuredRow::of, row -> row.implementation().name());
            if (!rows.stream().allMatch(row -> row.work().equals(work))) {
              throw otherThanAsked();
            }
            return rows;
          });
    } catch (NoAnswer e) {
      return names.stream()
          .map(name -> new Implementation(name, "cpu", threads, "none"))
          .map(peer -> MeasuredRow.failed(work, peer, e.getMessage()))
          .toList();
    }
  }

  /**
   * What the peers compute of given inputs, for who measures how exact it is; a row a name, in their order.
   *
   * @param work its data is of no account
   * @param logits row by row
   * @param target {@code float[]} as long as the logits (BCE), or {@code long[]} with a class a row (cross-entropy)
   */
  public List<PeerValues> values(Work work, float[] logits, Object target) {
    boolean ofIndices = work.target().equals("indices");
    String targets =
        switch (target) {
          case long[] indices when ofIndices && indices.length == work.batch() -> PeerValues.text(indices);
          case float[] values when !ofIndices && values.length == work.elements() -> PeerValues.text(values);
          default -> throw new IllegalArgumentException("the targets are of another kind or size than %s".formatted(work));
        };
    if (logits.length != work.elements()) {
      throw new IllegalArgumentException("there are %d logits for %s".formatted(logits.length, work));
    }
    if (names.isEmpty()) {
      return List.of();
    }
    JsonObject inputs = new JsonObject();
    inputs.add("work", work.toJson());
    inputs.addProperty("logits", PeerValues.text(logits));
    inputs.addProperty("target", targets);
    JsonObject question = new JsonObject();
    question.add("values", inputs);
    try {
      return program.ask(
          question, answer -> rows(answer, "values", row -> PeerValues.of(row, work), PeerValues::name));
    } catch (NoAnswer e) {
      return names.stream().map(name -> PeerValues.failed(name, e.getMessage())).toList();
    }
  }

  private <T> List<T> rows(JsonObject answer, String key, Function<JsonObject, T> read, Function<T, String> name)
      throws NoAnswer {
    List<T> rows = new ArrayList<>();
    try {
      for (JsonElement row : answer.get(key) instanceof JsonArray list ? list : new JsonArray()) {
        rows.add(read.apply(row.getAsJsonObject()));
      }
    } catch (IllegalArgumentException | IllegalStateException | UnsupportedOperationException e) {
      throw new NoAnswer("%s answered with a row that is none: %s.".formatted(PROGRAM, e.getMessage()));
    }
    if (!rows.stream().map(name).toList().equals(names)) {
      throw otherThanAsked();
    }
    return rows;
  }

  private static NoAnswer otherThanAsked() {
    return new NoAnswer("%s answered for other points or peers than it was asked for.".formatted(PROGRAM));
  }

  /** Ends the process at once, whatever it is in the middle of. */
  @Override
  public void close() {
    program.close();
  }
}
