import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.jmh.BenchmarkInputs;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;

/**
 * Measures ONNX Runtime on points that come on standard input, as {@code peers.py --serve} does its peers. A program of
 * one file, which {@code java} compiles when it starts it: the package is far too big to be a dependency.
 */
final class OnnxRuntime {
  private static final String NAME = "onnxruntime";

  private static final String NO_GRADIENT =
      "ONNX Runtime gives no gradient: its Java package is built without training.";

  private static final String NO_REQUEST =
      "A request is %s; expected a JSON object with the keys of a point, or with \"values\", see README.md.";

  /** The calls of a sample fill this: long beside the clock's resolution and a timer interrupt. */
  private static final double BLOCK_NS = 2e6;

  private static final int MAX_CALLS = 100_000;
  private static final int MIN_SAMPLES = 5;
  private static final int MAX_SAMPLES = 1000;

  /** Of the terms that a loss is the difference of: some ten roundings, as bench/gpu/README.md explains. */
  private static final double TOLERANCE = 1e-5;

  private final OrtEnvironment runtime = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
  private final int threads;
  private final double seconds;

  private OnnxRuntime(int threads, double seconds) {
    this.threads = threads;
    this.seconds = seconds;
  }

  // -------------------------------------------------------------------------------------------------------------- serve

