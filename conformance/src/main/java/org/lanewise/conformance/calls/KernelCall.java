package org.lanewise.conformance.calls;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.tensor.DType;

/**
 * One call of a kernel: which kernel, and the call itself. It is a view: the call and its arrays are those that were given.
 */
public final class KernelCall {
  /** A value that no loss has. */
  private static final double SPOILT = -12345.678;

  private final Operation operation;
  private final DType dtype;
  private final Object call;

  private KernelCall(Operation operation, DType dtype, Object call) {
    this.operation = operation;
    this.dtype = dtype;
    this.call = call;
  }

  /** A call of the BCE kernel of the given dtype. */
  public static KernelCall of(DType dtype, BceWithLogitsCall<?> call) {
    return new KernelCall(Operation.BCE_WITH_LOGITS, dtype, call);
  }

  /** A call of the cross-entropy kernel of the given dtype. */
  public static KernelCall of(DType dtype, CrossEntropyCall<?> call) {
    return new KernelCall(Operation.CROSS_ENTROPY, dtype, call);
  }

  /** The operation. */
  public Operation operation() {
    return operation;
  }

  /** The dtype of all operands but class indices. */
  public DType dtype() {
    return dtype;
  }

  /** The BCE call. */
  public BceWithLogitsCall<?> bceWithLogits() {
    return (BceWithLogitsCall<?>) call;
  }

  /** The cross-entropy call. */
  public CrossEntropyCall<?> crossEntropy() {
    return (CrossEntropyCall<?>) call;
  }

  /** The sum of the losses that the kernel left in the call. */
  public double lossSum() {
    return operation == Operation.BCE_WITH_LOGITS ? bceWithLogits().lossSum : crossEntropy().lossSum;
  }

  /** The sum of the weights that the kernel left in the call; 0 for BCE, which has none. */
  public double weightSum() {
    return operation == Operation.BCE_WITH_LOGITS ? 0 : crossEntropy().weightSum;
  }

  /** Sets what {@link #lossSum()} and {@link #weightSum()} give. */
  public void setSums(double lossSum, double weightSum) {
    switch (operation) {
      case BCE_WITH_LOGITS -> bceWithLogits().lossSum = lossSum;
      case CROSS_ENTROPY -> {
        crossEntropy().lossSum = lossSum;
        crossEntropy().weightSum = weightSum;
      }
    }
  }

  /** The call, ready to be made as often as wanted; making it does nothing but call the kernel. */
  @SuppressWarnings("unchecked") // the arrays are of the dtype's class
  public Runnable on(KernelProvider provider) {
    return switch (operation) {
      case BCE_WITH_LOGITS -> {
        BceWithLogitsKernel<Object> kernel = provider.bceWithLogits(dtype);
        BceWithLogitsCall<Object> bce = (BceWithLogitsCall<Object>) call;
        yield () -> kernel.compute(bce);
      }
      case CROSS_ENTROPY -> {
        CrossEntropyKernel<Object> kernel = provider.crossEntropy(dtype);
        CrossEntropyCall<Object> ce = (CrossEntropyCall<Object>) call;
        yield () -> kernel.compute(ce);
      }
    };
  }

  /**
   * Whether a call ended because the kernel does not supply what was asked of it. An {@link UnsupportedOperationException}
   * without a message was not meant so.
   */
  public static boolean isRefusal(Throwable thrown) {
    return thrown instanceof UnsupportedOperationException && thrown.getMessage() != null;
  }

  /** Everything about the call that a kernel must leave as it is, but for the contents of arrays: sizes, places, options. */
  public String form() {
    StringBuilder form = new StringBuilder();
    switch (operation) {
      case BCE_WITH_LOGITS -> {
        BceWithLogitsCall<?> bce = bceWithLogits();
        form.append("%d × %d, scale %s".formatted(bce.rows, bce.columns, bce.gradientScale));
      }
      case CROSS_ENTROPY -> {
        CrossEntropyCall<?> ce = crossEntropy();
        form.append(
            "%d × %d × %d, scale %s, ignore_index %d, label_smoothing %s"
                .formatted(ce.outer, ce.classes, ce.inner, ce.gradientScale, ce.ignoreIndex, ce.labelSmoothing));
      }
    }
    for (Operand operand : operands()) {
      form.append(
          ", %s %d+%d,%d of %d"
              .formatted(
                  operand.name(),
                  operand.first(),
                  operand.rowStride(),
                  operand.columnStride(),
                  Array.getLength(operand.array())));
    }
    return form.toString();
  }

