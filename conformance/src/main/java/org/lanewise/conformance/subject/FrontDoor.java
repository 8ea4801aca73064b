package org.lanewise.conformance.subject;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.ulp.Ulp;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.kernels.Bce;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.LossAndGradient;
import org.lanewise.kernels.NllLoss;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.error.TorchError;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.Tensor;

/** Runs the operation of a case through the front door of {@code kernels}, on a given kernel. */
final class FrontDoor {
  /** Between the two losses of a kernel that does not promise its bits the JIT compiler may have compiled it. In ULP. */
  private static final double OTHER_ROUNDINGS = 64;

  private FrontDoor() {}

  static Subject.Outcome run(KernelProvider provider, ReferenceCase reference, Map<String, Tensor> inputs) {
    try {
      return call(provider, reference, inputs);
    } catch (TorchError error) {
      return new Subject.Outcome.Raised(error.torchClass(), String.valueOf(error.getMessage()));
    } catch (DataException e) {
      throw e;
    } catch (RuntimeException | Error broken) {
      if (KernelCall.isRefusal(broken)) {
        return new Subject.Outcome.Unsupported(String.valueOf(broken.getMessage()));
      }
      // whatever an implementation throws is its failure, not ours
      return new Subject.Outcome.Broke(Rule.COMPLETION, Sentence.of(broken));
    }
  }

  private static Subject.Outcome call(KernelProvider provider, ReferenceCase reference, Map<String, Tensor> inputs) {
    Map<String, Object> outputs = new LinkedHashMap<>();
    Map<String, String> refused = new LinkedHashMap<>();
    Tensor fused =
        switch (reference.operation()) {
          case "bce_with_logits" -> bceWithLogits(provider, reference, inputs, outputs, refused);
          case "cross_entropy" -> crossEntropy(provider, reference, inputs, outputs, refused);
          case "bce" -> bce(reference, inputs, outputs);
          case "nll_loss" -> nllLoss(reference, inputs, outputs);
          default -> OtherOperations.run(reference, inputs, outputs);
        };
    if (fused != null) {
      Tensor loss = (Tensor) Objects.requireNonNull(outputs.get("loss"));
      int different = firstDifference(loss, fused, declaresBits(provider, reference) ? 0 : OTHER_ROUNDINGS);
      if (different >= 0) {
        return new Subject.Outcome.Broke(
            Rule.CALL_FORMS,
            "forward and forwardBackward give different losses: element %d is %s and %s."
                .formatted(
                    different,
                    Double.toHexString(loss.getDouble(different)),
                    Double.toHexString(fused.getDouble(different))));
      }
    }
    return new Subject.Outcome.Outputs(outputs, refused);
  }

  /** What a call gives; null, and the kernel's words kept, where it does not supply the output. */
  private static <T> @Nullable T unlessRefused(Map<String, String> refused, String output, Supplier<T> call) {
    try {
      return call.get();
    } catch (UnsupportedOperationException e) {
      if (!KernelCall.isRefusal(e)) {
        throw e;
      }
      refused.put(output, e.getMessage());
      return null;
    }
  }

  private static void put(Map<String, Object> outputs, String name, @Nullable Tensor value) {
    if (value != null) {
      outputs.put(name, value);
    }
  }

  /** One of the calls that take logits, a target and an upstream gradient. */
  private interface Backward<T> {
    T call(Tensor logits, Tensor target, @Nullable Tensor upstream);
  }

  /** The outputs of an operation on logits; the loss as it is beside the gradient, null without one. */
  private static @Nullable Tensor gradients(
      ReferenceCase reference,
      Map<String, Tensor> inputs,
      Map<String, Object> outputs,
      Map<String, String> refused,
      BinaryOperator<Tensor> forward,
      Backward<Tensor> targetGradient,
      Backward<LossAndGradient> forwardBackward) {
    Tensor logits = input(reference, inputs, "logits");
    Tensor target = input(reference, inputs, "target");
    Tensor upstream = inputs.get("upstream");
    outputs.put("loss", forward.apply(logits, target));
    if (expects(reference, "target_gradient")) {
      put(
          outputs,
          "target_gradient",
          unlessRefused(refused, "target_gradient", () -> targetGradient.call(logits, target, upstream)));
    }
    if (upstream == null) {
      return null;
    }
    LossAndGradient both =
        unlessRefused(refused, "logits_gradient", () -> forwardBackward.call(logits, target, upstream));
    if (both == null) {
      return null;
    }
    outputs.put("logits_gradient", both.logitsGradient());
    return both.loss();
  }

