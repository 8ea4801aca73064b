package org.lanewise.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.WholeBatch;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** A kernel that is marked gets a batch in one call, whatever its shape and however many threads; others get blocks. */
class WholeBatchTest {
  private static final int ROWS = 50;
  private static final int COLUMNS = 1000; // more than two blocks

  private final List<Integer> sizes = new ArrayList<>();
  private final Random random = new Random(3);

  /** The scalar kernels, which tell the size of each block. */
  private final class Marked implements KernelProvider {
    private final KernelProvider scalar = Kernels.require("scalar");

    @Override
    public String id() {
      return "marked";
    }

    @Override
    public String description() {
      return "takes a whole batch";
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
      return scalar.declarations();
    }

    @Override
    public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
      BceWithLogitsKernel<A> kernel = scalar.bceWithLogits(dtype);
      final class Whole implements BceWithLogitsKernel<A>, WholeBatch {
        @Override
        public void compute(BceWithLogitsCall<A> call) {
          sizes.add(call.rows * call.columns);
          kernel.compute(call);
        }
      }
      return new Whole();
    }

    @Override
    public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
      CrossEntropyKernel<A> kernel = scalar.crossEntropy(dtype);
      final class Whole implements CrossEntropyKernel<A>, WholeBatch {
        @Override
        public void compute(CrossEntropyCall<A> call) {
          sizes.add(call.outer * call.classes * call.inner);
          kernel.compute(call);
        }
      }
      return new Whole();
    }
  }

  private float[] logits() {
    float[] logits = new float[ROWS * COLUMNS];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (3 * random.nextGaussian());
    }
    return logits;
  }

  private void assertOneCall(LossAndGradient expected, LossAndGradient got) {
    assertEquals(List.of(ROWS * COLUMNS), sizes);
    sizes.clear();
    assertTrue(Math.abs(expected.loss().floats()[0] - got.loss().floats()[0]) <= Math.ulp(got.loss().floats()[0]));
    assertArrayEquals(expected.logitsGradient().floats(), got.logitsGradient().floats());
  }

  @Test
  void bce() {
    Tensor logits = Tensor.of(logits(), ROWS, COLUMNS);
    Tensor target = Tensor.of(new float[ROWS * COLUMNS], ROWS, COLUMNS);
    Tensor weight = Tensor.of(logits(), ROWS * COLUMNS).reshape(ROWS, COLUMNS);
    Tensor column = Tensor.of(Arrays.copyOf(logits(), ROWS), ROWS, 1);
    BceWithLogits marked = BceWithLogits.on(new Marked()).threads(3);
    BceWithLogits scalar = BceWithLogits.on(Kernels.require("scalar"));
    assertOneCall(scalar.forwardBackward(logits, target, null), marked.forwardBackward(logits, target, null));
    for (Tensor each : List.of(weight, column)) { // as one long row, and as a matrix
      assertOneCall(
          scalar.weight(each).forwardBackward(logits, target, null),
          marked.weight(each).forwardBackward(logits, target, null));
    }
  }

  @Test
  void crossEntropy() {
    CrossEntropy marked = CrossEntropy.on(new Marked()).threads(3);
    CrossEntropy scalar = CrossEntropy.on(Kernels.require("scalar"));
    int[][] shapes = {{ROWS, COLUMNS}, {5, 10, COLUMNS}, {1, 2, 25, COLUMNS}};
    for (int[] shape : shapes) { // rows side by side, some inner indices, and more of them than a block has
      Tensor logits = Tensor.of(logits(), shape);
      int classes = shape[1];
      int[] targets = new int[shape.length - 1];
      targets[0] = shape[0];
      System.arraycopy(shape, 2, targets, 1, shape.length - 2);
      long[] target = new long[ROWS * COLUMNS / classes];
      for (int i = 0; i < target.length; i++) {
        target[i] = i % classes;
      }
      Tensor indices = Tensor.of(target, targets);
      assertOneCall(scalar.forwardBackward(logits, indices, null), marked.forwardBackward(logits, indices, null));
    }
  }
}
