package org.lanewise.conformance.training;

import static java.util.Locale.ROOT;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.Tensor;

/**
 * A training loop that calls the library for its loss and gradient, and does the rest plainly. {@code
 * docs/training-example.md} prints the regions below; a test holds page and code together.
 */
final class TrainingExample {
  private TrainingExample() {}

  // @start region=run
  /** Trains a network of one hidden layer to tell the ten digits apart, and prints how the loss falls. */
  static float[] run(float[] images, long[] labels, int[][] batches, Linear hidden, Linear output, PrintStream out) {
    List<Parameter> parameters = List.of(hidden.weight(), hidden.bias(), output.weight(), output.bias());
    Loss loss = crossEntropy(Kernels.auto(), labels, output.outputs());
    Optimiser optimiser = sgd(parameters, 0.1, 0.9, 1e-4);
    float[] losses = train(images, batches, hidden, output, loss, optimiser);
    for (int step = 0; step < losses.length; step += 7) {
      out.printf(ROOT, "after %2d steps: loss %.4f%n", step, losses[step]);
    }
    return losses;
  }
  // @end

  // @start region=loss
  /** The mean loss of the given samples, and its gradient with respect to their logits. */
  interface Loss {
    float forwardBackward(float[] logits, int[] samples, float[] logitsGradient);
  }
  // @end

  // @start region=cross-entropy
  /** For samples of one class each. */
  static Loss crossEntropy(KernelProvider kernels, long[] labels, int classes) {
    CrossEntropy loss = CrossEntropy.on(kernels);
    return (logits, samples, logitsGradient) -> {
      long[] target = new long[samples.length];
      for (int row = 0; row < samples.length; row++) {
        target[row] = labels[samples[row]];
      }
      return loss.forwardBackward(logits, target, samples.length, classes, logitsGradient);
    };
  }
  // @end

  // @start region=bce-with-logits
  /** For samples of several labels, each of which holds (1) or not (0); posWeight has one factor a label; null is none. */
  static Loss bceWithLogits(KernelProvider kernels, float[] targets, int labels, Tensor posWeight) {
    BceWithLogits loss = BceWithLogits.on(kernels).posWeight(posWeight);
    return (logits, samples, logitsGradient) -> {
      float[] target = gather(targets, samples, labels);
      return loss.forwardBackward(logits, target, samples.length, labels, logitsGradient);
    };
  }
  // @end

  // @start region=loop
  /** One optimiser step a batch; returns the loss before each step. */
  static float[] train(float[] images, int[][] batches, Linear hidden, Linear output, Loss loss, Optimiser optimiser) {
    float[] losses = new float[batches.length];
    for (int step = 0; step < batches.length; step++) {
      int[] samples = batches[step];
      float[] x = gather(images, samples, hidden.inputs());
      float[] h = hidden.forward(x, samples.length);
      for (int i = 0; i < h.length; i++) {
        h[i] = Math.max(h[i], 0);
      }
      float[] logits = output.forward(h, samples.length);

      float[] logitsGradient = new float[logits.length];
      losses[step] = loss.forwardBackward(logits, samples, logitsGradient);

      float[] hGradient = output.backward(h, logitsGradient, samples.length);
      for (int i = 0; i < h.length; i++) {
        hGradient[i] = h[i] > 0 ? hGradient[i] : 0;
      }
      hidden.backward(x, hGradient, samples.length);
      optimiser.step();
    }
    return losses;
  }

  /** The rows of the given samples, one after the other. */
  static float[] gather(float[] values, int[] samples, int columns) {
    float[] rows = new float[samples.length * columns];
    for (int row = 0; row < samples.length; row++) {
      System.arraycopy(values, samples[row] * columns, rows, row * columns, columns);
    }
    return rows;
  }
  // @end

  // @start region=layer
  /** Values to be learned, and the gradient of the loss with respect to them. */
  record Parameter(float[] value, float[] gradient) {
    Parameter(float[] start) {
      this(start.clone(), new float[start.length]);
    }
  }

  /** y = x Wᵀ + b for each row x; W has one row an output. */
  record Linear(int inputs, int outputs, Parameter weight, Parameter bias) {
    float[] forward(float[] x, int rows) {
      float[] y = new float[rows * outputs];
      for (int row = 0; row < rows; row++) {
        for (int o = 0; o < outputs; o++) {
          float sum = bias.value[o];
          for (int i = 0; i < inputs; i++) {
            sum += x[row * inputs + i] * weight.value[o * inputs + i];
          }
          y[row * outputs + o] = sum;
        }
      }
      return y;
    }

