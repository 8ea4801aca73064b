package org.lanewise.bench.sweep;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.results.Json;
import org.lanewise.conformance.oracle.SoftmaxRow;
import org.lanewise.conformance.ulp.Ulp;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * Compares float32 cross-entropy, loss and gradient, with the truth on a million random and adversarial rows of 2^0 to 2^18
 * classes. A sample, not a proof: the rows are drawn, always the same ones.
 */
final class CrossEntropySweep {
  private static final int LARGEST = 18;

  /** Each number of classes gets this many rows at least. */
  private static final int LEAST_ROWS = 128;

  /** How many rows there are of up to 2^k classes, before the least number applies: most are short. */
  private static final int SHORT_ROWS = 1_040_000;

  /** Logits of a task at most, unless one row has more. */
  private static final int TASK = 1 << 15;

  /** Kinds of rows. */
  private enum Regime {
    NORMAL,
    WIDE,
    VERY_WIDE,
    DOMINANT_TARGET,
    DOMINANT_OTHER,
    NEAR_TIE,
    TIES,
    TINY_LOSS,
    LARGE_OFFSET,
    ONE_CLASS_FAR_BELOW;

    void fill(float[] row, int offset, int classes, int target, SplittableRandom random) {
      double width =
          switch (this) {
            case WIDE -> 20;
            case VERY_WIDE -> 1000;
            case NEAR_TIE -> 1e-6;
            case LARGE_OFFSET -> 4;
            default -> 2;
          };
      double centre =
          switch (this) {
            case LARGE_OFFSET -> Math.scalb(random.nextDouble() - 0.5, 1 + random.nextInt(24));
            case NEAR_TIE -> random.nextDouble(-50, 50);
            default -> 0;
          };
      for (int c = 0; c < classes; c++) {
        // The sum of two uniform numbers: a bell, near enough, and the same on every machine.
        double bell = random.nextDouble() + random.nextDouble() - 1;
        row[offset + c] = this == TIES ? random.nextInt(3) : (float) (centre + width * bell);
      }
      int other = (target + 1) % classes;
      switch (this) {
        case DOMINANT_TARGET -> row[offset + target] += (float) random.nextDouble(5, 60);
        case DOMINANT_OTHER -> row[offset + other] += (float) random.nextDouble(5, 100);
        case TINY_LOSS -> row[offset + target] = (float) random.nextDouble(60, 104);
        case ONE_CLASS_FAR_BELOW -> row[offset + other] -= (float) random.nextDouble(80, 2000);
        default -> {}
      }
    }
  }

  private record Task(int classes, int rows, long seed) {}

  /** The largest error of one output, with what repeats it. */
  private static final class Worst {
    final long[] histogram = new long[Tally.LAST_BIN + 1];
    long values;
    double ulp;
    @Nullable String at;
    float got;
    double truth;

    /** Adds a value; its correctly rounded float is that of the float64 truth, which midpoints may belie by one. */
    void add(float value, double exact, Regime regime, Task task, int row) {
      double error = Math.abs(Ulp.error(value, exact, 0, DType.FLOAT32));
      histogram[Tally.bin(value, (float) exact)]++;
      values++;
      if (!(error <= ulp)) {
        ulp = error == error ? error : Double.POSITIVE_INFINITY;
        at = "%s, %d classes, seed %d, row %d".formatted(regime, task.classes, task.seed, row);
        got = value;
        truth = exact;
      }
    }

    void addAll(Worst other) {
      for (int i = 0; i < histogram.length; i++) {
        histogram[i] += other.histogram[i];
      }
      values += other.values;
      if (other.ulp > ulp) {
        ulp = other.ulp;
        at = other.at;
        got = other.got;
        truth = other.truth;
      }
    }
  }

  private record Found(Worst loss, Worst gradient, Tally.Violations signs) {
    Found() {
      this(new Worst(), new Worst(), new Tally.Violations());
    }
  }

  private final KernelProvider kernel;
  private final List<Task> tasks = new ArrayList<>();
  private final boolean strided;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger done = new AtomicInteger();

  /** @param stride 1 for the whole sample; with N an N-th of the rows, as a trial */
  CrossEntropySweep(KernelProvider kernel, int stride) {
    this.kernel = kernel;
    strided = stride > 1;
    long seed = 0;
    for (int k = LARGEST; k >= 0; k--) { // the longest first: threads then end together
      int classes = 1 << k;
      int rows = Math.max(LEAST_ROWS, k <= 6 ? SHORT_ROWS / 7 : 0) / stride;
      int rowsOfTask = Math.max(1, TASK / classes);
      for (int first = 0; first < rows; first += rowsOfTask) {
        tasks.add(new Task(classes, Math.min(rowsOfTask, rows - first), seed++));
      }
    }
  }

