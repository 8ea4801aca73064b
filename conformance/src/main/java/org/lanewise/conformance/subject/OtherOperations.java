package org.lanewise.conformance.subject;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.Activations;
import org.lanewise.kernels.OneHot;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** Runs the operations that are neither losses nor kernels. */
final class OtherOperations {
  private OtherOperations() {}

  /** Puts the outputs of a case into {@code outputs}; returns null, as there is no loss that comes twice. */
  static @Nullable Tensor run(ReferenceCase reference, Map<String, Tensor> inputs, Map<String, Object> outputs) {
    switch (reference.operation()) {
      case "sigmoid" -> {
        Tensor logits = elementwise(reference, inputs);
        outputs.put("output", Activations.sigmoid(logits));
        if (inputs.containsKey("upstream")) {
          outputs.put("logits_gradient", Activations.sigmoidBackward(logits, inputs.get("upstream")));
        }
      }
      case "log_sigmoid" -> {
        Tensor logits = elementwise(reference, inputs);
        outputs.put("output", Activations.logSigmoid(logits));
        if (inputs.containsKey("upstream")) {
          outputs.put("logits_gradient", Activations.logSigmoidBackward(logits, inputs.get("upstream")));
        }
      }
      case "softmax" -> {
        Tensor logits = alongDim(reference, inputs);
        int dim = dim(reference);
        DType dtype = dtype(reference);
        outputs.put("output", Activations.softmax(logits, dim, dtype));
        if (inputs.containsKey("upstream")) {
          outputs.put("logits_gradient", Activations.softmaxBackward(logits, dim, dtype, inputs.get("upstream")));
        }
      }
      case "log_softmax" -> {
        Tensor logits = alongDim(reference, inputs);
        int dim = dim(reference);
        DType dtype = dtype(reference);
        outputs.put("output", Activations.logSoftmax(logits, dim, dtype));
        if (inputs.containsKey("upstream")) {
          outputs.put("logits_gradient", Activations.logSoftmaxBackward(logits, dim, dtype, inputs.get("upstream")));
        }
      }
      case "one_hot" -> {
        FrontDoor.requireKnown(reference, inputs, Set.of("target"), Set.of("num_classes"));
        int classes = Math.toIntExact(reference.options().integer("num_classes", -1));
        outputs.put("output", OneHot.of(FrontDoor.input(reference, inputs, "target"), classes));
      }
      case "metrics" -> outputs.putAll(MetricsCases.run(reference, inputs));
      default ->
          throw new DataException(
              "Case '%s' is of the operation '%s', which this Lanewise does not know; use a matching release."
                  .formatted(reference.id(), reference.operation()));
    }
    return null;
  }

  private static Tensor elementwise(ReferenceCase reference, Map<String, Tensor> inputs) {
    FrontDoor.requireKnown(reference, inputs, Set.of("logits", "upstream"), Set.of());
    return FrontDoor.input(reference, inputs, "logits");
  }

  private static Tensor alongDim(ReferenceCase reference, Map<String, Tensor> inputs) {
    FrontDoor.requireKnown(reference, inputs, Set.of("logits", "upstream"), Set.of("dim", "dtype"));
    return FrontDoor.input(reference, inputs, "logits");
  }

  private static int dim(ReferenceCase reference) {
    return Math.toIntExact(reference.options().integer("dim", 0));
  }

  private static @Nullable DType dtype(ReferenceCase reference) {
    String id = reference.options().string("dtype", "");
    return id.isEmpty() ? null : DType.of(id);
  }
}
