package org.lanewise.bench.jmh;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.management.OperatingSystemMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.Portable;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.openjdk.jmh.profile.Profiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Measures points of the grid with JMH, each kernel in JVMs of its own.
 *
 * <p>The kernels of a point are measured one right after the other, so that what changes on the machine during a long
 * run touches both sides of their ratio. What JMH prints goes to a log file.
 */
public final class BenchmarkRunner {
  private static final long MIB = 1 << 20;

  /** For JMH, the classes and the reference data, and the young generation; measured to suffice, with room. */
  private static final long HEAP_BESIDE_OPERANDS = 192 * MIB;

  /** What is left of the machine's memory for everything that is not a fork's heap. */
  private static final double USABLE_MEMORY = 0.8;

  /** How long another JMH run is waited for. */
  public static final Duration OTHER_RUN = Duration.ofMinutes(10);

  /** Samples that begin this much above their end are no noise. */
  private static final double STEADY = 1.5;

  private static final Pattern THROWN = Pattern.compile("(?m)^(?:Caused by: )?(?:[a-z]\\w*\\.)+([A-Z]\\w*): (.+)$");
  private static final Pattern JVM_FAULT = Pattern.compile("(?m)^<(forked VM failed .*|.*timed out.*)>$");

  private final Effort effort;
  private final int threads;
  private final Path log;
  private final @Nullable Path foreign;
  private final List<Class<? extends Profiler>> profilers;
  private volatile boolean stopped;
  private volatile boolean running;

  /** Whether JMH has run at all. */
  private boolean started;

  /**
   * A runner of built-in kernels.
   *
   * @param effort how long each point is measured
   * @param threads the most threads of a call
   * @param log receives what JMH prints; replaced
   */
  public BenchmarkRunner(Effort effort, int threads, Path log) {
    this(effort, threads, log, null, Profilers.always());
  }

  /**
   * A runner.
   *
   * @param effort how long each point is measured
   * @param threads the most threads of a call
   * @param log receives what JMH prints; replaced
   * @param foreign a jar or a native library whose kernels the forks know as well; null for none
   * @param profilers what JMH observes in the forks
   */
  public BenchmarkRunner(
      Effort effort, int threads, Path log, @Nullable Path foreign, List<Class<? extends Profiler>> profilers) {
    this.effort = effort;
    this.threads = threads;
    this.log = log;
    this.foreign = foreign;
    this.profilers = List.copyOf(profilers);
  }

  /** Why the kernel cannot compute the work, in one sentence; null where it can. */
  public static @Nullable String notSupplied(Work work, KernelProvider kernel) {
    if (kernel.declarations().stream()
        .noneMatch(d -> d.operation().id().equals(work.operation()) && d.dtype().id().equals(work.dtype()))) {
      return "The kernel '%s' does not supply %s for %s.".formatted(kernel.id(), work.operation(), work.dtype());
    }
    if (!work.dtype().equals("float32") || work.target().equals("probabilities") || work.target().equals("soft")) {
      return "There is no benchmark of %s with %s logits and %s targets."
          .formatted(work.operation(), work.dtype(), work.target());
    }
    return null;
  }

  /**
   * Measures every point on every kernel. A point that cannot be measured gives a row with the reason, and the others
   * go on.
   *
   * @param also measured on each point after the kernels
   * @return a row a point and kernel (several of one that measures itself), the kernels of a point one after the other;
   *     only those that were complete when {@link #stop} was called
   */
  public List<MeasuredRow> run(
      List<Work> points, List<KernelProvider> kernels, AlsoMeasured also, BenchmarkProgress progress) {
    int steps = kernels.size() + (also.names().isEmpty() ? 0 : 1);
    int total = points.size() * steps;
    int done = 0;
    Duration expected = Duration.ZERO; // of what is done
    Duration left = points.stream().map(effort::expected).reduce(Duration.ZERO, Duration::plus).multipliedBy(steps);
    List<MeasuredRow> rows = new ArrayList<>();
    long begin = System.nanoTime();
    String classPath = ForeignKernels.extendClassPath(foreign);
    running = true;
    try (OutputStream chatter = openLog()) {
      for (Work work : points) {
        for (int step = 0; step < steps && !stopped; step++) {
          boolean kernel = step < kernels.size();
          String name = kernel ? kernels.get(step).id() : String.join(", ", also.names());
          progress.started(done + 1, total, work, name, timeLeft(left, done, expected, begin));
          List<MeasuredRow> measured =
              kernel ? measure(work, kernels.get(step), chatter) : also.measure(work);
          if (!stopped) { // otherwise it was cut short
            rows.addAll(measured);
            measured.forEach(progress::finished);
            done++;
            expected = expected.plus(effort.expected(work));
            left = left.minus(effort.expected(work));
          }
        }
      }
    } catch (IOException e) {
      throw UserError.unwritable(log, e);
    } finally {
      running = false;
      ForeignKernels.restoreClassPath(classPath);
    }
    return rows;
  }

