package org.lanewise.bench.baseline;

import java.util.Arrays;
import java.util.List;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * A kernel that is there to be measured beside the real ones, in float32. It declares no bounds, and all commands but
 * {@code bench} leave it out unless it is named.
 *
 * <p>The providers are nested here because the classes with the loops need the Vector API, and a provider must be
 * loadable, to say why it cannot run, without it.
 */
public abstract class Baseline implements KernelProvider {
  private final String id;
  private final String description;
  private final boolean loss;

  private Baseline(String id, String description, boolean loss) {
    this.id = id;
    this.description = "baseline, " + description;
    this.loss = loss;
  }

  /** {@code plain-math}, see {@link PlainMath}. */
  public static final class PlainMathProvider extends Baseline {
    /** For the ServiceLoader. */
    public PlainMathProvider() {
      super("plain-math", "a loop over Math.exp and Math.log1p", true);
    }

    @Override
    public Availability availability() {
      return Availability.AVAILABLE;
    }

    @Override
    public int lanes() {
      return 1;
    }

    @Override
    Object kernel() {
      return new PlainMath();
    }
  }

  /** {@code plain-vector}, see {@link PlainVector}. */
  public static final class PlainVectorProvider extends Baseline {
    /** For the ServiceLoader. */
    public PlainVectorProvider() {
      super("plain-vector", "the Vector API's own EXP and LOG1P", true);
    }

    @Override
    Object kernel() {
      return new PlainVector();
    }
  }

  /** {@code read}, see {@link Read}. */
  public static final class ReadProvider extends Baseline {
    /** For the ServiceLoader. */
    public ReadProvider() {
      super("read", "no loss but a plain read of the operands and, for a gradient, as many bytes written", false);
    }

    @Override
    Object kernel() {
      return new Read();
    }
  }

  /** An object that is a kernel of both operations. */
  abstract Object kernel();

  /** Whether what it computes is a loss, so that its results can be checked. */
  public final boolean isLoss() {
    return loss;
  }

  @Override
  public final String id() {
    return id;
  }

  @Override
  public final String description() {
    return description;
  }

  /** That of the kernel {@code vector}, whose conditions are the same. */
  @Override
  public Availability availability() {
    return Kernels.all().stream()
        .filter(provider -> provider.id().equals("vector"))
        .map(KernelProvider::availability)
        .findFirst()
        .orElseThrow();
  }

  @Override
  public int lanes() {
    return Lanes.COUNT;
  }

  @Override
  public final List<Declaration> declarations() {
    return Arrays.stream(Operation.values())
        .map(operation -> Declaration.ofNothing(operation, DType.FLOAT32))
        .toList();
  }

  @Override
  @SuppressWarnings("unchecked") // A is float[] for FLOAT32, the one dtype declared
  public final <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    return (BceWithLogitsKernel<A>) kernel();
  }

  @Override
  @SuppressWarnings("unchecked") // as above
  public final <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    return (CrossEntropyKernel<A>) kernel();
  }
}
