package org.lanewise.bench.opencl;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.spi.WholeBatch;

/** Cross-entropy on the device: {@code cross_entropy.cl}. */
final class DeviceCrossEntropy extends DeviceLoss<CrossEntropyCall<float[]>>
    implements CrossEntropyKernel<float[]>, WholeBatch {
  /** The most classes of rows that a work item takes each: more do not fit the cache together. */
  private static final int NARROW = 64;

  /** The inner indices from which on neighbouring items read neighbouring memory, so that they take a row each as well. */
  private static final int COALESCED = 32;

  private final DeviceOperand logits = operand();
  private final DeviceOperand target = operand();
  private final DeviceOperand probabilities = operand();
  private final DeviceOperand classWeight = operand();
  private final DeviceOperand upstream = operand();
  private final DeviceOperand loss = operand();
  private final DeviceOperand logitsGradient = operand();
  private final DeviceOperand targetGradient = operand();
  private final MemorySegment indicesNarrow;
  private final MemorySegment indicesWide;
  private final MemorySegment spreadNarrow;
  private final MemorySegment spreadWide;
  private final Strided<float[]> weights = new Strided<>();

  DeviceCrossEntropy(Session session) {
    super(session);
    indicesNarrow = session.kernel("cross_entropy_indices_narrow");
    indicesWide = session.kernel("cross_entropy_indices_wide");
    spreadNarrow = session.kernel("cross_entropy_spread_narrow");
    spreadWide = session.kernel("cross_entropy_spread_wide");
  }

  @Override
  public synchronized void compute(CrossEntropyCall<float[]> call) {
    if (call.outer == 0 || call.inner == 0) {
      call.lossSum = 0;
      call.weightSum = 0;
      return;
    }
    upload(call);
    launch();
    download(call);
  }

  @Override
  void upload(CrossEntropyCall<float[]> call) {
    int outer = call.outer;
    int classes = call.classes;
    int inner = call.inner;
    logits.upload(call.logits, outer, classes, inner);
    target.upload(call.target, outer, inner, 1);
    probabilities.upload(call.probabilities, outer, classes, inner);
    weights.set(call.classWeight, call.classWeightOffset, 0, 1);
    classWeight.upload(weights, 1, classes, 1);
    weights.clear();
    upstream.upload(call.upstream, outer, inner, 1);
    loss.reserve(call.loss, outer, inner, 1);
    logitsGradient.reserve(call.logitsGradient, outer, classes, inner);
    targetGradient.reserve(call.targetGradient, outer, classes, inner);

    MemorySegment struct = struct(); // CrossEntropyCall
    struct.set(ValueLayout.JAVA_DOUBLE, 0, call.gradientScale);
    struct.set(ValueLayout.JAVA_DOUBLE, 8, call.labelSmoothing);
    struct.set(ValueLayout.JAVA_LONG, 16, call.ignoreIndex);
    struct.set(ValueLayout.JAVA_INT, 24, outer);
    struct.set(ValueLayout.JAVA_INT, 28, classes);
    struct.set(ValueLayout.JAVA_INT, 32, inner);
    strides(40, logits);
    strides(48, target);
    strides(56, probabilities);
    strides(64, upstream);
    strides(72, loss);
    strides(80, logitsGradient);
    strides(88, targetGradient);
    boolean spread = call.probabilities.isPresent() || call.labelSmoothing > 0;
    boolean wide = classes > NARROW && inner < COALESCED;
    long rows = (long) outer * inner;
    prepare(
        spread ? wide ? spreadWide : spreadNarrow : wide ? indicesWide : indicesNarrow,
        wide ? rows : Math.ceilDiv(rows, session.group));
  }

  @Override
  void download(CrossEntropyCall<float[]> call) {
    loss.download(call.loss);
    logitsGradient.download(call.logitsGradient);
    targetGradient.download(call.targetGradient);
    downloadSums();
    call.lossSum = lossSum();
    call.weightSum = weightSum();
  }
}
