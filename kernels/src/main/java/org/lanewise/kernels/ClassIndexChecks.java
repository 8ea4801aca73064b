package org.lanewise.kernels;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.error.IndexError;
import org.lanewise.kernels.error.NotImplementedError;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.error.ValueError;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The checks that cross-entropy and {@code nll_loss} share, for targets that are class indices. */
final class ClassIndexChecks {
  private ClassIndexChecks() {}

  /** PyTorch's checks in PyTorch's order, up to the class indices themselves. */
  static void check(
      Tensor input, Tensor target, @Nullable Tensor weight, Reduction reduction, boolean withGradient) {
    int rank = input.rank();
    int targetBatch = target.rank() == 0 ? 0 : target.size(0);
    if (rank > 1 && targetBatch != input.size(0)) {
      throw new ValueError(
          "Expected input batch_size (%d) to match target batch_size (%d).".formatted(input.size(0), targetBatch),
          "Pass one class index for each row.");
    }
    if (rank <= 2) {
      checkRows(input, target, weight);
    } else {
      checkSpatial(input, target, weight);
    }
    if (!input.dtype().isFloatingPoint()) {
      throw new NotImplementedError(
          "\"%s_out_frame\" not implemented for '%s'"
              .formatted(rank <= 2 ? "nll_loss" : "nll_loss2d_forward", input.dtype().torchName()),
          "Convert the input with to(DType.FLOAT32).");
    }
    if (weight != null && weight.dtype() != input.dtype()) {
      throw new RuntimeError(
          "expected scalar type %s but found %s".formatted(input.dtype().torchName(), weight.dtype().torchName()),
          "Convert the weight with weight.to(DType.%s).".formatted(input.dtype()));
    }
    // A forward mean or sum over no rows is the one case in which PyTorch never looks at spatial uint8 targets.
    boolean unread = target.numel() == 0 && reduction != Reduction.NONE && !withGradient;
    if (rank > 2 && target.dtype() == DType.UINT8 && !unread) {
      throw new RuntimeError(
          "expected scalar type Long but found Byte", "Convert the target with target.to(DType.INT64).");
    }
  }

  /** Rows of shape [C] or [N, C]. */
  private static void checkRows(Tensor input, Tensor target, @Nullable Tensor weight) {
    if (target.rank() > 1) {
      throw new RuntimeError(
          "0D or 1D target tensor expected, multi-target not supported",
          "Pass one class index a row: drop a dimension of size 1 with target.reshape(-1), turn one-hot rows into indices "
              + "with target.argmax(1); several labels a row belong to BceWithLogits.");
    }
    checkIndexDType(target);
    if (input.rank() == 2 && target.rank() == 0) {
      throw new IndexError(
          "Dimension specified as 0 but tensor has no dimensions", "Give the target of no rows the shape [0].");
    }
    if (input.rank() == 1 && target.rank() == 1 && target.size(0) != 1) {
      throw new ValueError(
          "For 1D input, 1D target must have size 1, but got target size: " + target.size(0),
          "Pass a single class index for a single row.");
    }
    int classes = input.size(input.rank() - 1);
    if (weight != null && (weight.rank() != 1 || weight.size(0) != classes)) {
      throw new RuntimeError(
          "weight tensor should be defined either for all %d classes or no classes but got weight tensor of shape: %s"
              .formatted(classes, Arrays.toString(weight.shape())),
          "Pass one weight a class, of shape [%d].".formatted(classes));
    }
  }

  /** Rows of shape [N, C, d1, …]. */
  private static void checkSpatial(Tensor input, Tensor target, @Nullable Tensor weight) {
    int[] sizes = input.shape();
    int[] expected = new int[sizes.length - 1];
    expected[0] = sizes[0];
    System.arraycopy(sizes, 2, expected, 1, sizes.length - 2);
    boolean fits = Arrays.equals(target.shape(), expected);
    String remedy = "Give the target the shape %s.".formatted(Arrays.toString(expected));
    if (sizes.length == 4) {
      if (target.rank() != 3) {
        throw new RuntimeError(
            "only batches of spatial targets supported (3D tensors) but got targets of dimension: " + target.rank(),
            remedy);
      }
    } else if (target.rank() == 0) {
      throw new RuntimeError("ArrayRef: invalid slice, N = 1; size = 0", remedy);
    } else if (!fits) {
      throw new RuntimeError(
          "Expected target size %s, got %s".formatted(Arrays.toString(expected), Arrays.toString(target.shape())), remedy);
    }
    checkIndexDType(target);
    if (weight != null && weight.numel() != sizes[1]) {
      throw new RuntimeError(
          "weight tensor should be defined either for all or no classes",
          "Pass one weight a class, of shape [%d].".formatted(sizes[1]));
    }
    if (!fits) {
      throw sizeMismatch(sizes, target.shape(), remedy);
    }
    if (sizes.length != 4 && input.numel() == 0 && target.numel() != 0) {
      // No classes. PyTorch has reshaped both operands by now, and reports the shapes it made.
      throw sizeMismatch(
          new int[] {sizes[0], sizes[1], 0, 0},
          new int[] {sizes[0], 1, target.numel() / sizes[0]},
          "Give the rows at least one class.");
    }
  }

  /** PyTorch's gradient of a single row refuses the target shape [1] that its forward pass accepts. */
  static void checkSingleRowGradient(Tensor input, Tensor target) {
    if (input.rank() == 1 && target.rank() == 1 && input.size(0) != 1) {
      throw new RuntimeError(
          "size mismatch (got input: [%d], target: [1])".formatted(input.size(0)),
          "Give the class index of a single row the shape [], with target.reshape().");
    }
  }

  private static RuntimeError sizeMismatch(int[] input, int[] target, String remedy) {
    // The parenthesis that is not closed is PyTorch's.
    return new RuntimeError(
        "size mismatch (got input: %s , target: %s".formatted(Arrays.toString(input), Arrays.toString(target)), remedy);
  }

  private static void checkIndexDType(Tensor target) {
    if (target.dtype() != DType.INT64 && target.dtype() != DType.UINT8) {
      throw new RuntimeError(
          "expected target dtype to be Long or Byte, but got " + target.dtype().torchName(),
          "Convert class indices with target.to(DType.INT64).");
    }
  }
}
