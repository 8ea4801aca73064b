package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.lanewise.kernels.error.IndexError;
import org.lanewise.kernels.error.NotImplementedError;
import org.lanewise.kernels.error.RuntimeError;
import org.lanewise.kernels.error.TorchError;
import org.lanewise.kernels.error.ValueError;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** What PyTorch refuses is refused in PyTorch's words, the first of several reasons first, and with a cure. */
class FrontDoorErrorsTest {
  private static final int[] SCALAR = {};

  /** Logits and target, as dtype and shape, and the error. */
  private record Refused(
      DType logits, int[] logitsShape, DType target, int[] targetShape, Class<? extends TorchError> type, String message) {}

  private static int[] shape(int... sizes) {
    return sizes;
  }

  private static final String BOOLS =
      "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator"
          + " instead.";

  private static final List<Refused> BCE =
      List.of(
          new Refused(
              DType.FLOAT32, shape(4, 1), DType.FLOAT32, shape(4), ValueError.class,
              "Target size (torch.Size([4])) must be the same as input size (torch.Size([4, 1]))"),
          new Refused(
              DType.FLOAT32, SCALAR, DType.FLOAT32, shape(1), ValueError.class,
              "Target size (torch.Size([1])) must be the same as input size (torch.Size([]))"),
          new Refused(
              DType.FLOAT32, shape(0, 3), DType.FLOAT32, shape(3, 0), ValueError.class,
              "Target size (torch.Size([3, 0])) must be the same as input size (torch.Size([0, 3]))"),
          new Refused(
              DType.INT64, shape(2), DType.FLOAT32, shape(2), NotImplementedError.class,
              "\"log_sigmoid_cpu\" not implemented for 'Long'"),
          new Refused(
              DType.BOOL, shape(2), DType.FLOAT32, shape(2), NotImplementedError.class,
              "\"log_sigmoid_cpu\" not implemented for 'Bool'"),
          new Refused(
              DType.FLOAT32, shape(2), DType.INT64, shape(2), RuntimeError.class,
              "result type Float can't be cast to the desired output type Long"),
          new Refused(
              DType.FLOAT32, shape(0), DType.INT32, shape(0), RuntimeError.class,
              "result type Float can't be cast to the desired output type Int"),
          new Refused(
              DType.FLOAT64, shape(2), DType.INT16, shape(2), RuntimeError.class,
              "result type Double can't be cast to the desired output type Short"),
          new Refused(
              DType.FLOAT16, shape(2), DType.INT8, shape(2), RuntimeError.class,
              "result type Half can't be cast to the desired output type Char"),
          new Refused(
              DType.BFLOAT16, shape(2), DType.UINT8, shape(2), RuntimeError.class,
              "result type BFloat16 can't be cast to the desired output type Byte"),
          new Refused(DType.FLOAT32, shape(2), DType.BOOL, shape(2), RuntimeError.class, BOOLS),
          // Two reasons at once: shape before dtype, logits before target.
          new Refused(
              DType.INT64, shape(2), DType.BOOL, shape(3), ValueError.class,
              "Target size (torch.Size([3])) must be the same as input size (torch.Size([2]))"),
          new Refused(
              DType.INT32, shape(2), DType.BOOL, shape(2), NotImplementedError.class,
              "\"log_sigmoid_cpu\" not implemented for 'Int'"));