  /** Takes {@code --serve --peers onnxruntime --threads N --seconds S}. */
  public static void main(String[] args) throws Exception {
    // Ctrl-C is for whoever asks, who then ends this program.
    sun.misc.Signal.handle(new sun.misc.Signal("INT"), sun.misc.SignalHandler.SIG_IGN);
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err); // what others print is no answer
    Map<String, String> options = new LinkedHashMap<>();
    List<String> given = List.of(args);
    for (String option : List.of("--peers", "--threads", "--seconds")) {
      int at = given.indexOf(option);
      options.put(option, at < 0 ? "" : given.get(at + 1));
    }
    if (!given.contains("--serve") || !options.get("--peers").equals(NAME)) {
      stop(2, "Expected --serve --peers onnxruntime --threads N --seconds S; 'lanewise bench --peers onnxruntime' runs it.");
    }
    BlockingQueue<String> requests = requests();
    int threads = Integer.parseInt(options.get("--threads"));
    OnnxRuntime peer = new OnnxRuntime(threads, Double.parseDouble(options.get("--seconds")));
    answers.println(Json.line(answer("environment", peer.environment())));
    while (true) {
      String request = requests.take();
      try {
        JsonObject question = JsonParser.parseString(request).getAsJsonObject();
        JsonArray rows = new JsonArray();
        if (question.get("values") instanceof JsonObject inputs) {
          rows.add(peer.values(inputs));
          answers.println(Json.line(answer("values", rows)));
        } else {
          rows.add(peer.measured(Work.of(question)).toJson());
          answers.println(Json.line(answer("results", rows)));
        }
      } catch (IllegalArgumentException | IllegalStateException | JsonParseException | NullPointerException e) {
        stop(2, NO_REQUEST.formatted(request.length() < 400 ? request : request.substring(0, 400) + "..."));
      }
    }
  }

  /** The lines of standard input. Its end, with which whoever asks has ended, ends this program in whatever it does. */
  private static BlockingQueue<String> requests() {
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Thread reader =
        new Thread(
            () -> {
              try {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                  lines.add(line);
                }
              } catch (IOException e) {
                // that is an end, too
              }
              Runtime.getRuntime().halt(0);
            });
    reader.setDaemon(true);
    reader.start();
    return lines;
  }

  private static void stop(int code, String sentence) {
    System.err.println(sentence);
    Runtime.getRuntime().halt(code);
  }

  private static JsonObject answer(String key, JsonElement value) {
    JsonObject answer = new JsonObject();
    answer.add(key, value);
    return answer;
  }

  private JsonObject environment() {
    JsonObject facts = new JsonObject();
    facts.addProperty("program", "bench/peers/OnnxRuntime.java");
    facts.addProperty("version", runtime.getVersion());
    facts.addProperty("java", System.getProperty("java.version"));
    facts.addProperty("threads", threads);
    facts.addProperty("training", runtime.isTrainingEnabled());
    return facts;
  }

  /** What it computes of given inputs. */
  private JsonObject values(JsonObject request) {
    Work work = Work.of(request.getAsJsonObject("work"));
    ByteBuffer logits = bytes(request, "logits", Float.BYTES * work.elements());
    boolean indices = work.target().equals("indices");
    ByteBuffer target = bytes(request, "target", indices ? Long.BYTES * (long) work.batch() : Float.BYTES * work.elements());
    JsonObject row = new JsonObject();
    row.addProperty("name", NAME);
    String unknown = unknown(work);
    if (unknown != null) {
      row.addProperty("error", unknown);
      return row;
    }
    try (Call call = new Call(work, logits.asFloatBuffer(), indices ? target.asLongBuffer() : target.asFloatBuffer())) {
      call.run();
      ByteBuffer loss = ByteBuffer.allocate(Float.BYTES * call.loss.capacity()).order(ByteOrder.LITTLE_ENDIAN);
      loss.asFloatBuffer().put(call.loss.duplicate());
      row.addProperty("loss", Base64.getEncoder().encodeToString(loss.array()));
    } catch (OrtException | OutOfMemoryError e) {
      row.addProperty("error", sentence(work, e));
    }
    return row;
  }

  private static ByteBuffer bytes(JsonObject request, String key, long size) {
    byte[] bytes = Base64.getDecoder().decode(request.get(key).getAsString());
    if (bytes.length != size) {
      throw new IllegalArgumentException(key);
    }
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Why there is no model of the work; null where there is. */
  private static String unknown(Work work) {
    if (!work.dtype().equals("float32")) {
      return "there is no measurement of " + work.dtype();
    }
    if (!List.of("binary", "indices").contains(work.target())) {
      return "there is no measurement with %s targets".formatted(work.target());
    }
    return null;
  }

  private static String sentence(Work work, Throwable e) {
    return e instanceof OutOfMemoryError
        ? "out of memory at %d x %d logits".formatted(work.batch(), work.classes())
        : "ONNX Runtime: " + String.valueOf(e.getMessage()).lines().findFirst().orElse("no message");
  }

  // ------------------------------------------------------------------------------------------------------------ measure

  private MeasuredRow measured(Work work) {
    Implementation who = Implementation.kernel(NAME, threads);
    String reason = work.backward() ? NO_GRADIENT : unknown(work);
    if (reason != null) {
      return MeasuredRow.failed(work, who, reason);
    }
    try {
      boolean bce = work.operation().equals("bce_with_logits");
      BenchmarkInputs<?> inputs =
          bce
              ? BenchmarkInputs.bceWithLogits(work.data(), work.batch(), work.classes())
              : BenchmarkInputs.crossEntropy(work.data(), work.batch(), work.classes());
      FloatBuffer logits = FloatBuffer.wrap(inputs.logits());
      Object target =
          inputs.target() instanceof long[] classes ? LongBuffer.wrap(classes) : FloatBuffer.wrap((float[]) inputs.target());
      long begin = System.nanoTime();
      try (Call call = new Call(work, logits, target)) {
        call.run();
        double first = (System.nanoTime() - begin) / 1e9;
        double error = error(work, logits, target, call.loss);
        if (!(error <= TOLERANCE)) { // written so that a NaN fails
          return MeasuredRow.failed(
              work,
              who,
              "check failed: the loss is off by %.1e of its terms, and %.0e is allowed".formatted(error, TOLERANCE));
        }
        JsonObject check = new JsonObject();
        check.addProperty("loss", error);
        long wall = System.nanoTime();
        long cpu = cpuTime();
        Time time = time(call);
        JsonObject facts = answer("check", check);
        facts.addProperty("compile_s", Math.round(first * 1e3) / 1e3);
        facts.addProperty("cpus_busy", Math.round(100. * (cpuTime() - cpu) / (System.nanoTime() - wall)) / 100.);
        return new MeasuredRow(work, who, time, null, null, facts.asMap());
      }
    } catch (OrtException | OutOfMemoryError e) {
      return MeasuredRow.failed(work, who, sentence(work, e));
    } catch (IllegalArgumentException e) { // such as trained logits that have more classes
      return MeasuredRow.failed(work, who, e.getMessage());
    }
  }

  private static long cpuTime() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class).getProcessCpuTime();
  }

  /** Samples of many calls each, after a warm-up of a quarter of the time. */
  private Time time(Call call) throws OrtException {
    double once = Double.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      once = Math.min(once, sample(call, 1));
    }
    int calls = (int) Math.clamp(Math.ceil(BLOCK_NS / once), 1, MAX_CALLS);
    for (long end = System.nanoTime() + (long) (seconds * 1e9 / 4); System.nanoTime() < end; ) {
      sample(call, calls);
    }
    double[] samples = new double[MAX_SAMPLES];
    int count = 0;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (count < MIN_SAMPLES || count < MAX_SAMPLES && System.nanoTime() < end) {
      samples[count++] = sample(call, calls);
    }
    return Time.ofSamples(Arrays.copyOf(samples, count));
  }

  private static double sample(Call call, int calls) throws OrtException {
    long begin = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      call.run();
    }
    return (double) (System.nanoTime() - begin) / calls;
  }

  /** How far the losses are from those in float64, relative to the terms that they are the difference of. */
  private static double error(Work work, FloatBuffer logits, Object target, FloatBuffer loss) {
    boolean bce = work.operation().equals("bce_with_logits");
    int count = bce ? logits.capacity() : work.batch();
    double total = 0;
    double totalTerms = 0;
    double squares = 0;
    double squaredTerms = 0;
    for (int i = 0; i < count; i++) {
      double right;
      double terms;
      if (bce) {
        double x = logits.get(i);
        double tail = Math.log1p(Math.exp(-Math.abs(x)));
        right = Math.max(x, 0) - x * ((FloatBuffer) target).get(i) + tail;
        terms = Math.abs(x) + tail;
      } else {
        right = crossEntropy(logits, i * work.classes(), work.classes(), (int) ((LongBuffer) target).get(i));
        terms = 1 + Math.abs(right);
      }
      total += right;
      totalTerms += terms;
      if (loss.capacity() == count) {
        squares += (loss.get(i) - right) * (loss.get(i) - right);
        squaredTerms += terms * terms;
      }
    }
    return switch (work.reduction()) {
      case "none" -> Math.sqrt(squares / squaredTerms);
      case "mean" -> Math.abs((double) loss.get(0) * count - total) / totalTerms;
      default -> Math.abs(loss.get(0) - total) / totalTerms;
    };
  }

  private static double crossEntropy(FloatBuffer logits, int from, int classes, int target) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = from; i < from + classes; i++) {
      max = Math.max(max, logits.get(i));
    }
    double sum = 0;
    for (int i = from; i < from + classes; i++) {
      sum += Math.exp(logits.get(i) - max);
    }
    return Math.log(sum) + max - logits.get(from + target);
  }

  /** A session and its operands, outside the Java heap: nothing is copied in a call, and nothing allocated by it. */
  private final class Call implements AutoCloseable {
    final FloatBuffer loss;
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs;
    private final Map<String, OnnxTensor> outputs;

    Call(Work work, FloatBuffer logits, Object target) throws OrtException {
      boolean indices = target instanceof LongBuffer;
      // What is computed logit by logit needs no rows, and a last dimension of 1 makes it four times slower.
      long[] shape = indices ? new long[] {work.batch(), work.classes()} : new long[] {work.elements()};
      long[] lossShape = work.reduction().equals("none") ? new long[] {shape[0]} : new long[0];
      loss = direct((long) Float.BYTES * Arrays.stream(lossShape).reduce(1, (a, b) -> a * b)).asFloatBuffer();
      OnnxTensor targets =
          target instanceof LongBuffer classes
              ? OnnxTensor.createTensor(
                  runtime, direct((long) Long.BYTES * classes.capacity()).asLongBuffer().put(classes.duplicate()).flip(),
                  new long[] {work.batch()})
              : floats((FloatBuffer) target, shape);
      inputs = Map.of("logits", floats(logits, shape), "target", targets);
      outputs = Map.of("loss", OnnxTensor.createTensor(runtime, loss, lossShape));
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setIntraOpNumThreads(threads);
        options.setInterOpNumThreads(1);
        options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
        session = runtime.createSession(model(work, shape, lossShape), options);
      }
    }

    private OnnxTensor floats(FloatBuffer values, long[] shape) throws OrtException {
      FloatBuffer copy = direct((long) Float.BYTES * values.capacity()).asFloatBuffer().put(values.duplicate()).flip();
      return OnnxTensor.createTensor(runtime, copy, shape);
    }

    private static ByteBuffer direct(long bytes) {
      if (bytes > Integer.MAX_VALUE) {
        throw new OutOfMemoryError("a buffer of Java holds 2 GiB");
      }
      return ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.nativeOrder());
    }

    void run() throws OrtException {
      session.run(inputs, outputs).close();
    }

    @Override
    public void close() throws OrtException {
      session.close();
      inputs.values().forEach(OnnxTensor::close);
      outputs.values().forEach(OnnxTensor::close);
    }
  }

  // -------------------------------------------------------------------------------------------------------------- model

  /** ReduceMean adds float32 one after another: from here on it is given rows of a matrix, and then their means. */
  private static final int LONGEST_SUM = 1 << 16;

  /**
   * The graph of a loss. There is no operator of the first loss, and Softplus is slower than what it stands for; the
   * operator of the second is a function that the runtime replaces by a dozen others.
   */
  private static byte[] model(Work work, long[] shape, long[] lossShape) {
    Graph graph = new Graph();
    graph.input("logits", Graph.FLOAT, shape);
    graph.integers("axis", 1);
    String losses = work.reduction().equals("none") ? "loss" : "losses";
    if (work.operation().equals("bce_with_logits")) {
      graph.input("target", Graph.FLOAT, shape);
      graph.number("one", 1);
      graph.node("Relu", "positive", "logits");
      graph.node("Mul", "product", "logits", "target");
      graph.node("Sub", "linear", "positive", "product");
      graph.node("Abs", "magnitude", "logits");
      graph.node("Neg", "exponent", "magnitude");
      graph.node("Exp", "exponential", "exponent");
      graph.node("Add", "sum", "exponential", "one");
      graph.node("Log", "tail", "sum");
      graph.node("Add", losses, "linear", "tail");
    } else {
      graph.input("target", Graph.INT64, work.batch());
      graph.node("LogSoftmax", "logarithms", "logits");
      graph.node("Unsqueeze", "column", "target", "axis");
      graph.node("GatherElements", Map.of("axis", 1), "chosen", "logarithms", "column");
      graph.node("Neg", "rows", "chosen");
      graph.node("Squeeze", losses, "rows", "axis");
    }
    switch (work.reduction()) {
      case "none" -> {}
      case "mean" -> reduce(graph, "ReduceMean", shape[0]);
      default -> reduce(graph, "ReduceSum", shape[0]);
    }
    graph.output("loss", Graph.FLOAT, lossShape);
    return graph.model();
  }

  private static void reduce(Graph graph, String operator, long count) {
    long block = Math.min(LONGEST_SUM, Long.lowestOneBit(count));
    if (count <= LONGEST_SUM || block == 1) {
      graph.node(operator, Map.of("keepdims", 0), "loss", "losses");
      return;
    }
    graph.integers("matrix", count / block, block);
    graph.node("Reshape", "blocks", "losses", "matrix");
    graph.node(operator, Map.of("keepdims", 0), "partial", "blocks", "axis");
    graph.node(operator, Map.of("keepdims", 0), "loss", "partial");
  }

  /** The bytes of a model, by the field numbers of onnx.proto. */
  private static final class Graph {
    static final int FLOAT = 1;
    static final int INT64 = 7;

    private static final int IR_VERSION = 10;
    private static final int OPERATORS = 20;
    private static final int ATTRIBUTE_INT = 2;

    private final Message graph = new Message().put(2, "loss");

    void node(String operator, String output, String... inputs) {
      node(operator, Map.of(), output, inputs);
    }

    void node(String operator, Map<String, Integer> attributes, String output, String... inputs) {
      Message node = new Message();
      for (String input : inputs) {
        node.put(1, input);
      }
      node.put(2, output).put(4, operator);
      attributes.forEach(
          (name, value) -> node.put(5, new Message().put(1, name).put(3, value).put(20, ATTRIBUTE_INT)));
      graph.put(1, node);
    }

    void number(String name, float value) {
      ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(value);
      graph.put(5, new Message().put(2, FLOAT).put(8, name).put(9, bytes.array()));
    }

    void integers(String name, long... values) {
      ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asLongBuffer().put(values);
      graph.put(5, new Message().put(1, values.length).put(2, INT64).put(8, name).put(9, bytes.array()));
    }

    void input(String name, int type, long... shape) {
      graph.put(11, value(name, type, shape));
    }

    void output(String name, int type, long... shape) {
      graph.put(12, value(name, type, shape));
    }

    private static Message value(String name, int type, long... shape) {
      Message dimensions = new Message();
      for (long length : shape) {
        dimensions.put(1, new Message().put(1, length));
      }
      Message tensor = new Message().put(1, type).put(2, dimensions);
      return new Message().put(1, name).put(2, new Message().put(1, tensor));
    }

    byte[] model() {
      Message operators = new Message().put(1, "").put(2, OPERATORS);
      return new Message().put(1, IR_VERSION).put(8, operators).put(7, graph).bytes();
    }
  }

  /** A message of Protocol Buffers. */
  private static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message put(int field, long value) {
      varint((long) field << 3);
      varint(value);
      return this;
    }

    Message put(int field, byte[] bytes) {
      varint((long) field << 3 | 2);
      varint(bytes.length);
      out.writeBytes(bytes);
      return this;
    }

    Message put(int field, String text) {
      return put(field, text.getBytes(StandardCharsets.UTF_8));
    }

    Message put(int field, Message message) {
      return put(field, message.bytes());
    }

    private void varint(long value) {
      long rest = value;
      for (; (rest & ~0x7FL) != 0; rest >>>= 7) {
        out.write((int) (rest & 0x7F | 0x80));
      }
      out.write((int) rest);
    }

    byte[] bytes() {
      return out.toByteArray();
    }
  }
}