  /** Runs the sample and says what it shows. */
  Certificate run(int threads, BooleanSupplier stop, DoubleConsumer progress, @Nullable KernelSources sources) {
    long start = System.nanoTime();
    Found total = new Found();
    List<Found> workers =
        new Workers("cross_entropy", stop).run(threads, this::work, () -> (double) done.get() / tasks.size(), progress);
    for (Found found : workers) {
      total.loss.addAll(found.loss);
      total.gradient.addAll(found.gradient);
      total.signs.addAll(found.signs);
    }
    return certificate(total, (System.nanoTime() - start) * 1e-9, sources);
  }

  private Found work(BooleanSupplier stop) {
    Found found = new Found();
    CrossEntropy door = CrossEntropy.on(kernel).reduction(Reduction.NONE);
    SoftmaxRow truth = new SoftmaxRow(1 << LARGEST);
    for (int i; !stop.getAsBoolean() && (i = next.getAndIncrement()) < tasks.size(); ) {
      Task task = tasks.get(i);
      int classes = task.classes;
      SplittableRandom random = new SplittableRandom(task.seed);
      float[] logits = new float[task.rows * classes];
      long[] target = new long[task.rows];
      Regime[] regimes = new Regime[task.rows];
      for (int row = 0; row < task.rows; row++) {
        target[row] = random.nextInt(classes);
        regimes[row] = Regime.values()[random.nextInt(Regime.values().length)];
        regimes[row].fill(logits, row * classes, classes, (int) target[row], random);
      }
      float[] loss = new float[task.rows];
      float[] gradient = new float[task.rows * classes];
      door.rowwise(logits, target, task.rows, classes, loss, gradient);
      for (int row = 0; row < task.rows; row++) {
        truth.read(logits, row * classes, classes, (int) target[row]);
        found.loss.add(loss[row], truth.loss(), regimes[row], task, row);
        boolean signs = Float.floatToRawIntBits(loss[row]) >= 0;
        for (int c = 0; c < classes; c++) {
          float g = gradient[row * classes + c];
          found.gradient.add(g, truth.gradient(c), regimes[row], task, row);
          // One class alone has gradient 0, and no sign to keep.
          signs &= classes == 1 || Float.floatToRawIntBits(g) < 0 == (c == target[row]);
        }
        if (!signs) {
          found.signs.add(row);
        }
      }
      done.incrementAndGet();
    }
    return found;
  }

  private Certificate certificate(Found found, double seconds, @Nullable KernelSources sources) {
    Declaration declared =
        kernel.declarations().stream()
            .filter(d -> d.operation() == Operation.CROSS_ENTROPY && d.dtype() == DType.FLOAT32)
            .findFirst()
            .orElseThrow();
    boolean complete = done.get() == tasks.size();
    String lossFault = fault("loss", found.loss, declared.lossUlp(), found.signs);
    String gradientFault = fault("logits_gradient", found.gradient, declared.gradientUlp(), found.signs);
    String verdict =
        lossFault != null || gradientFault != null
            ? Certificate.FAILED
            : complete && !strided ? Certificate.PASSED : Certificate.UNDECIDED;
    List<JsonObject> rows =
        List.of(
            row("loss", found.loss, declared.lossUlp(), lossFault, verdict, found, complete, seconds, sources),
            row("logits_gradient", found.gradient, declared.gradientUlp(), gradientFault, verdict, found, complete, seconds, sources));
    return new Certificate("cross_entropy", kernel.id(), verdict, rows);
  }

  private static @Nullable String fault(String output, Worst worst, double declared, Tally.Violations signs) {
    if (worst.ulp > declared) {
      return "%s is %a, %s ULP from the truth %a, but the declared bound is %s (%s)"
          .formatted(output, worst.got, worst.ulp, worst.truth, declared, worst.at);
    }
    return signs.count > 0 ? "%d rows have a value of the wrong sign".formatted(signs.count) : null;
  }

  private JsonObject row(
      String output,
      Worst worst,
      double declared,
      @Nullable String fault,
      String verdict,
      Found found,
      boolean complete,
      double seconds,
      @Nullable KernelSources sources) {
    JsonObject row =
        Certificate.header("cross_entropy", kernel.id(), output, fault == null ? verdict : Certificate.FAILED, sources);
    row.addProperty("reason", fault);
    row.addProperty("sampled", true);
    row.addProperty("complete", complete);
    row.addProperty("seconds", Math.round(seconds * 10) / 10.0);
    row.addProperty("rows", found.loss.values);
    row.addProperty("classes", "2^0 to 2^%d".formatted(LARGEST));
    row.addProperty("values", worst.values);
    row.addProperty("declared_ulp", declared);
    row.add("max_ulp", Json.number(worst.ulp));
    JsonObject at = new JsonObject();
    at.addProperty("input", worst.at);
    at.addProperty("got", Float.toHexString(worst.got));
    at.addProperty("truth", Double.toHexString(worst.truth));
    row.add("worst", worst.values == 0 ? JsonNull.INSTANCE : at);
    JsonArray histogram = new JsonArray();
    for (long count : worst.histogram) {
      histogram.add(count);
    }
    row.add("histogram", histogram);
    row.addProperty("correctly_rounded", worst.values == 0 ? null : (double) worst.histogram[0] / worst.values);
    return row;
  }
}
