package org.lanewise.bench.jmh;

import java.util.concurrent.TimeUnit;
import org.lanewise.bench.JvmFlags;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.Reduction;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Times the front door of sigmoid-BCE, in its form that allocates nothing: what a caller gets, checks included.
 *
 * <p>Average time and not sampled time: reading the clock around each call costs as much as a call on a small batch
 * does. A sample is therefore the mean of one iteration's calls; the parameters' values here are those of a plain JMH
 * run, {@code bench} sets its own.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
    value = 3,
    jvmArgsAppend = {JvmFlags.ADD_MODULES, JvmFlags.VECTOR_MODULE, JvmFlags.NATIVE_ACCESS, JvmFlags.UNSAFE})
public class BceWithLogitsBenchmark {
  /** The id of the kernel. */
  @Param({"scalar", "vector"})
  public String kernel = "";

  /** The number of rows. */
  @Param({"1", "100", "4096"})
  public int batch;

  /** The number of logits a row. */
  @Param({"4", "80"})
  public int classes;

  /** How the losses become the result. */
  @Param({"mean", "sum", "none"})
  public String reduction = "";

  /** How the operands are drawn. */
  @Param({"normal", "trained", "extreme"})
  public String data = "";

  /** The most threads of a call. */
  @Param("1")
  public int threads = 1;

  private BceWithLogits loss;
  private boolean perValue;
  private float[] logits = {};
  private float[] target = {};

  /** One loss a value of the result, for reduction none; otherwise empty. */
  private float[] losses = {};

  /** The gradient; a state of its own, so that points without one do not hold its memory. */
  @State(Scope.Benchmark)
  public static class Gradient {
    /** What the last call wrote. */
    float[] logits = {};

    /** Allocates it, once a trial. */
    @Setup(Level.Trial)
    public void setUp(BceWithLogitsBenchmark benchmark) {
      logits = new float[benchmark.batch * benchmark.classes];
    }
  }

  /** Draws the operands and allocates the losses, once a trial: the timed calls allocate nothing. */
  @Setup(Level.Trial)
  public void setUp() {
    Reduction how = Reduction.of(reduction);
    perValue = how == Reduction.NONE;
    loss = BceWithLogits.on(ForeignKernels.require(kernel)).reduction(how).threads(threads);
    BenchmarkInputs<float[]> inputs = BenchmarkInputs.bceWithLogits(data, batch, classes);
    logits = inputs.logits();
    target = inputs.target();
    losses = new float[perValue ? batch * classes : 0];
  }

  /** The loss; for reduction none the last of the losses. */
  @Benchmark
  public float forward() {
    if (perValue) {
      loss.elementwise(logits, target, batch, classes, losses, null);
      return losses[losses.length - 1];
    }
    return loss.forward(logits, target, batch, classes);
  }

  /** The loss, as {@link #forward} gives it, and the gradient. */
  @Benchmark
  public float forwardBackward(Gradient gradient) {
    if (perValue) {
      loss.elementwise(logits, target, batch, classes, losses, gradient.logits);
      return losses[losses.length - 1];
    }
    return loss.forwardBackward(logits, target, batch, classes, gradient.logits);
  }

  /** The operands, for the test that holds what is timed against float64. */
  BenchmarkInputs<float[]> inputs() {
    return new BenchmarkInputs<>(logits, target);
  }

  /** The losses of the last call with reduction none, for the same test. */
  float[] losses() {
    return losses;
  }
}
