package org.lanewise.bench.peers;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.JvmFlags;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.peers.PeerProgram.NoAnswer;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.run.AlsoMeasured;

/**
 * PyTorch and JAX, measured by {@code bench/peers/peers.py} in one Python process, and ONNX Runtime, measured by {@code
 * bench/peers/OnnxRuntime.java} in one JVM. Each lives as long as this object and waits between two points. Where it cannot
 * run, each point gives rows that say why.
 */
public final class Peers implements AlsoMeasured, AutoCloseable {
  /** How the error of a row begins whose peer computed something else. */
  public static final String WRONG = "check failed";

  private static final String PYTHON = "bench/peers/peers.py";
  private static final String JAVA = "bench/peers/OnnxRuntime.java";
  private static final String ONNX_RUNTIME = "onnxruntime";
  private static final String ONNX_RUNTIME_VERSION = "1.29.0";

  /** Where the command in {@link #ONNX_RUNTIME_MISSING} puts the package. */
  private static final String ONNX_RUNTIME_FOLDER = "target/lanewise/peers";

  @SuppressWarnings("InlineFormatString") // beside the names that it mentions
  private static final String ONNX_RUNTIME_MISSING =
      "ONNX Runtime is missing (%s); get its 54 MB with: ./mvnw -N dependency:copy"
          + " -Dartifact=com.microsoft.onnxruntime:onnxruntime:%s -DoutputDirectory=%s";

  /** A program and the peers that it measures. */
  private record Asked(PeerProgram program, String file, List<String> names) {}

  private final List<String> names;
  private final int threads;
  private final List<Asked> asked = new ArrayList<>();

  /**
   * Peers; a process starts with the first point.
   *
   * @param names some of {@code pytorch-eager}, {@code pytorch-compile}, {@code jax-jit}, {@value #ONNX_RUNTIME}
   * @param python the interpreter
   * @param onnxRuntime the jar of ONNX Runtime; null for the one in {@code target/lanewise/peers} of the project
   * @param project the folder of the project, where the programs lie
   * @param threads the most threads of a call
   * @param time how long each peer is measured on a point
   * @param log receives what Python and the libraries print; replaced. That of ONNX Runtime lies beside it
   */
  public Peers(
      List<String> names,
      String python,
      @Nullable Path onnxRuntime,
      Path project,
      int threads,
      Duration time,
      Path log) {
    this.names = List.copyOf(names);
    this.threads = threads;
    List<String> ofPython = names.stream().filter(name -> !name.equals(ONNX_RUNTIME)).toList();
    if (!ofPython.isEmpty()) {
      List<String> command = new ArrayList<>(List.of(python, project.resolve(PYTHON).toString()));
      command.addAll(options(ofPython, time));
      String cure =
          "install Python 3, or name it with --python, and then: python3 -m pip install %s"
              .formatted(packages(ofPython));
      asked.add(new Asked(new PeerProgram(project, PYTHON, command, cure, log), PYTHON, ofPython));
    }
    if (names.contains(ONNX_RUNTIME)) {
      Path jar =
          onnxRuntime != null
              ? onnxRuntime
              : project.resolve(ONNX_RUNTIME_FOLDER).resolve("onnxruntime-%s.jar".formatted(ONNX_RUNTIME_VERSION));
      List<String> command = JvmFlags.command();
      command.addAll(List.of("--class-path", jar + File.pathSeparator + System.getProperty("java.class.path")));
      command.add(project.resolve(JAVA).toString());
      command.addAll(options(List.of(ONNX_RUNTIME), time));
      PeerProgram program =
          new PeerProgram(project, JAVA, command, "run lanewise with a JDK 25", log.resolveSibling("onnxruntime.log"));
      if (!Files.isRegularFile(jar)) {
        program.cannotRun(ONNX_RUNTIME_MISSING.formatted(jar, ONNX_RUNTIME_VERSION, ONNX_RUNTIME_FOLDER));
      }
      asked.add(new Asked(program, JAVA, List.of(ONNX_RUNTIME)));
    }
  }

