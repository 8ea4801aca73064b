package org.lanewise.bench.gate.inject;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * Kernels that do more than they must. {@link Injection} puts this class into a jar and lets the providers' methods
 * there pass what they return through the methods of the same name here; how much more is in a file of the jar.
 *
 * <p>More work is the kernel's own: it computes a share of the rows once more, on the same arrays, so the loops are the compiled
 * ones and the outputs keep their bits. The share is exact over many calls; in one there may be nothing to repeat, for
 * repeating a few elements costs mostly the call.
 */
public final class ExtraWork {
  /** The file of the jar with the settings below. */
  static final String SETTINGS = "lanewise-injection.properties";

  /** The least number of elements that is worth a call of its own, for each lane: below, a call costs more than they do. */
  private static final int AT_ONCE = 256;

  /**
   * Part of a call is repeated in multiples of this: kernels take so many rows or elements at once, or fewer, and what they do
   * with a remainder is a way of its own, which the call itself may never go.
   */
  private static final int WHOLE = 64;

  private static final double SHARE;
  private static final boolean ALLOCATES;
  private static final boolean PASSES;

  static {
    Properties settings = new Properties();
    try (InputStream stream = ExtraWork.class.getResourceAsStream("/" + SETTINGS)) {
      settings.load(stream);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    SHARE = Double.parseDouble(settings.getProperty("share"));
    ALLOCATES = Boolean.parseBoolean(settings.getProperty("allocates"));
    PASSES = Boolean.parseBoolean(settings.getProperty("passes"));
  }

  /** Elements that had to be computed, and elements that were computed once more. */
  public static long needed;

  /** See {@link #needed}. */
  public static long repeated;

  /** Where results go that nobody needs: what the compiler cannot see to be useless it does not remove. */
  static volatile @Nullable Object allocated;

  static int passed;

  private ExtraWork() {}

  /** The kernel of a provider with so many lanes, doing more. */
  public static <A> BceWithLogitsKernel<A> bceWithLogits(BceWithLogitsKernel<A> kernel, int lanes) {
    return new Bce<>(kernel, new Debt(lanes));
  }

  /** The kernel of a provider with so many lanes, doing more. */
  public static <A> CrossEntropyKernel<A> crossEntropy(CrossEntropyKernel<A> kernel, int lanes) {
    return new CrossEntropy<>(kernel, new Debt(lanes));
  }

  /** How many elements are due, and from when on they are computed. */
  private static final class Debt {
    private final int atOnce;
    private double elements;

    Debt(int lanes) {
      atOnce = AT_ONCE * lanes;
    }

    /** Rows to repeat after a call of so many, each of so many elements. */
    int due(int rows, int each) {
      needed += (long) rows * each;
      elements += SHARE * rows * each;
      int due = (int) Math.min(rows, elements / each);
      if (due == 0 || (due < rows && (long) due * each < atOnce)) {
        return 0;
      }
      if (WHOLE < due && due < rows) {
        due -= due % WHOLE;
      }
      long more = (long) due * each;
      elements -= more;
      repeated += more;
      return due;
    }
  }

  private static final class Bce<A> implements BceWithLogitsKernel<A> {
    private final BceWithLogitsKernel<A> kernel;
    private final Debt debt;

    Bce(BceWithLogitsKernel<A> kernel, Debt debt) {
      this.kernel = kernel;
      this.debt = debt;
    }

    @Override
    public void compute(BceWithLogitsCall<A> call) {
      kernel.compute(call);
      int rows = call.rows;
      int columns = call.columns;
      extras(call.logits, rows * columns);
      boolean flat = rows == 1; // as the front door makes matrices, where it can
      int due = flat ? debt.due(columns, 1) : debt.due(rows, columns);
      if (due > 0) {
        double lossSum = call.lossSum;
        call.rows = flat ? 1 : due;
        call.columns = flat ? due : columns;
        kernel.compute(call);
        call.rows = rows;
        call.columns = columns;
        call.lossSum = lossSum;
      }
    }
  }

  private static final class CrossEntropy<A> implements CrossEntropyKernel<A> {
    private final CrossEntropyKernel<A> kernel;
    private final Debt debt;

    CrossEntropy(CrossEntropyKernel<A> kernel, Debt debt) {
      this.kernel = kernel;
      this.debt = debt;
    }

    @Override
    public void compute(CrossEntropyCall<A> call) {
      kernel.compute(call);
      int outer = call.outer;
      extras(call.logits, outer * call.classes * call.inner);
      int due = debt.due(outer, call.classes * call.inner);
      if (due > 0) {
        double lossSum = call.lossSum;
        double weightSum = call.weightSum;
        call.outer = due;
        kernel.compute(call);
        call.outer = outer;
        call.lossSum = lossSum;
        call.weightSum = weightSum;
      }
    }
  }

  private static <A> void extras(Strided<A> logits, int elements) {
    if (ALLOCATES) {
      allocated = new byte[16];
    }
    if (PASSES && logits.array instanceof float[] values) {
      int end = Math.min(values.length, logits.offset + elements);
      int sum = 0;
      for (int i = logits.offset; i < end; i++) {
        sum += Float.floatToRawIntBits(values[i]);
      }
      passed = sum;
    }
  }
}