  /** The operands that are present, inputs first. */
  public List<Operand> operands() {
    List<Operand> operands = new ArrayList<>();
    switch (operation) {
      case BCE_WITH_LOGITS -> {
        BceWithLogitsCall<?> bce = bceWithLogits();
        add(operands, "logits", false, bce.logits, bce.rows, bce.columns, 1);
        add(operands, "target", false, bce.target, bce.rows, bce.columns, 1);
        add(operands, "weight", false, bce.weight, bce.rows, bce.columns, 1);
        add(operands, "pos_weight", false, bce.posWeight, bce.rows, bce.columns, 1);
        add(operands, "upstream", false, bce.upstream, bce.rows, bce.columns, 1);
        add(operands, "loss", true, bce.loss, bce.rows, bce.columns, 1);
        add(operands, "logits_gradient", true, bce.logitsGradient, bce.rows, bce.columns, 1);
        add(operands, "target_gradient", true, bce.targetGradient, bce.rows, bce.columns, 1);
      }
      case CROSS_ENTROPY -> addCrossEntropy(operands, crossEntropy());
    }
    return operands;
  }

  private static <A> void addCrossEntropy(List<Operand> operands, CrossEntropyCall<A> ce) {
    add(operands, "logits", false, ce.logits, ce.outer, ce.classes, ce.inner);
    add(operands, "target", false, ce.target, ce.outer, ce.inner, 1);
    add(operands, "probabilities", false, ce.probabilities, ce.outer, ce.classes, ce.inner);
    if (ce.classWeight != null) {
      operands.add(
          Operand.of("class_weight", ce.classWeight, ce.classWeightOffset, ce.classes, copy -> setClassWeight(ce, copy)));
    }
    add(operands, "upstream", false, ce.upstream, ce.outer, ce.inner, 1);
    add(operands, "loss", true, ce.loss, ce.outer, ce.inner, 1);
    add(operands, "logits_gradient", true, ce.logitsGradient, ce.outer, ce.classes, ce.inner);
    add(operands, "target_gradient", true, ce.targetGradient, ce.outer, ce.classes, ce.inner);
  }

  @SuppressWarnings("unchecked") // a copy of the array has the array's class
  private static <A> void setClassWeight(CrossEntropyCall<A> call, Object array) {
    call.classWeight = (A) array;
  }

  private static void add(
      List<Operand> operands, String name, boolean output, Strided<?> strided, int rows, int columns, int inner) {
    if (strided.isPresent()) {
      operands.add(Operand.of(name, output, strided, rows, columns, inner));
    }
  }

  /** The same call on copies of all arrays. */
  public KernelCall copy() {
    return copies(List.of(this)).getFirst();
  }

  /** The same calls on copies of all arrays; what shared an array shares its copy. */
  public static List<KernelCall> copies(List<KernelCall> calls) {
    IdentityHashMap<Object, Object> arrays = new IdentityHashMap<>();
    List<KernelCall> copies = new ArrayList<>();
    for (KernelCall call : calls) {
      KernelCall copy = call.onSameArrays();
      for (Operand operand : copy.operands()) {
        operand.replaceArray(arrays.computeIfAbsent(operand.array(), KernelCall::copyOf));
      }
      copies.add(copy);
    }
    return copies;
  }

  private KernelCall onSameArrays() {
    return switch (operation) {
      case BCE_WITH_LOGITS -> of(dtype, copyOf(bceWithLogits()));
      case CROSS_ENTROPY -> of(dtype, copyOf(crossEntropy()));
    };
  }

  /** A call of some of this call's rows, on the same arrays; of cross-entropy these are outer indices. */
  public KernelCall rows(int from, int count) {
    KernelCall part = onSameArrays();
    switch (operation) {
      case BCE_WITH_LOGITS -> part.bceWithLogits().rows = count;
      case CROSS_ENTROPY -> part.crossEntropy().outer = count;
    }
    part.operands().forEach(operand -> operand.moveRows(from));
    return part;
  }

  /** Overwrites the outputs, so that what a kernel leaves out shows. */
  public void spoilOutputs() {
    for (Operand operand : operands()) {
      for (int i = 0; operand.isOutput() && i < operand.elements(); i++) {
        switch (operand.array()) {
          case float[] floats -> floats[operand.at(i)] = (float) SPOILT;
          case double[] doubles -> doubles[operand.at(i)] = SPOILT;
          default -> throw new IllegalArgumentException("No output is of " + operand.array().getClass() + ".");
        }
      }
    }
    setSums(SPOILT, SPOILT);
  }