  private static final List<Refused> CROSS_ENTROPY =
      List.of(
          // Equal shapes mean class probabilities.
          new Refused(
              DType.FLOAT32, shape(3), DType.INT64, shape(3), RuntimeError.class,
              "Expected floating point type for target with class probabilities, got Long"),
          new Refused(
              DType.FLOAT32, shape(4, 1), DType.INT64, shape(4, 1), RuntimeError.class,
              "Expected floating point type for target with class probabilities, got Long"),
          new Refused(
              DType.INT32, shape(4, 3), DType.UINT8, shape(4, 3), RuntimeError.class,
              "Expected floating point type for target with class probabilities, got Byte"),
          new Refused(
              DType.FLOAT32, SCALAR, DType.FLOAT32, SCALAR, IndexError.class,
              "Dimension specified as 1 but tensor has no dimensions"),
          new Refused(
              DType.FLOAT32, shape(4, 3), DType.INT64, shape(5), ValueError.class,
              "Expected input batch_size (4) to match target batch_size (5)."),
          new Refused(
              DType.FLOAT32, shape(4, 3), DType.INT64, SCALAR, ValueError.class,
              "Expected input batch_size (4) to match target batch_size (0)."),
          new Refused(
              DType.FLOAT32, shape(4, 3), DType.INT64, shape(4, 1), RuntimeError.class,
              "0D or 1D target tensor expected, multi-target not supported"),
          new Refused(
              DType.FLOAT32, shape(3), DType.INT64, shape(2), ValueError.class,
              "For 1D input, 1D target must have size 1, but got target size: 2"),
          new Refused(
              DType.FLOAT32, shape(4, 3), DType.INT32, shape(4), RuntimeError.class,
              "expected target dtype to be Long or Byte, but got Int"),
          new Refused(
              DType.FLOAT32, shape(4, 3), DType.FLOAT32, shape(4), RuntimeError.class,
              "expected target dtype to be Long or Byte, but got Float"),
          new Refused(
              DType.FLOAT32, shape(0, 3), DType.BOOL, shape(0), RuntimeError.class,
              "expected target dtype to be Long or Byte, but got Bool"),
          new Refused(
              DType.FLOAT32, shape(2, 3, 4), DType.UINT8, shape(2, 4), RuntimeError.class,
              "expected scalar type Long but found Byte"),
          new Refused(
              DType.INT64, shape(4, 3), DType.INT64, shape(4), NotImplementedError.class,
              "\"log_softmax_lastdim_kernel_impl\" not implemented for 'Long'"),
          new Refused(
              DType.INT16, shape(2, 3, 4), DType.INT64, shape(2, 4), NotImplementedError.class,
              "\"log_softmax_kernel_impl\" not implemented for 'Short'"),
          new Refused(
              DType.FLOAT32, shape(2, 3, 4), DType.INT64, shape(2, 5), RuntimeError.class,
              "Expected target size [2, 4], got [2, 5]"),
          new Refused(
              DType.FLOAT32, shape(2, 3, 4), DType.INT64, shape(2), RuntimeError.class,
              "Expected target size [2, 4], got [2]"),
          new Refused(
              DType.FLOAT32, shape(2, 3, 4, 5), DType.INT64, shape(2, 5, 4), RuntimeError.class,
              "size mismatch (got input: [2, 3, 4, 5] , target: [2, 5, 4]"),
          new Refused(
              DType.FLOAT32, shape(2, 3, 4, 5), DType.INT64, shape(2, 4), RuntimeError.class,
              "only batches of spatial targets supported (3D tensors) but got targets of dimension: 2"),
          new Refused(
              DType.FLOAT32, shape(2, 0), DType.INT64, shape(2), IndexError.class, "Target 0 is out of bounds."),
          // Two reasons at once: the logits' dtype, then the batch size, then the target's rank, then its dtype.
          new Refused(
              DType.INT64, shape(4, 3), DType.INT64, shape(5), NotImplementedError.class,
              "\"log_softmax_lastdim_kernel_impl\" not implemented for 'Long'"),
          new Refused(
              DType.FLOAT32, shape(4, 3), DType.INT32, shape(5, 2), ValueError.class,
              "Expected input batch_size (4) to match target batch_size (5)."),
          new Refused(
              DType.FLOAT32, shape(4, 3), DType.INT32, shape(4, 2), RuntimeError.class,
              "0D or 1D target tensor expected, multi-target not supported"));

