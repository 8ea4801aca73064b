package org.lanewise.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lanewise.kernels.Activations;
import org.lanewise.kernels.Bce;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.NllLoss;
import org.lanewise.kernels.OneHot;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.UnavailableKernelException;
import org.lanewise.kernels.error.TorchError;
import org.lanewise.kernels.metrics.Accuracy;
import org.lanewise.kernels.metrics.Average;
import org.lanewise.kernels.metrics.BestThreshold;
import org.lanewise.kernels.metrics.ClassificationReport;
import org.lanewise.kernels.metrics.LabelScores;
import org.lanewise.kernels.metrics.Predictions;
import org.lanewise.kernels.metrics.ZeroDivision;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The public functions of the kernels module, called with shapes, dtypes, options and values of the input's choice. */
final class FrontDoorTarget implements Target {
  private static final List<Integer> SIZES = List.of(0, 1, 1, 2, 3, 3, 4, 5, 7, 16, 17, 33);

  /** Sizes of which two or three overflow an int, in shapes that hold nothing. */
  private static final List<Integer> LARGE = List.of(1 << 15, 46_341, 65_535, 1 << 16, 1 << 20, Integer.MAX_VALUE);

  private static final int MOST_VALUES = 4096;

  /** A call may cost what its result asks for: a larger one is no hostile call but a large one. */
  private static final long MOST_ROWS = 1 << 18;

  private static final List<DType> FLOATS = List.of(DType.FLOAT32, DType.FLOAT64, DType.FLOAT16, DType.BFLOAT16);

  private final List<BceWithLogits> bces =
      List.of(
          BceWithLogits.create(),
          BceWithLogits.on(Kernels.require("scalar")),
          BceWithLogits.on(Kernels.require("vector")).threads(1));
  private final List<CrossEntropy> crossEntropies =
      List.of(
          CrossEntropy.create(),
          CrossEntropy.on(Kernels.require("scalar")),
          CrossEntropy.on(Kernels.require("vector")).threads(1));

  @Override
  public void feed(byte[] input) {
    Choices choices = new Choices(input);
    try {
      switch (choices.below(12)) {
        case 0, 1 -> bceWithLogits(choices);
        case 2, 3, 4 -> crossEntropy(choices);
        case 5 -> arrays(choices);
        case 6 -> bce(choices);
        case 7 -> nllLoss(choices);
        case 8 -> activations(choices);
        case 9 -> oneHot(choices);
        case 10 -> metrics(choices);
        default -> tensors(choices);
      }
    } catch (TorchError e) {
      Sentences.check(e);
      if (e.remedy().isBlank()) {
        throw new AssertionError("An error without a remedy.", e);
      }
    } catch (UnavailableKernelException e) {
      Sentences.check(e);
    } catch (IllegalArgumentException | IllegalStateException e) {
      // Not their subclasses, which say nothing to the caller.
      if (e.getClass() != IllegalArgumentException.class && e.getClass() != IllegalStateException.class) {
        throw e;
      }
      Sentences.check(e);
    }
  }

  private void bceWithLogits(Choices choices) {
    int[] shape = shape(choices);
    Tensor logits = tensor(choices, floats(choices), shape);
    Tensor target = tensor(choices, floats(choices), near(choices, shape));
    BceWithLogits loss =
        choices
            .of(bces)
            .reduction(choices.of(List.of(Reduction.values())))
            .weight(choices.flag() ? tensor(choices, dtype(choices), broadcast(choices, shape)) : null)
            .posWeight(choices.flag() ? tensor(choices, dtype(choices), broadcast(choices, shape)) : null);
    loss = choices.oneIn(4) ? loss.threads((int) choices.integer() % 4) : loss;
    Tensor upstream = choices.flag() ? null : tensor(choices, dtype(choices), choices.flag() ? shape : new int[0]);
    switch (choices.below(3)) {
      case 0 -> loss.forward(logits, target);
      case 1 -> loss.forwardBackward(logits, target, upstream);
      default -> loss.targetGradient(logits, target, upstream);
    }
  }