    /** Sets the gradients of weight and bias, and returns that of x. */
    float[] backward(float[] x, float[] yGradient, int rows) {
      Arrays.fill(weight.gradient, 0);
      Arrays.fill(bias.gradient, 0);
      float[] xGradient = new float[rows * inputs];
      for (int row = 0; row < rows; row++) {
        for (int o = 0; o < outputs; o++) {
          float g = yGradient[row * outputs + o];
          bias.gradient[o] += g;
          for (int i = 0; i < inputs; i++) {
            weight.gradient[o * inputs + i] += g * x[row * inputs + i];
            xGradient[row * inputs + i] += g * weight.value[o * inputs + i];
          }
        }
      }
      return xGradient;
    }
  }
  // @end

  // @start region=optimisers
  /** Moves all parameters against their gradients. */
  interface Optimiser {
    void step();
  }

  /** Stochastic gradient descent; momentum 0 is the plain one. */
  static Optimiser sgd(List<Parameter> parameters, double learningRate, double momentum, double weightDecay) {
    List<float[]> velocities = zerosLike(parameters);
    return () -> {
      for (int p = 0; p < velocities.size(); p++) {
        float[] value = parameters.get(p).value;
        float[] gradient = parameters.get(p).gradient;
        float[] velocity = velocities.get(p);
        for (int i = 0; i < value.length; i++) {
          velocity[i] = (float) (momentum * velocity[i] + gradient[i] + weightDecay * value[i]);
          value[i] -= (float) (learningRate * velocity[i]);
        }
      }
    };
  }

  /** Adam; as in PyTorch's Adam (not AdamW) the weight decay is part of the gradient. */
  static Optimiser adam(
      List<Parameter> parameters, double learningRate, double beta1, double beta2, double epsilon, double weightDecay) {
    List<float[]> means = zerosLike(parameters);
    List<float[]> squares = zerosLike(parameters);
    double[] remaining = {1, 1}; // beta1^t and beta2^t: how much of the means' start at 0 is left
    return () -> {
      remaining[0] *= beta1;
      remaining[1] *= beta2;
      for (int p = 0; p < means.size(); p++) {
        float[] value = parameters.get(p).value;
        float[] gradient = parameters.get(p).gradient;
        float[] mean = means.get(p);
        float[] square = squares.get(p);
        for (int i = 0; i < value.length; i++) {
          double g = gradient[i] + weightDecay * value[i];
          mean[i] = (float) (beta1 * mean[i] + (1 - beta1) * g);
          square[i] = (float) (beta2 * square[i] + (1 - beta2) * g * g);
          double direction = mean[i] / (1 - remaining[0]);
          double size = Math.sqrt(square[i] / (1 - remaining[1])) + epsilon;
          value[i] -= (float) (learningRate * direction / size);
        }
      }
    };
  }

  private static List<float[]> zerosLike(List<Parameter> parameters) {
    return parameters.stream().map(parameter -> new float[parameter.value.length]).toList();
  }
  // @end

  // @start region=main
  /** Noisy copies of ten random patterns, in place of images of the ten digits. */
  static void main() {
    Random random = new Random(1);
    float[] patterns = gaussian(random, 10 * 64, 1);
    long[] labels = random.longs(500, 0, 10).toArray();
    float[] images = gaussian(random, labels.length * 64, 1);
    for (int i = 0; i < images.length; i++) {
      images[i] += patterns[(int) labels[i / 64] * 64 + i % 64];
    }
    int[][] batches = new int[50][];
    for (int step = 0; step < batches.length; step++) {
      batches[step] = random.ints(32, 0, labels.length).toArray();
    }
    Linear hidden = new Linear(64, 24, new Parameter(gaussian(random, 24 * 64, 0.05f)), new Parameter(new float[24]));
    Linear output = new Linear(24, 10, new Parameter(gaussian(random, 10 * 24, 0.05f)), new Parameter(new float[10]));
    run(images, labels, batches, hidden, output, System.out);
  }

  private static float[] gaussian(Random random, int length, float deviation) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = deviation * (float) random.nextGaussian();
    }
    return values;
  }
  // @end
}
