package org.lanewise.conformance.faults;

import static org.lanewise.conformance.verdict.Rule.AGREEMENT;
import static org.lanewise.conformance.verdict.Rule.BOUND;
import static org.lanewise.conformance.verdict.Rule.ERRORS;
import static org.lanewise.conformance.verdict.Rule.INPUTS;
import static org.lanewise.conformance.verdict.Rule.REPEAT;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.subject.KernelSubject;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** Whole operations, sound but for one slip in what surrounds the kernel: checks, dtypes, means. */
final class OperationFaults {
  private OperationFaults() {}

  static List<Fault> all() {
    return List.of(
        fault(new Sound("bce-op-error-class", Operation.BCE_WITH_LOGITS) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            return super.run(reference, inputs) instanceof Outcome.Raised raised
                ? new Outcome.Raised("RuntimeError", raised.message())
                : super.run(reference, inputs);
          }
        }, ERRORS, "Every error is a RuntimeError."),
        fault(new Sound("bce-op-check-order", Operation.BCE_WITH_LOGITS) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            DType dtype = inputs.get("target").dtype();
            if (dtype.isFloatingPoint()) {
              return super.run(reference, inputs);
            }
            Map<String, Tensor> first = new LinkedHashMap<>(inputs);
            first.keySet().retainAll(List.of("logits"));
            first.put("target", Tensor.zeros(dtype, inputs.get("logits").shape()));
            return super.run(reference, first);
          }
        }, ERRORS, "The dtype of the target is checked before anything else."),
        fault(new Sound("bce-op-integer-target", Operation.BCE_WITH_LOGITS) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            return super.run(reference, with(inputs, "target", t -> t.dtype().isFloatingPoint() ? t : t.to(DType.FLOAT32)));
          }
        }, ERRORS, "Integer and bool targets are converted, where PyTorch refuses them."),
        fault(new Sound("ce-op-index-clamped", Operation.CROSS_ENTROPY) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            Outcome outcome = super.run(reference, inputs);
            if (!(outcome instanceof Outcome.Raised raised) || !raised.torchClass().equals("IndexError")) {
              return outcome;
            }
            return super.run(reference, with(inputs, "target", t -> Tensor.zeros(DType.INT64, t.shape())));
          }
        }, ERRORS, "A class index out of range is taken for class 0."),
        fault(new Sound("ce-op-negative-smoothing", Operation.CROSS_ENTROPY) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            double smoothing = reference.options().number("label_smoothing", 0);
            return smoothing >= 0
                ? super.run(reference, inputs)
                : new Outcome.Raised("RuntimeError", "label_smoothing must be between 0.0 and 1.0. Got: " + smoothing);
          }
        }, ERRORS, "Label smoothing that is NaN or below 0 is refused, where PyTorch takes it for none."),
        fault(new Sound("bce-op-dtype-of-logits", Operation.BCE_WITH_LOGITS) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            return with(super.run(reference, inputs), "loss", loss -> loss.to(inputs.get("logits").dtype()));
          }
        }, ERRORS, "The loss has the dtype of the logits, where PyTorch's has that of the target."),
        fault(new Sound("bce-op-shape-of-mean", Operation.BCE_WITH_LOGITS) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            return with(super.run(reference, inputs), "loss", loss -> reference.reduction().equals("mean") ? loss.reshape(1) : loss);
          }
        }, ERRORS, "The mean has the shape [1], not []."),
        fault(new Sound("bce-op-bfloat16-truncated", Operation.BCE_WITH_LOGITS) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            return isBFloat16(inputs)
                ? allWith(super.run(reference, allWith(inputs, t -> t.to(DType.FLOAT32))), OperationFaults::truncated)
                : super.run(reference, inputs);
          }

          @Override
          public @Nullable Declaration declaration(ReferenceCase reference, Map<String, Tensor> inputs) {
            return isBFloat16(inputs)
                ? new Declaration(Operation.BCE_WITH_LOGITS, DType.BFLOAT16, 0.52, 0.52, 0.52, 0.52, false, false)
                : null;
          }

          private boolean isBFloat16(Map<String, Tensor> inputs) {
            return inputs.values().stream().allMatch(tensor -> tensor.dtype() == DType.BFLOAT16);
          }
        }, BOUND, "A bfloat16 result is cut off, not rounded."),
        fault(new Sound("ce-op-float16-sum", Operation.CROSS_ENTROPY) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            Tensor target = inputs.get("target");
            boolean mean = reference.reduction().equals("mean");
            return with(super.run(reference, inputs), "loss", loss -> {
              boolean overflows = mean && loss.dtype() == DType.FLOAT16 && loss.item() * target.numel() > 65504;
              return overflows ? Tensor.of(new float[] {Float.POSITIVE_INFINITY}).to(DType.FLOAT16) : loss;
            });
          }
        }, AGREEMENT, "A float16 mean is divided from a float16 sum, which overflows."),
        fault(new Sound("bce-op-float64-in-float32", Operation.BCE_WITH_LOGITS) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            boolean float64 = inputs.values().stream().allMatch(tensor -> tensor.dtype() == DType.FLOAT64);
            return float64
                ? allWith(super.run(reference, allWith(inputs, t -> t.to(DType.FLOAT32))), t -> t.to(DType.FLOAT64))
                : super.run(reference, inputs);
          }
        }, AGREEMENT, "Float64 operands are computed in float32."),
        fault(new Sound("bce-op-mean-of-rows", Operation.BCE_WITH_LOGITS) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            Tensor logits = inputs.get("logits");
            boolean rows = reference.reduction().equals("mean") && logits.rank() > 1 && logits.numel() > 0;
            int columns = rows ? logits.numel() / logits.size(0) : 1;
            return allWith(super.run(reference, inputs), tensor -> times(tensor, columns));
          }
        }, AGREEMENT, "The mean divides by the number of rows, not of elements."),
        fault(new Sound("ce-op-mean-of-all-rows", Operation.CROSS_ENTROPY) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            int rows = inputs.get("target").numel();
            int ignored = ignored(reference, inputs);
            boolean mean = reference.reduction().equals("mean") && !inputs.containsKey("weight") && ignored < rows;
            return allWith(
                super.run(reference, inputs), tensor -> mean ? times(tensor, (double) (rows - ignored) / rows) : tensor);
          }
        }, AGREEMENT, "The mean divides by the number of rows, the ignored ones included."),
        fault(new Sound("ce-op-all-ignored-zero", Operation.CROSS_ENTROPY) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            int rows = inputs.get("target").numel();
            boolean none = reference.reduction().equals("mean") && ignored(reference, inputs) == rows;
            return with(super.run(reference, inputs), "loss", loss -> none ? Tensor.zeros(loss.dtype()) : loss);
          }
        }, AGREEMENT, "The mean of no rows is 0, where PyTorch's is NaN."),
        fault(new Sound("bce-op-refuses-nan", Operation.BCE_WITH_LOGITS) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            Tensor logits = inputs.get("logits");
            for (int i = 0; i < logits.numel(); i++) {
              if (Double.isNaN(logits.getDouble(i))) {
                return new Outcome.Raised("ValueError", "logits contain NaN");
              }
            }
            return super.run(reference, inputs);
          }
        }, ERRORS, "NaN among the logits is refused, where PyTorch passes it on."),
        fault(new Sound("ce-op-write-before-error", Operation.CROSS_ENTROPY) {
          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            Outcome outcome = super.run(reference, inputs);
            Tensor target = inputs.get("target");
            if (outcome instanceof Outcome.Raised raised
                && raised.torchClass().equals("IndexError")
                && target.dtype() == DType.INT64
                && target.numel() > 0) {
              target.longs()[0] = 0;
            }
            return outcome;
          }
        }, INPUTS, "Ignored class indices are replaced in the caller's array, and after an error not put back."),
        fault(new Sound("bce-op-result-reused", Operation.BCE_WITH_LOGITS) {
          private final Map<Integer, Tensor> results = new HashMap<>();

          @Override
          public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
            return with(super.run(reference, inputs), "loss", loss -> {
              if (loss.dtype() != DType.FLOAT32 || loss.rank() != 1) {
                return loss;
              }
              synchronized (results) {
                Tensor kept = results.computeIfAbsent(loss.numel(), size -> Tensor.zeros(DType.FLOAT32, size));
                System.arraycopy(loss.floats(), 0, kept.floats(), 0, loss.numel());
                return kept;
              }
            });
          }
        }, REPEAT, "Results of one size share one array, so that the next call overwrites the last result."));
  }

  private static Fault fault(Sound operation, Rule rule, String slip) {
    return Fault.of(operation.id(), rule, slip, operation);
  }

  /** An operation without a slip: the front door over kernel {@code scalar}. */
  private static class Sound implements Subject {
    private final KernelSubject kernel = new KernelSubject(Kernels.require("scalar"));
    private final String id;
    private final Operation operation;

    Sound(String id, Operation operation) {
      this.id = id;
      this.operation = operation;
    }

    @Override
    public final String id() {
      return id;
    }

    @Override
    public final boolean lists(ReferenceCase reference) {
      return reference.operation().equals(operation.id());
    }

    @Override
    public final Optional<NotRun> notRun(ReferenceCase reference, Map<String, Tensor> inputs) {
      return Optional.empty();
    }

    @Override
    public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
      return kernel.run(reference, inputs);
    }

    @Override
    public @Nullable Declaration declaration(ReferenceCase reference, Map<String, Tensor> inputs) {
      return null;
    }
  }

  /** The number of class indices that are ignored. */
  private static int ignored(ReferenceCase reference, Map<String, Tensor> inputs) {
    Tensor target = inputs.get("target");
    int ignored = 0;
    for (int i = 0; i < target.numel() && !target.dtype().isFloatingPoint(); i++) {
      ignored += target.getLong(i) == reference.options().integer("ignore_index", -100) ? 1 : 0;
    }
    return ignored;
  }

  private static Tensor times(Tensor tensor, double factor) {
    double[] values = tensor.to(DType.FLOAT64).copy().doubles();
    for (int i = 0; i < values.length && factor != 1; i++) {
      values[i] *= factor;
    }
    return factor == 1 ? tensor : Tensor.of(values, tensor.shape()).to(tensor.dtype());
  }

  /** The upper half of each float32. */
  private static Tensor truncated(Tensor tensor) {
    short[] bits = new short[tensor.numel()];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = (short) (Float.floatToRawIntBits(tensor.floats()[i]) >> 16);
    }
    return Tensor.of(DType.BFLOAT16, bits, tensor.shape());
  }

  private static Map<String, Tensor> with(Map<String, Tensor> inputs, String name, UnaryOperator<Tensor> change) {
    Map<String, Tensor> changed = new LinkedHashMap<>(inputs);
    changed.computeIfPresent(name, (key, tensor) -> change.apply(tensor));
    return changed;
  }

  private static Map<String, Tensor> allWith(Map<String, Tensor> inputs, UnaryOperator<Tensor> change) {
    Map<String, Tensor> changed = new LinkedHashMap<>(inputs);
    changed.replaceAll((name, tensor) -> change.apply(tensor));
    return changed;
  }

  private static Subject.Outcome with(Subject.Outcome outcome, String name, UnaryOperator<Tensor> change) {
    if (!(outcome instanceof Subject.Outcome.Outputs outputs)) {
      return outcome;
    }
    Map<String, Object> changed = new LinkedHashMap<>(outputs.values());
    changed.computeIfPresent(name, (key, value) -> change.apply((Tensor) value));
    return new Subject.Outcome.Outputs(changed);
  }

  private static Subject.Outcome allWith(Subject.Outcome outcome, UnaryOperator<Tensor> change) {
    if (!(outcome instanceof Subject.Outcome.Outputs outputs)) {
      return outcome;
    }
    Map<String, Object> changed = new LinkedHashMap<>(outputs.values());
    changed.replaceAll((name, value) -> change.apply((Tensor) value));
    return new Subject.Outcome.Outputs(changed);
  }
}