  private List<String> options(List<String> peers, Duration time) {
    return List.of(
        "--serve",
        "--peers",
        String.join(",", peers),
        "--threads",
        Integer.toString(threads),
        "--seconds",
        String.format(Locale.ROOT, "%.3f", time.toMillis() / 1e3));
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
        case "pytorch-eager", "pytorch-compile", "jax-jit", ONNX_RUNTIME -> names.add(one);
        default ->
            throw UserError.usage(
                ("--peers %s is unknown; choose from pytorch, pytorch-eager, pytorch-compile, jax, jax-jit,"
                        + " onnxruntime.")
                    .formatted(one));
      }
    }
    return List.copyOf(names);
  }

  @Override
  public List<String> names() {
    return names;
  }

  /** Versions and settings of the processes: Python's, and under its name those of ONNX Runtime; null where none has run. */
  public @Nullable JsonObject environment() {
    JsonObject facts = new JsonObject();
    for (Asked one : asked) {
      JsonObject said = one.program.environment();
      if (said != null && one.file.equals(JAVA)) {
        facts.add(ONNX_RUNTIME, said);
      } else if (said != null) {
        said.asMap().forEach(facts::add);
      }
    }
    return facts.isEmpty() ? null : facts;
  }

  @Override
  public List<MeasuredRow> measure(Work work) {
    return ask(
        work.toJson(),
        "results",
        row -> {
          MeasuredRow measured = MeasuredRow.of(row);
          if (!measured.work().equals(work)) {
            throw new IllegalArgumentException("it is of another point");
          }
          return measured;
        },
        row -> row.implementation().name(),
        (name, error) -> MeasuredRow.failed(work, new Implementation(name, "cpu", threads, "none"), error));
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
    JsonObject inputs = new JsonObject();
    inputs.add("work", work.toJson());
    inputs.addProperty("logits", PeerValues.text(logits));
    inputs.addProperty("target", targets);
    JsonObject question = new JsonObject();
    question.add("values", inputs);
    return ask(question, "values", row -> PeerValues.of(row, work), PeerValues::name, PeerValues::failed);
  }

  /** The rows of all programs, in the order of the names; where one has no answer, rows that say why. */
  private <T> List<T> ask(
      JsonObject question,
      String key,
      Function<JsonObject, T> read,
      Function<T, String> name,
      BiFunction<String, String, T> failed) {
    List<T> rows = new ArrayList<>();
    for (Asked one : asked) {
      try {
        rows.addAll(one.program.ask(question, answer -> rows(one, answer, key, read, name)));
      } catch (NoAnswer e) {
        one.names.forEach(peer -> rows.add(failed.apply(peer, e.getMessage())));
      }
    }
    rows.sort(Comparator.comparingInt(row -> names.indexOf(name.apply(row))));
    return rows;
  }

  private static <T> List<T> rows(
      Asked one, JsonObject answer, String key, Function<JsonObject, T> read, Function<T, String> name)
      throws NoAnswer {
    List<T> rows = new ArrayList<>();
    try {
      for (JsonElement row : answer.get(key) instanceof JsonArray list ? list : new JsonArray()) {
        rows.add(read.apply(row.getAsJsonObject()));
      }
    } catch (IllegalArgumentException | IllegalStateException | UnsupportedOperationException e) {
      throw new NoAnswer("%s answered with a row that is none: %s.".formatted(one.file, e.getMessage()));
    }
    if (!rows.stream().map(name).toList().equals(one.names)) {
      throw new NoAnswer("%s answered for other peers than it was asked for.".formatted(one.file));
    }
    return rows;
  }

  /** Ends the processes at once, whatever they are in the middle of. */
  @Override
  public void close() {
    stop();
  }

  /** As {@link #close}, from another thread: what is being asked is answered by nobody. */
  public void stop() {
    asked.forEach(one -> one.program.close());
  }
}