  private static <A> BceWithLogitsCall<A> copyOf(BceWithLogitsCall<A> call) {
    BceWithLogitsCall<A> copy = new BceWithLogitsCall<>();
    copy.rows = call.rows;
    copy.columns = call.columns;
    copy.gradientScale = call.gradientScale;
    copy.lossSum = call.lossSum;
    copyPlace(call.logits, copy.logits);
    copyPlace(call.target, copy.target);
    copyPlace(call.weight, copy.weight);
    copyPlace(call.posWeight, copy.posWeight);
    copyPlace(call.upstream, copy.upstream);
    copyPlace(call.loss, copy.loss);
    copyPlace(call.logitsGradient, copy.logitsGradient);
    copyPlace(call.targetGradient, copy.targetGradient);
    return copy;
  }

  private static <A> CrossEntropyCall<A> copyOf(CrossEntropyCall<A> call) {
    CrossEntropyCall<A> copy = new CrossEntropyCall<>();
    copy.outer = call.outer;
    copy.classes = call.classes;
    copy.inner = call.inner;
    copy.classWeight = call.classWeight;
    copy.classWeightOffset = call.classWeightOffset;
    copy.ignoreIndex = call.ignoreIndex;
    copy.labelSmoothing = call.labelSmoothing;
    copy.gradientScale = call.gradientScale;
    copy.lossSum = call.lossSum;
    copy.weightSum = call.weightSum;
    copyPlace(call.logits, copy.logits);
    copyPlace(call.target, copy.target);
    copyPlace(call.probabilities, copy.probabilities);
    copyPlace(call.upstream, copy.upstream);
    copyPlace(call.loss, copy.loss);
    copyPlace(call.logitsGradient, copy.logitsGradient);
    copyPlace(call.targetGradient, copy.targetGradient);
    return copy;
  }

  private static <A> void copyPlace(Strided<A> from, Strided<A> to) {
    to.set(from.array, from.offset, from.rowStride, from.columnStride);
  }

  private static Object copyOf(Object array) {
    return switch (array) {
      case float[] floats -> floats.clone();
      case double[] doubles -> doubles.clone();
      case long[] longs -> longs.clone();
      default -> throw new IllegalArgumentException("No operand has an array of " + array.getClass() + ".");
    };
  }

  /**
   * Of this call's results and those of another, made on the same inputs, keeps each that is further from what was expected.
   * A NaN where none was expected is further than any number. The other call need not be the whole truth of its arrays: only
   * outputs and sums are compared.
   */
  public void keepFurthest(KernelCall expected, KernelCall other) {
    List<Operand> right = expected.operands();
    List<Operand> kept = operands();
    List<Operand> got = other.operands();
    for (int o = 0; o < right.size(); o++) {
      if (right.get(o).isOutput()) {
        keepFurthest(right.get(o), kept.get(o).array(), got.get(o).array());
      }
    }
    setSums(
        further(expected.lossSum(), lossSum(), other.lossSum()),
        further(expected.weightSum(), weightSum(), other.weightSum()));
  }

  /** Within the block: around it others may be at work. */
  private static void keepFurthest(Operand block, Object kept, Object got) {
    switch (block.array()) {
      case float[] floats -> {
        float[] keep = (float[]) kept;
        float[] other = (float[]) got;
        if (Arrays.mismatch(floats, other) >= 0) { // nearly always there is nothing to keep
          for (int i = 0; i < block.elements(); i++) {
            int at = block.at(i);
            keep[at] = (float) further(floats[at], keep[at], other[at]);
          }
        }
      }
      case double[] doubles -> {
        double[] keep = (double[]) kept;
        double[] other = (double[]) got;
        if (Arrays.mismatch(doubles, other) >= 0) {
          for (int i = 0; i < block.elements(); i++) {
            int at = block.at(i);
            keep[at] = further(doubles[at], keep[at], other[at]);
          }
        }
      }
      default -> throw new IllegalArgumentException("No output is of " + block.array().getClass() + ".");
    }
  }

  private static double further(double expected, double a, double b) {
    double distanceOfA = distance(expected, a);
    double distanceOfB = distance(expected, b);
    // Of two at one distance the one with other bits: −0 for 0 is a difference too.
    return distanceOfB > distanceOfA || distanceOfB == distanceOfA && Double.compare(a, expected) == 0 ? b : a;
  }

  private static double distance(double expected, double got) {
    if (Double.compare(expected, got) == 0 || expected == got) {
      return 0;
    }
    double distance = Math.abs(expected - got);
    return Double.isNaN(distance) ? Double.POSITIVE_INFINITY : distance;
  }
}
