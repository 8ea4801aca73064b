package org.lanewise.bench.gate.fork;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;

/**
 * What stands on the other side of a {@link Twin}: this class is defined once more by the loader of each build, links to that
 * build's front doors there, and is spoken to through interfaces of the JDK alone. As a function it takes what to compute and
 * gives the block that computes it; as a block it runs a number of calls and gives the nanoseconds that they took.
 *
 * <p>The calls of a block are in a loop in here, so that what the JIT compiler knows of the loop it knows of one build. One
 * class without nested ones: the loader knows one name.
 */
public final class TwinBridge implements Function<Map<String, Object>, @Nullable IntToLongFunction>, IntToLongFunction {
  private @Nullable BceWithLogits bce;
  private @Nullable CrossEntropy crossEntropy;
  private boolean backward;
  private boolean perValue;
  private int batch;
  private int classes;
  private float[] logits = {};
  private Object target = logits;
  private float[] losses = {};
  private float[] gradient = {};
  private float[] result = {};

  /** The function; what it gives is a block. */
  public TwinBridge() {}

  /**
   * The block of a work.
   *
   * @param work values by name, see {@link Twin#block}; gets the provider's class under {@code "provider"}, if there is one of
   *     that id, what it promises of all it has under {@code "promised"}, and the ids of all under {@code "known"}
   * @return null where the build has no such kernel
   */
  @Override
  public @Nullable IntToLongFunction apply(Map<String, Object> work) {
    KernelProvider provider = null;
    List<String> known = new ArrayList<>();
    work.put("known", known);
    for (KernelProvider one : ServiceLoader.load(KernelProvider.class, TwinBridge.class.getClassLoader())) {
      known.add(one.id());
      if (one.id().equals(work.get("kernel"))) {
        provider = one;
      }
    }
    if (provider == null) {
      return null;
    }
    work.put("provider", provider.getClass());
    if (!provider.availability().available()) {
      work.put("unavailable", String.valueOf(provider.availability().reason()));
      return null;
    }
    boolean supplied = false;
    Map<String, Double> promised = new HashMap<>();
    for (Declaration declaration : provider.declarations()) {
      supplied |=
          declaration.operation().id().equals(work.get("operation")) && declaration.dtype().id().equals(work.get("dtype"));
      promised.putAll(promises(declaration));
    }
    work.put("promised", promised);
    if (!supplied) {
      return null;
    }
    TwinBridge block = new TwinBridge();
    Reduction reduction = Reduction.of(told(work, "reduction", String.class));
    if (told(work, "operation", String.class).equals("bce_with_logits")) {
      block.bce = BceWithLogits.on(provider).reduction(reduction).threads(1);
    } else {
      block.crossEntropy = CrossEntropy.on(provider).reduction(reduction).threads(1);
    }
    block.backward = told(work, "backward", Boolean.class);
    block.perValue = reduction == Reduction.NONE;
    block.batch = told(work, "batch", Integer.class);
    block.classes = told(work, "classes", Integer.class);
    block.logits = told(work, "logits", float[].class);
    block.target = told(work, "target", Object.class);
    block.losses = told(work, "losses", float[].class);
    block.gradient = told(work, "gradient", float[].class);
    block.result = told(work, "result", float[].class);
    return block;
  }

  /** Bounds in ULP; a promise that is no bound is 0 where it is made. */
  private static Map<String, Double> promises(Declaration declaration) {
    String of = " of " + declaration.operation().id() + " " + declaration.dtype().id();
    return Map.of(
        "a kernel" + of, 0.0,
        "the loss" + of, declaration.lossUlp(),
        "the gradient" + of, declaration.gradientUlp(),
        "losses and gradients whose terms may cancel" + of, declaration.mixedUlp(),
        "mean and sum" + of, declaration.reducedUlp(),
        "reproducible bits" + of, declaration.reproducibleBits() ? 0 : Double.POSITIVE_INFINITY,
        "no allocation" + of, declaration.allocationFree() ? 0 : Double.POSITIVE_INFINITY);
  }

  private static <T> T told(Map<String, Object> work, String name, Class<T> type) {
    return type.cast(Objects.requireNonNull(work.get(name), name));
  }

  /** Runs so many calls; the nanoseconds from the first to the last. */
  @Override
  public long applyAsLong(int calls) {
    if (bce != null) {
      float[] targets = (float[]) target;
      return perValue ? elementwise(bce, targets, calls)
          : backward ? bceForwardBackward(bce, targets, calls) : bceForward(bce, targets, calls);
    }
    if (crossEntropy != null) {
      long[] targets = (long[]) target;
      return perValue ? rowwise(crossEntropy, targets, calls)
          : backward
              ? crossEntropyForwardBackward(crossEntropy, targets, calls)
              : crossEntropyForward(crossEntropy, targets, calls);
    }
    throw new IllegalStateException("This is the function, no block.");
  }

  private long bceForward(BceWithLogits loss, float[] targets, int calls) {
    float last = 0;
    long begin = System.nanoTime();
    for (int call = 0; call < calls; call++) {
      last = loss.forward(logits, targets, batch, classes);
    }
    long end = System.nanoTime();
    result[0] = last;
    return end - begin;
  }

  private long bceForwardBackward(BceWithLogits loss, float[] targets, int calls) {
    float last = 0;
    long begin = System.nanoTime();
    for (int call = 0; call < calls; call++) {
      last = loss.forwardBackward(logits, targets, batch, classes, gradient);
    }
    long end = System.nanoTime();
    result[0] = last;
    return end - begin;
  }

  private long elementwise(BceWithLogits loss, float[] targets, int calls) {
    long begin = System.nanoTime();
    for (int call = 0; call < calls; call++) {
      loss.elementwise(logits, targets, batch, classes, losses, backward ? gradient : null);
    }
    return System.nanoTime() - begin;
  }

  private long crossEntropyForward(CrossEntropy loss, long[] targets, int calls) {
    float last = 0;
    long begin = System.nanoTime();
    for (int call = 0; call < calls; call++) {
      last = loss.forward(logits, targets, batch, classes);
    }
    long end = System.nanoTime();
    result[0] = last;
    return end - begin;
  }

  private long crossEntropyForwardBackward(CrossEntropy loss, long[] targets, int calls) {
    float last = 0;
    long begin = System.nanoTime();
    for (int call = 0; call < calls; call++) {
      last = loss.forwardBackward(logits, targets, batch, classes, gradient);
    }
    long end = System.nanoTime();
    result[0] = last;
    return end - begin;
  }

  private long rowwise(CrossEntropy loss, long[] targets, int calls) {
    long begin = System.nanoTime();
    for (int call = 0; call < calls; call++) {
      loss.rowwise(logits, targets, batch, classes, losses, backward ? gradient : null);
    }
    return System.nanoTime() - begin;
  }
}