  /** Ends the run, from another thread: what is being measured is cut short, its processes are killed. */
  public void stop() {
    stopped = true;
    while (running) { // JMH may be about to start the next fork
      ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
  }

  /** The time expected, corrected by what the first measurements took of theirs. */
  private static Duration timeLeft(Duration left, int done, Duration expected, long begin) {
    double pace = done < 2 ? 1 : (double) (System.nanoTime() - begin) / expected.toNanos();
    return Duration.ofNanos((long) (left.toNanos() * pace));
  }

  private OutputStream openLog() throws IOException {
    Files.createDirectories(log.toAbsolutePath().getParent());
    return Files.newOutputStream(log);
  }

  /** The rows of a point and kernel. */
  private List<MeasuredRow> measure(Work work, KernelProvider kernel, OutputStream chatter) throws IOException {
    return kernel instanceof MeasuredByItself device
        ? device.measure(work, effort)
        : List.of(measureWithJmh(work, kernel, chatter));
  }

  private MeasuredRow measureWithJmh(Work work, KernelProvider kernel, OutputStream chatter) throws IOException {
    Implementation implementation = Implementation.kernel(kernel.id(), threads);
    String reason = notSupplied(work, kernel);
    if (reason == null) {
      reason = notEnoughMemory(heapBytes(work));
    }
    if (reason != null) {
      return MeasuredRow.failed(work, implementation, reason);
    }
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8)) {
      Collection<RunResult> results = runWhenFree(runner(work, kernel, effort, out));
      if (!results.isEmpty() && !stopped && stillWarmingUp(samples(record(results)))) {
        results = runWhenFree(runner(work, kernel, effort.withLongerWarmup(), out));
      }
      if (results.isEmpty()) {
        return MeasuredRow.failed(work, implementation, reason(said.toString(StandardCharsets.UTF_8)));
      }
      JsonObject record = record(results);
      double[] samples = samples(record).stream().flatMapToDouble(Arrays::stream).toArray();
      return MeasuredRow.measured(work, implementation, Time.ofSamples(samples), record);
    } catch (RunnerException e) {
      if (stopped) {
        return MeasuredRow.failed(work, implementation, "The measurement was stopped.");
      }
      UserError notStarted = notStarted(e);
      if (!started) {
        throw notStarted;
      }
      return MeasuredRow.failed(work, implementation, String.valueOf(notStarted.getMessage()));
    } finally {
      said.writeTo(chatter);
      chatter.flush();
    }
  }

  private Runner runner(Work work, KernelProvider kernel, Effort effort, PrintStream out) {
    return new Runner(
        options(work, kernel.id(), effort), OutputFormatFactory.createFormatInstance(out, VerboseMode.NORMAL));
  }

  /**
   * Whether the samples of a fork still fall: the JIT compiler had not finished. On a busy machine that happens, and
   * until then the Vector API is up to ten thousand times slower; such times say nothing about a kernel.
   */
  static boolean stillWarmingUp(List<double[]> forks) {
    for (double[] samples : forks) {
      int third = Math.ceilDiv(samples.length, 3);
      double first = Time.ofSamples(Arrays.copyOf(samples, third)).median();
      double last = Time.ofSamples(Arrays.copyOfRange(samples, samples.length - third, samples.length)).median();
      if (first > STEADY * last) {
        return true;
      }
    }
    return false;
  }

  /**
   * Before anything was measured, another JMH run is an error; between two measurements it is no reason to lose those before,
   * and is waited for.
   */
  private Collection<RunResult> runWhenFree(Runner runner) throws RunnerException {
    Collection<RunResult> results = runWhenFree(runner, started ? OTHER_RUN : Duration.ZERO, () -> stopped, () -> {});
    started = true;
    return results;
  }

  /**
   * Starts JMH; while another JMH run holds its lock, again and again.
   *
   * @param patience how long to wait for the other run
   * @param stop ends the waiting
   * @param begin told before each attempt
   * @throws RunnerException if JMH does not start, for whatever reason
   */
  public static Collection<RunResult> runWhenFree(
      Runner runner, Duration patience, BooleanSupplier stop, Runnable begin) throws RunnerException {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        begin.run();
        return runner.run();
      } catch (RunnerException e) {
        if (!isLocked(e) || stop.getAsBoolean() || System.nanoTime() - end >= 0) {
          throw e;
        }
        LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
      }
    }
  }

  /** Whether JMH did not start because another JMH run holds its lock. */
  private static boolean isLocked(RunnerException e) {
    return String.valueOf(e.getMessage()).contains("lock");
  }

  /** What to say where JMH itself does not start. */
  public static UserError notStarted(RunnerException e) {
    String message = String.valueOf(e.getMessage());
    return UserError.environment(
        isLocked(e)
            ? "Another JMH run holds %s; two at a time would measure each other, so wait until it has ended."
                .formatted(Path.of(System.getProperty("java.io.tmpdir"), "jmh.lock"))
            : "JMH does not start: %s".formatted(message.strip()));
  }

  private Options options(Work work, String kernel, Effort effort) {
    Class<?> benchmark =
        work.operation().equals(Operation.BCE_WITH_LOGITS.id())
            ? BceWithLogitsBenchmark.class
            : CrossEntropyBenchmark.class;
    String method = work.backward() ? "forwardBackward" : "forward";
    ChainedOptionsBuilder options = new OptionsBuilder()
        .include("^" + Pattern.quote(benchmark.getName() + "." + method) + "$")
        .param("kernel", kernel)
        .param("batch", Integer.toString(work.batch()))
        .param("classes", Integer.toString(work.classes()))
        .param("reduction", work.reduction())
        .param("data", work.data())
        .param("threads", Integer.toString(threads))
        .forks(effort.forks())
        .warmupIterations(effort.warmupIterations())
        .warmupTime(TimeValue.milliseconds(effort.warmupTime().toMillis()))
        .measurementIterations(effort.iterations())
        .measurementTime(TimeValue.milliseconds(effort.time().toMillis()))
        .jvmArgs(heapFlags(heapBytes(work)))
        .jvmArgsPrepend(ForeignKernels.flags(foreign));
    profilers.forEach(options::addProfiler);
    return options.build();
  }

  /** The flags that a fork has beside those of the benchmark classes, with a heap that holds the operands of a work. */
  public static String[] heapFlags(Work work) {
    return heapFlags(heapBytes(work));
  }

  private static String[] heapFlags(long heapBytes) {
    long mib = heapBytes / MIB;
    return new String[] {
      // A heap that neither grows nor shrinks while something is timed, its pages mapped before that.
      "-Xms" + mib + "m",
      "-Xmx" + mib + "m",
      "-XX:+AlwaysPreTouch",
      // A collector without threads of its own: nothing is allocated while something is timed, so it has nothing to
      // do, and on two cores a concurrent one could still get in the way. The operands go straight to the old
      // generation; a small young one leaves it the room.
      "-XX:+UseSerialGC",
      "-Xmn64m",
      // A method is compiled before it goes on: with the compiler on other threads, a warm-up counted in seconds could
      // end on a busy machine while the Vector API still runs in the interpreter.
      "-XX:-BackgroundCompilation",
      // Statistics for jstat, written to a mapped file: a write that stalls on the disk would stop every thread.
      "-XX:-UsePerfData"
    };
  }

  private static long heapBytes(Work work) {
    long elements = work.elements();
    boolean bce = work.operation().equals(Operation.BCE_WITH_LOGITS.id());
    long target = bce ? elements * Float.BYTES : (long) work.batch() * Long.BYTES;
    long losses = !work.reduction().equals("none") ? 0 : (bce ? elements : work.batch()) * Float.BYTES;
    long gradient = work.backward() ? elements * Float.BYTES : 0;
    return elements * Float.BYTES + target + losses + gradient + HEAP_BESIDE_OPERANDS;
  }

  private static @Nullable String notEnoughMemory(long heapBytes) {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    if (system == null || heapBytes <= system.getTotalMemorySize() * USABLE_MEMORY) {
      return null;
    }
    return "This point needs a heap of %d MiB and the machine has %d MiB; choose smaller points with --batch."
        .formatted(heapBytes / MIB, system.getTotalMemorySize() / MIB);
  }

  /** JMH's record as its JSON result format writes it, without the folders of this machine. */
  private static JsonObject record(Collection<RunResult> results) {
    ByteArrayOutputStream json = new ByteArrayOutputStream();
    ResultFormatFactory.getInstance(ResultFormatType.JSON, new PrintStream(json, true, StandardCharsets.UTF_8))
        .writeOut(results);
    JsonArray records = JsonParser.parseString(json.toString(StandardCharsets.UTF_8)).getAsJsonArray();
    return Portable.object(records.get(0).getAsJsonObject());
  }

  /** The mean time of a call in each iteration, fork by fork. */
  private static List<double[]> samples(JsonObject record) {
    List<double[]> forks = new ArrayList<>();
    for (JsonElement fork : record.getAsJsonObject("primaryMetric").getAsJsonArray("rawData")) {
      forks.add(fork.getAsJsonArray().asList().stream().mapToDouble(JsonElement::getAsDouble).toArray());
    }
    return forks;
  }

  private String reason(String said) {
    return failure(said, log);
  }

  /**
   * What went wrong in a fork, from what JMH printed of it, in one sentence.
   *
   * @param log where the rest stands
   */
  public static String failure(String said, Path log) {
    List<String> thrown =
        THROWN.matcher(said).results().map(match -> "%s (%s)".formatted(match.group(2), match.group(1))).toList();
    String cause =
        thrown.isEmpty()
            ? JVM_FAULT.matcher(said).results().map(MatchResult::group).findFirst().orElse("no result")
            : thrown.getLast();
    return "The JVM that measured failed: %s; see %s.".formatted(cause, log);
  }
}
