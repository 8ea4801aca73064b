package org.lanewise.bench.jmh;

import java.util.Map;
import java.util.Objects;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * The logits and targets that the stored digits models gave to their test images: mostly confident rows, as in
 * training, where random logits have hardly any.
 *
 * @param logits row by row
 * @param target BCE: 0 or 1, one a logit; cross-entropy: the class index, one a row
 * @param classes the number of logits a row
 */
record TrainedLogits(float[] logits, float[] target, int classes) {
  /** The rows of the operation's model: 4 labels for BCE, 10 classes for cross-entropy. */
  static TrainedLogits load(Operation operation) {
    String id =
        switch (operation) {
          case BCE_WITH_LOGITS -> "bce_with_logits/real_model/digits-attributes-none";
          case CROSS_ENTROPY -> "cross_entropy/real_model/digits-none";
        };
    Map<String, Tensor> inputs = ReferenceData.builtIn(operation.id()).require(id).inputs();
    Tensor logits = Objects.requireNonNull(inputs.get("logits"));
    Tensor target = Objects.requireNonNull(inputs.get("target"));
    return new TrainedLogits(logits.floats(), target.to(DType.FLOAT32).floats(), logits.size(1));
  }

  /** The number of rows. */
  int rows() {
    return logits.length / classes;
  }
}