  private void crossEntropy(Choices choices) {
    int[] shape = shape(choices);
    int[] rows = withoutClasses(shape);
    Reduction reduction = choices.of(List.of(Reduction.values()));
    if (reduction == Reduction.NONE && product(rows) > MOST_ROWS) {
      return;
    }
    Tensor logits = tensor(choices, floats(choices), shape);
    int classes = shape.length == 0 ? 1 : shape[shape.length == 1 ? 0 : 1];
    long ignored = choices.flag() ? -100 : choices.integer();
    Tensor target =
        choices.oneIn(3)
            ? tensor(choices, floats(choices), near(choices, shape))
            : indices(choices, classes, ignored, near(choices, rows));
    CrossEntropy loss =
        choices
            .of(crossEntropies)
            .reduction(reduction)
            .ignoreIndex(ignored)
            .labelSmoothing(choices.flag() ? 0 : choices.number())
            .weight(choices.flag() ? null : classWeight(choices, logits, classes));
    loss = choices.oneIn(4) ? loss.threads((int) choices.integer() % 4) : loss;
    Tensor upstream = choices.flag() ? null : tensor(choices, dtype(choices), choices.flag() ? near(choices, rows) : new int[0]);
    switch (choices.below(3)) {
      case 0 -> loss.forward(logits, target);
      case 1 -> loss.forwardBackward(logits, target, upstream);
      default -> loss.targetGradient(logits, target, upstream);
    }
  }

