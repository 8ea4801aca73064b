package org.lanewise.bench.errors;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.baseline.Baseline;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.peers.PeerValues;
import org.lanewise.bench.peers.Peers;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/** The errors of everything that a run measured: a speed says nothing without them. */
public final class MeasuredErrors {
  private MeasuredErrors() {}

  /**
   * The float32 losses and gradients of the operations that the points name, computed by every kernel that supplies them and
   * by the peers.
   *
   * @param peers their process computes; a peer that cannot gives no curve
   */
  public static List<ErrorCurve> of(List<Work> points, List<KernelProvider> kernels, Peers peers) {
    List<ErrorCurve> curves = new ArrayList<>();
    for (Operation operation : Operation.values()) {
      if (points.stream().noneMatch(work -> work.operation().equals(operation.id()))) {
        continue;
      }
      ErrorInputs inputs = ErrorInputs.of(operation);
      float[] loss = new float[inputs.work().batch()];
      float[] gradient = new float[inputs.logits().length];
      for (KernelProvider kernel : kernels) {
        if (isJudged(kernel, operation)) {
          compute(kernel, inputs, loss, gradient);
          add(curves, kernel.id(), inputs, loss, gradient);
        }
      }
      for (PeerValues values : peers.values(inputs.work(), inputs.logits(), inputs.target())) {
        add(curves, values.name(), inputs, values.loss(), values.gradient());
      }
    }
    return List.copyOf(curves);
  }

  private static boolean isJudged(KernelProvider kernel, Operation operation) {
    return !(kernel instanceof Baseline baseline && !baseline.isLoss())
        && kernel.declarations().stream().anyMatch(d -> d.operation() == operation && d.dtype() == DType.FLOAT32);
  }

  private static void compute(KernelProvider kernel, ErrorInputs inputs, float[] loss, float[] gradient) {
    int rows = inputs.work().batch();
    if (inputs.target() instanceof float[] target) {
      BceWithLogits.on(kernel)
          .reduction(Reduction.NONE)
          .threads(1)
          .elementwise(inputs.logits(), target, rows, 1, loss, gradient);
    } else {
      CrossEntropy.on(kernel)
          .reduction(Reduction.NONE)
          .threads(1)
          .rowwise(inputs.logits(), (long[]) inputs.target(), rows, inputs.work().classes(), loss, gradient);
    }
  }

  private static void add(
      List<ErrorCurve> curves, String name, ErrorInputs inputs, float @Nullable [] loss,
      float @Nullable [] gradient) {
    if (loss != null) {
      curves.add(ErrorCurve.ofLosses(name, inputs, loss));
    }
    if (gradient != null) {
      curves.add(ErrorCurve.ofGradients(name, inputs, gradient));
    }
  }
}