  private static @Nullable Tensor bceWithLogits(
      KernelProvider provider,
      ReferenceCase reference,
      Map<String, Tensor> inputs,
      Map<String, Object> outputs,
      Map<String, String> refused) {
    requireKnown(reference, inputs, Set.of("logits", "target", "weight", "pos_weight", "upstream"), Set.of("reduction"));
    BceWithLogits operation =
        BceWithLogits.on(provider)
            .reduction(Reduction.of(reference.reduction()))
            .weight(inputs.get("weight"))
            .posWeight(inputs.get("pos_weight"));
    return gradients(
        reference, inputs, outputs, refused, operation::forward, operation::targetGradient, operation::forwardBackward);
  }

  private static @Nullable Tensor crossEntropy(
      KernelProvider provider,
      ReferenceCase reference,
      Map<String, Tensor> inputs,
      Map<String, Object> outputs,
      Map<String, String> refused) {
    requireKnown(
        reference,
        inputs,
        Set.of("logits", "target", "weight", "upstream"),
        Set.of("reduction", "ignore_index", "label_smoothing"));
    CrossEntropy operation =
        CrossEntropy.on(provider)
            .reduction(Reduction.of(reference.reduction()))
            .weight(inputs.get("weight"))
            .ignoreIndex(reference.options().integer("ignore_index", -100))
            .labelSmoothing(reference.options().number("label_smoothing", 0));
    return gradients(
        reference, inputs, outputs, refused, operation::forward, operation::targetGradient, operation::forwardBackward);
  }

  private static @Nullable Tensor bce(
      ReferenceCase reference, Map<String, Tensor> inputs, Map<String, Object> outputs) {
    requireKnown(reference, inputs, Set.of("input", "target", "weight", "upstream"), Set.of("reduction"));
    Bce operation = Bce.create().reduction(Reduction.of(reference.reduction())).weight(inputs.get("weight"));
    Tensor input = input(reference, inputs, "input");
    Tensor target = input(reference, inputs, "target");
    outputs.put("loss", operation.forward(input, target));
    if (!inputs.containsKey("upstream")) {
      return null;
    }
    Bce.Result both = operation.forwardBackward(input, target, inputs.get("upstream"));
    outputs.put("input_gradient", both.inputGradient());
    outputs.put("target_gradient", both.targetGradient());
    return both.loss();
  }

  private static @Nullable Tensor nllLoss(
      ReferenceCase reference, Map<String, Tensor> inputs, Map<String, Object> outputs) {
    requireKnown(
        reference, inputs, Set.of("input", "target", "weight", "upstream"), Set.of("reduction", "ignore_index"));
    NllLoss operation =
        NllLoss.create()
            .reduction(Reduction.of(reference.reduction()))
            .weight(inputs.get("weight"))
            .ignoreIndex(reference.options().integer("ignore_index", -100));
    Tensor input = input(reference, inputs, "input");
    Tensor target = input(reference, inputs, "target");
    outputs.put("loss", operation.forward(input, target));
    if (!inputs.containsKey("upstream")) {
      return null;
    }
    NllLoss.Result both = operation.forwardBackward(input, target, inputs.get("upstream"));
    outputs.put("input_gradient", both.inputGradient());
    return both.loss();
  }

  private static boolean expects(ReferenceCase reference, String output) {
    return reference.expectation() instanceof Expectation.Outputs expected && expected.outputs().containsKey(output);
  }

  /** A case with an input or option that is not known here must not be judged as if it were not there. */
  static void requireKnown(
      ReferenceCase reference, Map<String, Tensor> inputs, Set<String> knownInputs, Set<String> knownOptions) {
    Set<String> unknown = new TreeSet<>(inputs.keySet());
    unknown.removeAll(knownInputs);
    reference.options().names().stream().filter(name -> !knownOptions.contains(name)).forEach(unknown::add);
    if (!unknown.isEmpty()) {
      throw new DataException(
          "Case '%s' has the inputs or options %s, which this Lanewise does not know; use a matching release."
              .formatted(reference.id(), String.join(", ", unknown)));
    }
  }

  static Tensor input(ReferenceCase reference, Map<String, Tensor> inputs, String name) {
    Tensor tensor = inputs.get(name);
    if (tensor == null) {
      throw new DataException(
          "Case '%s' has no input '%s'; write the data anew with generate.py.".formatted(reference.id(), name));
    }
    return tensor;
  }

  private static boolean declaresBits(KernelProvider provider, ReferenceCase reference) {
    return provider.declarations().stream()
        .anyMatch(declared -> declared.operation().id().equals(reference.operation()) && declared.reproducibleBits());
  }

  private static int firstDifference(Tensor a, Tensor b, double ulps) {
    for (int i = 0; i < a.numel(); i++) {
      double x = a.getDouble(i);
      double y = b.getDouble(i);
      if (Double.doubleToLongBits(x) != Double.doubleToLongBits(y)
          && !(Math.abs(x - y) <= ulps * Ulp.of(Math.max(Math.abs(x), Math.abs(y)), a.dtype()))) {
        return i;
      }
    }
    return -1;
  }
}