  /** The array forms of both, sizes and arrays of any length, the same array twice. */
  private void arrays(Choices choices) {
    int rows = (int) choices.integer();
    int columns = (int) choices.integer();
    List<float[]> arrays = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      boolean same = i > 0 && choices.oneIn(5);
      int length = length(choices, rows, columns);
      arrays.add(same ? arrays.get(i - 1) : tensor(choices, DType.FLOAT32, length).floats());
    }
    Reduction reduction = choices.of(List.of(Reduction.values()));
    Tensor weight = choices.flag() ? null : tensor(choices, dtype(choices), broadcast(choices, 3, Math.clamp(columns, 0, 64)));
    boolean gradient = choices.flag();
    if (choices.flag()) {
      BceWithLogits loss = choices.of(bces).reduction(reduction).weight(weight);
      if (choices.flag()) {
        loss.forward(arrays.get(0), arrays.get(1), rows, columns);
      } else if (choices.flag()) {
        loss.forwardBackward(arrays.get(0), arrays.get(1), rows, columns, arrays.get(2));
      } else {
        loss.elementwise(arrays.get(0), arrays.get(1), rows, columns, arrays.get(2), gradient ? arrays.get(3) : null);
      }
    } else {
      long[] target = indices(choices, Math.max(1, columns), -100, length(choices, rows, 1)).to(DType.INT64).longs();
      CrossEntropy loss = choices.of(crossEntropies).reduction(reduction).weight(weight).labelSmoothing(choices.number());
      if (choices.flag()) {
        loss.forward(arrays.get(0), target, rows, columns);
      } else if (choices.flag()) {
        loss.forwardBackward(arrays.get(0), target, rows, columns, arrays.get(2));
      } else {
        loss.rowwise(arrays.get(0), target, rows, columns, arrays.get(2), gradient ? arrays.get(3) : null);
      }
    }
  }

  private static int length(Choices choices, int rows, int columns) {
    long length = (long) rows * columns + (choices.oneIn(4) ? choices.below(5) - 2 : 0);
    return Math.clamp(length, 0, MOST_VALUES);
  }

  private static void bce(Choices choices) {
    int[] shape = shape(choices);
    DType dtype = floats(choices);
    Tensor probabilities = probabilities(choices, dtype, shape);
    Tensor target = probabilities(choices, choices.oneIn(4) ? dtype(choices) : dtype, near(choices, shape));
    Bce loss =
        Bce.create()
            .reduction(choices.of(List.of(Reduction.values())))
            .weight(choices.flag() ? null : tensor(choices, dtype(choices), broadcast(choices, shape)));
    loss.forward(probabilities, target);
    loss.forwardBackward(
        probabilities, target, choices.flag() ? null : tensor(choices, floats(choices), choices.flag() ? shape : new int[0]));
  }

  private static void nllLoss(Choices choices) {
    int[] shape = shape(choices);
    int[] rows = withoutClasses(shape);
    Tensor input = tensor(choices, floats(choices), shape);
    int classes = shape.length == 0 ? 1 : shape[shape.length == 1 ? 0 : 1];
    long ignored = choices.flag() ? -100 : choices.integer();
    Tensor target = indices(choices, classes, ignored, near(choices, rows));
    Tensor weight = choices.flag() ? null : classWeight(choices, input, classes);
    NllLoss loss =
        NllLoss.create().reduction(choices.of(List.of(Reduction.values()))).ignoreIndex(ignored).weight(weight);
    loss.forward(input, target);
    Tensor upstream = choices.flag() ? null : tensor(choices, floats(choices), choices.flag() ? near(choices, rows) : new int[0]);
    loss.forwardBackward(input, target, upstream);
  }

  private static void activations(Choices choices) {
    int[] shape = shape(choices);
    Tensor input = tensor(choices, dtype(choices), shape);
    Tensor upstream = choices.flag() ? null : tensor(choices, floats(choices), near(choices, shape));
    int dim = choices.oneIn(4) ? (int) choices.integer() : choices.below(2 * shape.length + 1) - shape.length;
    DType dtype = choices.flag() ? null : dtype(choices);
    switch (choices.below(8)) {
      case 0 -> Activations.sigmoid(input);
      case 1 -> Activations.sigmoidBackward(input, upstream);
      case 2 -> Activations.logSigmoid(input);
      case 3 -> Activations.logSigmoidBackward(input, upstream);
      case 4 -> Activations.softmax(input, dim, dtype);
      case 5 -> Activations.softmaxBackward(input, dim, dtype, upstream);
      case 6 -> Activations.logSoftmax(input, dim, dtype);
      default -> Activations.logSoftmaxBackward(input, dim, dtype, upstream);
    }
  }

  private static void oneHot(Choices choices) {
    int[] shape = shape(choices);
    Tensor indices = indices(choices, 1 + choices.below(40), choices.integer(), shape);
    int classes = choices.flag() ? -1 : (int) choices.integer();
    long columns = classes == -1 ? 1 + IntStream.range(0, indices.numel()).mapToLong(indices::getLong).max().orElse(0) : classes;
    if (columns > MOST_VALUES && indices.numel() > 0) {
      return; // a result of that size is what was asked for
    }
    OneHot.of(indices, classes);
  }

  private static void metrics(Choices choices) {
    int[] shape = shape(choices);
    DType dtype = dtype(choices);
    Tensor prediction = indices(choices, 1 + choices.below(5), choices.integer(), shape).to(dtype);
    Tensor target = indices(choices, 1 + choices.below(5), choices.integer(), near(choices, shape)).to(dtype(choices));
    Tensor scores = tensor(choices, floats(choices), near(choices, shape));
    ZeroDivision zeroDivision = choices.of(List.of(ZeroDivision.values()));
    long[] labels = IntStream.range(0, choices.below(4)).mapToLong(_ -> choices.integer()).toArray();
    switch (choices.below(9)) {
      case 0 -> Accuracy.of(prediction, target);
      case 1 -> Accuracy.exactMatch(prediction, target);
      case 2 -> Accuracy.hammingLoss(prediction, target);
      case 3 -> {
        LabelScores label = LabelScores.of(prediction, target, zeroDivision, labels);
        label.scores();
        label.average(choices.of(List.of(Average.values())));
      }
      case 4 ->
          ClassificationReport.create()
              .digits(choices.oneIn(4) ? (int) choices.integer() : 2)
              .zeroDivision(zeroDivision)
              .labels(labels)
              .targetNames(Arrays.copyOf(new String[] {"a", "b\n", "ç", ""}, choices.below(4)))
              .text(prediction, target);
      case 5 -> BestThreshold.ofF1(scores, target).predictions(scores);
      case 6 -> Predictions.ofProbabilities(scores, choices.number());
      case 7 -> Predictions.ofLogits(scores, choices.number());
      default -> Predictions.ofClassScores(scores);
    }
  }

  private static void tensors(Choices choices) {
    int[] shape = shape(choices);
    Tensor tensor = tensor(choices, dtype(choices), shape);
    switch (choices.below(6)) {
      case 0 -> tensor.reshape(anyShape(choices));
      case 1 -> {
        int[] wanted = anyShape(choices);
        if (product(wanted) <= MOST_ROWS) {
          Tensor.zeros(dtype(choices), wanted);
        }
      }
      case 2 -> tensor.argmax((int) choices.integer());
      case 3 -> Tensor.of(dtype(choices), tensor.array(), anyShape(choices));
      case 4 -> tensor.item();
      default -> {
        if (!tensor.copy().sameBits(tensor) || tensor.toString().length() > 1000) {
          throw new AssertionError("The copy of %s differs.".formatted(tensor));
        }
      }
    }
  }

  // ---- values of the input's choice ----

  private static DType dtype(Choices choices) {
    return choices.of(List.of(DType.values()));
  }

  private static DType floats(Choices choices) {
    return choices.oneIn(8) ? dtype(choices) : choices.of(FLOATS);
  }

  /** A shape of few values, also one that is large in every dimension but one of size 0. */
  private static int[] shape(Choices choices) {
    int[] shape = new int[choices.below(6)];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = choices.oneIn(8) ? choices.of(LARGE) : choices.of(SIZES);
    }
    while (product(shape) > MOST_VALUES) {
      int largest = 0;
      for (int i = 0; i < shape.length; i++) {
        largest = shape[i] > shape[largest] ? i : largest;
      }
      shape[largest] = choices.flag() ? 0 : 1;
    }
    return shape;
  }

  private static int[] anyShape(Choices choices) {
    return IntStream.range(0, choices.below(6)).map(_ -> (int) choices.integer()).toArray();
  }

  /** Mostly the shape itself, otherwise one that differs a little. */
  private static int[] near(Choices choices, int... shape) {
    int[] near = shape.clone();
    switch (choices.below(8)) {
      case 0 -> near = Arrays.copyOf(shape, shape.length + 1);
      case 1 -> near = Arrays.copyOf(shape, Math.max(0, shape.length - 1));
      case 2 -> {
        if (shape.length > 0) {
          near[choices.below(shape.length)] = choices.of(SIZES);
        }
      }
      case 3 -> near = shape(choices);
      default -> {}
    }
    return product(near) > MOST_VALUES ? new int[] {0} : near;
  }

  /** A shape that mostly broadcasts to the given one. */
  private static int[] broadcast(Choices choices, int... shape) {
    int[] weight = Arrays.copyOfRange(shape, choices.below(shape.length + 1), shape.length);
    for (int i = 0; i < weight.length; i++) {
      weight[i] = choices.oneIn(3) ? 1 : weight[i];
    }
    return near(choices, weight);
  }

  private static int[] withoutClasses(int[] shape) {
    if (shape.length < 2) {
      return new int[0];
    }
    int[] rows = new int[shape.length - 1];
    rows[0] = shape[0];
    System.arraycopy(shape, 2, rows, 1, shape.length - 2);
    return rows;
  }

  /** The number of values; negative sizes count as 0, and no product overflows. */
  private static long product(int[] shape) {
    double product = 1;
    for (int size : shape) {
      product *= Math.max(0, size);
    }
    return (long) product;
  }

  private static Tensor tensor(Choices choices, DType dtype, int... shape) {
    double[] values = new double[(int) product(shape)];
    int drawn = 1 + choices.below(8);
    for (int i = 0; i < values.length; i++) {
      values[i] = i < drawn ? choices.number() : values[i % drawn];
    }
    return Tensor.of(values, shape).to(dtype);
  }

  /** A weight a class, mostly of the right shape and dtype. */
  private static Tensor classWeight(Choices choices, Tensor input, int classes) {
    DType dtype = choices.flag() ? input.dtype() : dtype(choices);
    return tensor(choices, dtype, near(choices, Math.min(classes, MOST_VALUES)));
  }

  private static Tensor probabilities(Choices choices, DType dtype, int... shape) {
    double[] values = new double[(int) product(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = i == 7 && choices.oneIn(8) ? choices.number() : choices.any() / 255.0;
    }
    return Tensor.of(values, shape).to(dtype);
  }

  private static Tensor indices(Choices choices, int classes, long ignored, int... shape) {
    long[] values = new long[(int) product(shape)];
    boolean wild = choices.oneIn(4);
    for (int i = 0; i < values.length; i++) {
      values[i] =
          choices.oneIn(6) ? ignored : wild && choices.oneIn(8) ? choices.integer() : choices.any() % Math.max(1, classes);
    }
    Tensor indices = Tensor.of(values, shape);
    return choices.oneIn(6) ? indices.to(dtype(choices)) : indices;
  }

  @Override
  public List<byte[]> seeds() {
    return Choices.random(96);
  }
}
