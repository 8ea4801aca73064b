package org.lanewise.bench.opencl;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.lanewise.kernels.scalar.SplitDouble;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.WholeBatch;

/** BCE with logits on the device: {@code bce_with_logits.cl}. */
final class DeviceBceWithLogits extends DeviceLoss<BceWithLogitsCall<float[]>>
    implements BceWithLogitsKernel<float[]>, WholeBatch {
  private final DeviceOperand logits = operand();
  private final DeviceOperand target = operand();
  private final DeviceOperand weight = operand();
  private final DeviceOperand posWeight = operand();
  private final DeviceOperand upstream = operand();
  private final DeviceOperand loss = operand();
  private final DeviceOperand logitsGradient = operand();
  private final DeviceOperand targetGradient = operand();
  private final MemorySegment plain;
  private final MemorySegment weighted;

  DeviceBceWithLogits(Session session) {
    super(session);
    plain = session.kernel("bce_with_logits_plain");
    weighted = session.kernel("bce_with_logits_weighted");
  }

  @Override
  public synchronized void compute(BceWithLogitsCall<float[]> call) {
    if (call.rows == 0 || call.columns == 0) {
      call.lossSum = 0;
      return;
    }
    upload(call);
    launch();
    download(call);
  }

  @Override
  void upload(BceWithLogitsCall<float[]> call) {
    int rows = call.rows;
    int columns = call.columns;
    logits.upload(call.logits, rows, columns, 1);
    target.upload(call.target, rows, columns, 1);
    weight.upload(call.weight, rows, columns, 1);
    posWeight.upload(call.posWeight, rows, columns, 1);
    upstream.upload(call.upstream, rows, columns, 1);
    loss.reserve(call.loss, rows, columns, 1);
    logitsGradient.reserve(call.logitsGradient, rows, columns, 1);
    targetGradient.reserve(call.targetGradient, rows, columns, 1);

    MemorySegment struct = struct(); // BceCall
    struct.set(ValueLayout.JAVA_DOUBLE, 0, call.gradientScale);
    struct.set(ValueLayout.JAVA_FLOAT, 8, SplitDouble.high(call.gradientScale));
    struct.set(ValueLayout.JAVA_FLOAT, 12, SplitDouble.low(call.gradientScale));
    struct.set(ValueLayout.JAVA_INT, 16, rows);
    struct.set(ValueLayout.JAVA_INT, 20, columns);
    struct.set(ValueLayout.JAVA_INT, 24, isFlat(rows, columns) ? 1 : 0);
    strides(32, logits);
    strides(40, target);
    strides(48, weight);
    strides(56, posWeight);
    strides(64, upstream);
    strides(72, loss);
    strides(80, logitsGradient);
    strides(88, targetGradient);
    boolean weights = call.weight.isPresent() || call.posWeight.isPresent();
    prepare(weights ? weighted : plain, Math.ceilDiv((long) rows * columns, session.group));
  }

  @Override
  void download(BceWithLogitsCall<float[]> call) {
    loss.download(call.loss);
    logitsGradient.download(call.logitsGradient);
    targetGradient.download(call.targetGradient);
    downloadSums();
    call.lossSum = lossSum();
  }

  private boolean isFlat(int rows, int columns) {
    return isFlat(logits, rows, columns)
        && isFlat(target, rows, columns)
        && isFlat(upstream, rows, columns)
        && isFlat(loss, rows, columns)
        && isFlat(logitsGradient, rows, columns)
        && isFlat(targetGradient, rows, columns);
  }

  private static boolean isFlat(DeviceOperand operand, int rows, int columns) {
    return operand.memory == null
        || (columns == 1 || operand.columnStride == 1) && (rows == 1 || operand.rowStride == columns);
  }
}
