package org.lanewise.bench.run;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.jmh.BceWithLogitsBenchmark;
import org.lanewise.bench.jmh.CrossEntropyBenchmark;
import org.lanewise.bench.jmh.ForeignKernels;
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
  /** Samples that begin this much above their end are no noise. */
  private static final double STEADY = 1.5;

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
      reason = ForkHeap.lacking(work);
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
        return MeasuredRow.failed(work, implementation, Jmh.failure(said.toString(StandardCharsets.UTF_8), log));
      }
      JsonObject record = record(results);
      double[] samples = samples(record).stream().flatMapToDouble(Arrays::stream).toArray();
      return MeasuredRow.measured(work, implementation, Time.ofSamples(samples), record);
    } catch (RunnerException e) {
      if (stopped) {
        return MeasuredRow.failed(work, implementation, "The measurement was stopped.");
      }
      UserError notStarted = Jmh.notStarted(e);
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
    Collection<RunResult> results =
        Jmh.runWhenFree(runner, started ? Jmh.OTHER_RUN : Duration.ZERO, () -> stopped, () -> {});
    started = true;
    return results;
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
        .jvmArgs(ForkHeap.flags(work))
        .jvmArgsPrepend(ForeignKernels.flags(foreign));
    profilers.forEach(options::addProfiler);
    return options.build();
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
}