  @Test
  void bce() {
    BceWithLogits door = BceWithLogits.create();
    assertAll(BCE.stream().map(refused -> () -> assertRefused(refused, door::forward)));
    assertAll(BCE.stream().map(refused -> () -> assertRefused(refused, door::forwardBackward)));
  }

  @Test
  void cross_entropy() {
    CrossEntropy door = CrossEntropy.create();
    assertAll(CROSS_ENTROPY.stream().map(refused -> () -> assertRefused(refused, door::forward)));
    assertAll(CROSS_ENTROPY.stream().map(refused -> () -> assertRefused(refused, door::forwardBackward)));
  }

  private interface Door {
    Object call(Tensor logits, Tensor target);
  }

  private static void assertRefused(Refused refused, Door door) {
    Tensor logits = Tensor.zeros(refused.logits, refused.logitsShape);
    Tensor target = Tensor.zeros(refused.target, refused.targetShape);
    assertError(refused.type, refused.message, () -> door.call(logits, target));
  }

  private static void assertError(Class<? extends TorchError> type, String message, Executable call) {
    TorchError error = assertThrows(type, call, message);
    assertEquals(message, error.getMessage());
    assertEquals(type.getSimpleName(), error.torchClass());
    assertTrue(error.remedy().matches("(?s)[A-Z].*\\."), () -> "a sentence as the remedy: " + error.remedy());
  }

  @Test
  void class_indices_out_of_range() {
    for (long index : new long[] {3, -1, -99, -101, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE}) {
      String message = "Target %d is out of bounds.".formatted(index);
      CrossEntropy door = CrossEntropy.create();
      // The first in row order is named.
      long[] target = {2, -100, index, 7};
      assertError(
          IndexError.class, message, () -> door.forward(Tensor.of(new float[12], 4, 3), Tensor.of(target, 4)));
      assertError(
          IndexError.class, message, () -> door.forward(Tensor.of(new float[12], 2, 3, 2), Tensor.of(target, 2, 2)));
      float[] gradient = Samples.poisoned(12);
      assertError(IndexError.class, message, () -> door.forward(new float[12], target, 4, 3));
      assertError(IndexError.class, message, () -> door.forwardBackward(new float[12], target, 4, 3, gradient));
      Bits.assertSame(Samples.poisoned(12), gradient, () -> "written before the error");
    }
    assertError(
        IndexError.class,
        "Target 156 is out of bounds.", // not -100 modulo 256
        () ->
            CrossEntropy.create()
                .forward(Tensor.of(new float[3], 1, 3), Tensor.of(DType.UINT8, new byte[] {(byte) 156}, 1)));
  }

  @Test
  void upstream_gradients_of_another_shape() {
    Tensor two = Tensor.zeros(DType.FLOAT32, 2);
    Tensor one = Tensor.zeros(DType.FLOAT32, 1);
    assertError(
        RuntimeError.class,
        "Mismatch in shape: grad_output[0] has a shape of torch.Size([1]) and output[0] has a shape of torch.Size([]).",
        () -> BceWithLogits.create().forwardBackward(two, two, one));
    assertError(
        RuntimeError.class,
        "Mismatch in shape: grad_output[0] has a shape of torch.Size([1]) and output[0] has a shape of torch.Size([2]).",
        () -> BceWithLogits.create().reduction(Reduction.NONE).forwardBackward(two, two, one));
    assertError(
        RuntimeError.class,
        "Mismatch in shape: grad_output[0] has a shape of torch.Size([2]) and output[0] has a shape of torch.Size([1]).",
        () ->
            CrossEntropy.create()
                .reduction(Reduction.NONE)
                .forwardBackward(Tensor.of(new float[2], 1, 2), Tensor.of(new long[1], 1), two));
  }

  @Test
  void names_of_reductions() {
    assertEquals(Reduction.NONE, Reduction.of("none"));
    assertEquals(Reduction.MEAN, Reduction.of("mean"));
    assertEquals(Reduction.SUM, Reduction.of("sum"));
    assertError(ValueError.class, "MEAN is not a valid value for reduction", () -> Reduction.of("MEAN"));
  }

  @Test
  void what_has_no_kernel_says_so() {
    Tensor doubles = Tensor.zeros(DType.FLOAT64, 2);
    Tensor floats = Tensor.zeros(DType.FLOAT32, 2);
    Tensor indices = Tensor.of(new long[] {0}, 1);
    CrossEntropy crossEntropy = CrossEntropy.on(new Float32Only());
    UnavailableKernelException logits =
        assertThrows(UnavailableKernelException.class, () -> crossEntropy.forward(doubles.reshape(1, 2), indices));
    assertEquals(
        "The kernel 'float32-only' does not supply cross_entropy for float64; use another kernel, such as 'scalar'.",
        logits.getMessage());
    crossEntropy.forward(floats.reshape(1, 2), indices);
    BceWithLogits bce = BceWithLogits.on(new Float32Only());
    assertThrows(UnavailableKernelException.class, () -> bce.forward(doubles, doubles));
    bce.forward(floats, floats);
    // A kernel that nobody asked for by name supplies everything.
    assertEquals(DType.FLOAT32, BceWithLogits.create().forward(doubles, floats).dtype());
    CrossEntropy.create().forward(Tensor.zeros(DType.FLOAT64, 1, 2), indices);
  }

  /** The float32 kernels of {@code scalar}. */
  private static final class Float32Only implements KernelProvider {
    private final KernelProvider scalar = Kernels.require("scalar");

    @Override
    public String id() {
      return "float32-only";
    }

    @Override
    public String description() {
      return "half of another";
    }

    @Override
    public Availability availability() {
      return Availability.AVAILABLE;
    }

    @Override
    public int lanes() {
      return 1;
    }

    @Override
    public List<Declaration> declarations() {
      return scalar.declarations().stream().filter(d -> d.dtype() == DType.FLOAT32).toList();
    }

    @Override
    public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
      return scalar.bceWithLogits(dtype);
    }

    @Override
    public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
      return scalar.crossEntropy(dtype);
    }
  }

  // The array forms.

  @Test
  void array_forms_refuse_sizes_and_arrays_before_they_write() {
    float[] four = new float[4];
    float[] three = new float[3];
    long[] index = new long[2];
    long[] noIndex = new long[1];
    BceWithLogits bce = BceWithLogits.create();
    BceWithLogits bceNone = bce.reduction(Reduction.NONE);
    CrossEntropy ce = CrossEntropy.create();
    CrossEntropy ceNone = ce.reduction(Reduction.NONE);
    float[] out = Samples.poisoned(4);
    float[] out2 = Samples.poisoned(4);
    float[] shortOut = Samples.poisoned(3);
    assertAll(
        Stream.<Executable>of(
            // Sizes.
            () -> assertArgument("rows is negative: -1", () -> bce.forward(four, four, -1, 4)),
            () -> assertArgument("columns is negative: -7", () -> bce.forwardBackward(four, four, 4, -7, out)),
            () -> assertArgument("rows is negative: -2", () -> bceNone.elementwise(four, four, -2, -2, out, out2)),
            () -> assertArgument("batch is negative: -1", () -> ce.forward(four, index, -1, 4)),
            () -> assertArgument("classes is negative: -1", () -> ce.forwardBackward(four, index, 2, -1, out)),
            () -> assertArgument("rows · columns = 65536 · 65536", () -> bce.forward(four, four, 65536, 65536)),
            () -> assertArgument("batch · classes = 46341 · 46341", () -> ce.forward(four, index, 46341, 46341)),
            // Lengths.
            () -> assertArgument("logits has 3 values, but the shape needs 4", () -> bce.forward(three, four, 2, 2)),
            () -> assertArgument("target has 3 values, but the shape needs 4", () -> bce.forward(four, three, 2, 2)),
            () ->
                assertArgument(
                    "logitsGradient has 3 values, but the shape needs 4",
                    () -> bce.forwardBackward(four, new float[4], 2, 2, shortOut)),
            () ->
                assertArgument(
                    "loss has 3 values, but the shape needs 4",
                    () -> bceNone.elementwise(four, new float[4], 2, 2, shortOut, out)),
            () ->
                assertArgument(
                    "logitsGradient has 3 values, but the shape needs 4",
                    () -> bceNone.elementwise(four, new float[4], 2, 2, out, shortOut)),
            () -> assertArgument("logits has 3 values, but the shape needs 4", () -> ce.forward(three, index, 2, 2)),
            () -> assertArgument("target has 1 values, but the shape needs 2", () -> ce.forward(four, noIndex, 2, 2)),
            () ->
                assertArgument(
                    "logitsGradient has 3 values, but the shape needs 4",
                    () -> ce.forwardBackward(four, index, 2, 2, shortOut)),
            () ->
                assertArgument(
                    "loss has 1 values, but the shape needs 2",
                    () -> ceNone.rowwise(four, index, 2, 2, Samples.poisoned(1), out)),
            () ->
                assertArgument(
                    "logitsGradient has 3 values, but the shape needs 4",
                    () -> ceNone.rowwise(four, index, 2, 2, out, shortOut)),
            // One array for two things.
            () ->
                assertArgument(
                    "logitsGradient and logits are the same array",
                    () -> bce.forwardBackward(out, new float[4], 2, 2, out)),
            () ->
                assertArgument(
                    "logitsGradient and target are the same array",
                    () -> bce.forwardBackward(new float[4], out, 2, 2, out)),
            () ->
                assertArgument(
                    "loss and logits are the same array",
                    () -> bceNone.elementwise(out, new float[4], 2, 2, out, null)),
            () ->
                assertArgument(
                    "loss and target are the same array",
                    () -> bceNone.elementwise(new float[4], out, 2, 2, out, null)),
            () ->
                assertArgument(
                    "logitsGradient and loss are the same array",
                    () -> bceNone.elementwise(four, new float[4], 2, 2, out, out)),
            () ->
                assertArgument(
                    "logitsGradient and logits are the same array",
                    () -> ce.forwardBackward(out, index, 2, 2, out)),
            () ->
                assertArgument(
                    "loss and logits are the same array", () -> ceNone.rowwise(out, index, 2, 2, out, null)),
            () ->
                assertArgument(
                    "logitsGradient and loss are the same array",
                    () -> ceNone.rowwise(four, index, 2, 2, out, out)),
            // A call for another reduction.
            () -> assertState("call elementwise", () -> bceNone.forward(four, four, 2, 2)),
            () -> assertState("call elementwise", () -> bceNone.forwardBackward(four, four, 2, 2, out)),
            () -> assertState("call reduction(Reduction.NONE)", () -> bce.elementwise(four, four, 2, 2, out, null)),
            () -> assertState("call rowwise", () -> ceNone.forward(four, index, 2, 2)),
            () -> assertState("call rowwise", () -> ceNone.forwardBackward(four, index, 2, 2, out)),
            () -> assertState("call reduction(Reduction.NONE)", () -> ce.rowwise(four, index, 2, 2, out, null))));
    Bits.assertSame(Samples.poisoned(4), out, () -> "written before the error");
    Bits.assertSame(Samples.poisoned(4), out2, () -> "written before the error");
    Bits.assertSame(Samples.poisoned(3), shortOut, () -> "written before the error");
  }

  @Test
  @SuppressWarnings("DataFlowIssue") // null where none is allowed is the point
  void array_forms_name_what_is_null() {
    float[] four = new float[4];
    float[] out = Samples.poisoned(4);
    long[] index = new long[2];
    BceWithLogits bce = BceWithLogits.create();
    BceWithLogits bceNone = bce.reduction(Reduction.NONE);
    CrossEntropy ce = CrossEntropy.create();
    CrossEntropy ceNone = ce.reduction(Reduction.NONE);
    assertAll(
        () -> assertNull("logits", () -> bce.forward(null, four, 2, 2)),
        () -> assertNull("target", () -> bce.forward(four, null, 2, 2)),
        () -> assertNull("logitsGradient", () -> bce.forwardBackward(four, four, 2, 2, null)),
        () -> assertNull("loss", () -> bceNone.elementwise(four, four, 2, 2, null, out)),
        () -> assertNull("logits", () -> ce.forward(null, index, 2, 2)),
        () -> assertNull("target", () -> ce.forward(four, null, 2, 2)),
        () -> assertNull("logitsGradient", () -> ce.forwardBackward(four, index, 2, 2, null)),
        () -> assertNull("loss", () -> ceNone.rowwise(four, index, 2, 2, null, out)),
        () -> assertNull("reduction", () -> bce.reduction(null)),
        () -> assertNull("reduction", () -> ce.reduction(null)));
    Bits.assertSame(Samples.poisoned(4), out, () -> "written before the error");
  }

  @Test
  @SuppressWarnings("DataFlowIssue") // null where none is allowed is the point
  void tensor_forms_name_what_is_null() {
    Tensor three = Tensor.of(new float[3], 3);
    assertAll(
        () -> assertNullTensor("logits", () -> BceWithLogits.create().forward(null, three)),
        () -> assertNullTensor("target", () -> BceWithLogits.create().forward(three, null)),
        () -> assertNullTensor("logits", () -> CrossEntropy.create().forward(null, three)),
        () -> assertNullTensor("target", () -> CrossEntropy.create().forward(three, null)),
        () -> assertNullTensor("input", () -> Bce.create().forward(null, three)),
        () -> assertNullTensor("target", () -> Bce.create().forward(three, null)),
        () -> assertNullTensor("input", () -> NllLoss.create().forward(null, three)),
        () -> assertNullTensor("target", () -> NllLoss.create().forward(three, null)));
  }

  @Test
  void longer_arrays_and_empty_batches_are_fine() {
    float[] logits = {1, 2, 3, 99, 99};
    float[] gradient = Samples.poisoned(5);
    float mean = BceWithLogits.create().forwardBackward(logits, new float[7], 1, 3, gradient);
    assertEquals((1.3132617 + 2.126928 + 3.0485873) / 3, mean, 1e-6);
    assertEquals(Samples.POISON, gradient[3]);
    assertTrue(Float.isNaN(BceWithLogits.create().forward(new float[0], new float[0], 0, 5)));
    assertTrue(Float.isNaN(CrossEntropy.create().forward(new float[0], new long[0], 0, 5)));
    assertFalse(Float.isNaN(CrossEntropy.create().reduction(Reduction.SUM).forward(new float[3], new long[2], 0, 5)));
  }

  private static void assertArgument(String beginning, Executable call) {
    IllegalArgumentException error = assertThrows(IllegalArgumentException.class, call, beginning);
    assertTrue(error.getMessage().startsWith(beginning), error::getMessage);
    assertTrue(error.getMessage().contains("; "), () -> "says what to do: " + error.getMessage());
  }

  private static void assertState(String part, Executable call) {
    IllegalStateException error = assertThrows(IllegalStateException.class, call, part);
    assertTrue(error.getMessage().contains(part), error::getMessage);
  }

  private static void assertNull(String name, Executable call) {
    RuntimeException error = assertThrows(RuntimeException.class, call, name);
    assertTrue(
        error instanceof NullPointerException || error instanceof IllegalArgumentException, () -> "thrown: " + error);
    assertTrue(error.getMessage().matches("(?s).*\\b" + name + "\\b.*"), error::getMessage);
  }

  private static void assertNullTensor(String name, Executable call) {
    assertEquals(name + " is null; pass a tensor.", assertThrows(NullPointerException.class, call, name).getMessage());
  }
}
