package org.lanewise.conformance.docs;

import static java.util.Locale.ROOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.kernels.Activations;
import org.lanewise.kernels.Bce;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.CrossEntropy;
import org.lanewise.kernels.LossAndGradient;
import org.lanewise.kernels.NllLoss;
import org.lanewise.kernels.Reduction;
import org.lanewise.kernels.error.TorchError;
import org.lanewise.kernels.metrics.Accuracy;
import org.lanewise.kernels.metrics.Predictions;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * The code of {@code docs/pitfalls.md}. Each test runs regions of the page, compares what they print with what the page
 * says, and their figures with the mathematics.
 */
class PitfallsTest {
  private static final double TOLERANCE = 1e-6;
  private static final Page PAGE = Page.read("pitfalls.md");
  private static final SequencedMap<String, String> REGIONS = Page.regions(PitfallsTest.class);

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);

  @Test
  void thePageShowsTheseRegionsAndNoOtherCode() {
    assertTrue(REGIONS.size() >= 10, REGIONS.size() + " regions");
    List<String> shown = PAGE.examples().stream().map(Page.Example::code).toList();
    assertEquals(List.copyOf(REGIONS.sequencedValues()), shown);
    for (Page.Example example : PAGE.examples()) {
      assertTrue(example.output() != null, () -> "no output for\n" + example.code());
    }
  }

  /** Compares what has been printed since the last call with the page. */
  private void assertPageShows(String region) {
    String actual = printed.toString(StandardCharsets.UTF_8).lines().collect(Collectors.joining("\n"));
    printed.reset();
    assertEquals(PAGE.outputOf(REGIONS.get(region)), actual);
  }

  /** ln(1 + e^x): the loss of the logit x where the target is 0, of −x where it is 1. */
  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Test
  void integerLabels() {
    // @start region=integer labels
    Tensor logits = Tensor.of(new float[] {0.5f, -1, 2}, 3);
    Tensor labels = Tensor.of(new long[] {1, 0, 1}, 3);
    BceWithLogits loss = BceWithLogits.create();
    try {
      loss.forward(logits, labels);
    } catch (TorchError e) {
      out.println(e.torchClass() + ": " + e.getMessage());
      out.println(e.remedy());
    }
    Tensor converted = loss.forward(logits, labels.to(DType.FLOAT32));
    out.printf(ROOT, "converted: %.4f%n", converted.item());
    // @end
    assertPageShows("integer labels");
    assertEquals((softplus(-0.5) + softplus(-1) + softplus(-2)) / 3, converted.item(), TOLERANCE);
  }

  @Test
  void classIndicesOfAnotherType() {
    // @start region=class indices of another type
    Tensor logits = Tensor.of(new float[] {2, 0, 1, 0, 3, 1}, 2, 3);
    Tensor ints = Tensor.of(DType.INT32, new int[] {0, 1}, 2);
    Tensor floats = Tensor.of(new float[] {0, 1}, 2);
    CrossEntropy loss = CrossEntropy.create();
    for (Tensor classes : List.of(ints, floats)) {
      try {
        loss.forward(logits, classes);
      } catch (TorchError e) {
        out.println(e.torchClass() + ": " + e.getMessage());
        out.println(e.remedy());
      }
    }
    Tensor converted = loss.forward(logits, ints.to(DType.INT64));
    out.printf(ROOT, "converted: %.4f%n", converted.item());
    // @end
    assertPageShows("class indices of another type");
    double first = Math.log(Math.exp(2) + 1 + Math.exp(1)) - 2;
    double second = Math.log(1 + Math.exp(3) + Math.exp(1)) - 3;
    assertEquals((first + second) / 2, converted.item(), TOLERANCE);
  }

  @Test
  void columnAgainstRow() {
    // @start region=[B] against [B, 1]
    Tensor logits = Tensor.of(new float[] {3, -3, 3, -3}, 4, 1);
    Tensor labels = Tensor.of(new float[] {1, 0, 1, 0}, 4);
    BceWithLogits loss = BceWithLogits.create();
    try {
      loss.forward(logits, labels);
    } catch (TorchError e) {
      out.println(e.torchClass() + ": " + e.getMessage());
      out.println(e.remedy());
    }
    Tensor right = loss.forward(logits, labels.reshape(4, 1));
    out.printf(ROOT, "reshaped: %.4f%n", right.item());

    // What a library that broadcasts computes: every logit against every label.
    Tensor everyLogit = Tensor.zeros(DType.FLOAT32, 4, 4);
    Tensor everyLabel = Tensor.zeros(DType.FLOAT32, 4, 4);
    for (int i = 0; i < 16; i++) {
      everyLogit.floats()[i] = logits.floats()[i / 4];
      everyLabel.floats()[i] = labels.floats()[i % 4];
    }
    Tensor broadcast = loss.forward(everyLogit, everyLabel);
    out.printf(ROOT, "broadcast to [4, 4]: %.4f%n", broadcast.item());
    // @end
    assertPageShows("[B] against [B, 1]");
    assertEquals(softplus(-3), right.item(), TOLERANCE);
    assertEquals((softplus(-3) + softplus(3)) / 2, broadcast.item(), TOLERANCE);
  }

  @Test
  void crossEntropyOfOneColumn() {
    // @start region=cross-entropy of one column
    Tensor logits = Tensor.of(new float[] {-3, 3, -3}, 3, 1);
    Tensor labels = Tensor.of(new float[] {1, 0, 1}, 3, 1);
    LossAndGradient wrong = CrossEntropy.create().forwardBackward(logits, labels);
    LossAndGradient right = BceWithLogits.create().forwardBackward(logits, labels);
    out.printf(ROOT, "cross-entropy:   loss %.4f, gradient of the first logit %.4f%n",
        wrong.loss().item(), wrong.logitsGradient().getDouble(0));
    out.printf(ROOT, "BCE with logits: loss %.4f, gradient of the first logit %.4f%n",
        right.loss().item(), right.logitsGradient().getDouble(0));
    // @end
    assertPageShows("cross-entropy of one column");
    assertEquals(0, wrong.loss().item());
    assertArrayEquals(new float[3], wrong.logitsGradient().floats());
    assertEquals(softplus(3), right.loss().item(), TOLERANCE);
    assertEquals((sigmoid(-3) - 1) / 3, right.logitsGradient().getDouble(0), TOLERANCE);
  }

  @Test
  void sigmoidBeforeBceWithLogits() {
    // @start region=sigmoid before BCE-with-logits
    Tensor logits = Tensor.of(new float[] {8, -8}, 2);
    Tensor labels = Tensor.of(new float[] {1, 0}, 2);
    BceWithLogits loss = BceWithLogits.create();
    Tensor right = loss.forward(logits, labels);
    Tensor wrong = loss.forward(Activations.sigmoid(logits), labels);
    out.printf(ROOT, "both right: loss %.6f; after a sigmoid %.6f%n", right.item(), wrong.item());

    // A sigmoid gives at most 1 and at least 0: the labels themselves are the best that it can do.
    Tensor best = loss.reduction(Reduction.NONE).forward(labels, labels);
    out.printf(ROOT, "after a sigmoid at least %.4f (target 1) and %.4f (target 0)%n", best.getDouble(0), best.getDouble(1));

    Tensor opposite = Tensor.of(new float[] {0, 1}, 2);
    Tensor rightGradient = loss.forwardBackward(logits, opposite).logitsGradient();
    Tensor upstream = loss.forwardBackward(Activations.sigmoid(logits), opposite).logitsGradient();
    Tensor wrongGradient = Activations.sigmoidBackward(logits, upstream);
    out.printf(ROOT, "both wrong: gradient of the first logit %.6f; through a sigmoid %.6f%n",
        rightGradient.getDouble(0), wrongGradient.getDouble(0));
    // @end
    assertPageShows("sigmoid before BCE-with-logits");
    assertEquals(softplus(-8), right.item(), TOLERANCE);
    assertEquals((softplus(-sigmoid(8)) + softplus(sigmoid(-8))) / 2, wrong.item(), TOLERANCE);
    assertEquals(softplus(-1), best.getDouble(0), TOLERANCE);
    assertEquals(Math.log(2), best.getDouble(1), TOLERANCE);
    assertEquals(sigmoid(8) / 2, rightGradient.getDouble(0), TOLERANCE);
    assertEquals(sigmoid(sigmoid(8)) * sigmoid(8) * sigmoid(-8) / 2, wrongGradient.getDouble(0), TOLERANCE);
    // The page: more than 4,000 times.
    assertTrue(rightGradient.getDouble(0) > 4000 * wrongGradient.getDouble(0));
  }

  @Test
  void softmaxBeforeALoss() {
    // @start region=softmax before a loss
    Tensor logits = Tensor.of(new float[] {8, 8, -8}, 1, 3);
    Tensor labels = Tensor.of(new float[] {1, 1, 0}, 1, 3);
    BceWithLogits bce = BceWithLogits.create();
    Tensor rightBce = bce.forward(logits, labels);
    Tensor wrongBce = bce.forward(Activations.softmax(logits, 1), labels);
    out.printf(ROOT, "BCE with logits: loss %.2e; after a softmax %.4f%n", rightBce.item(), wrongBce.item());

    Tensor oneClass = Tensor.of(new float[] {8, -8, -8}, 1, 3);
    Tensor first = Tensor.of(new long[] {0}, 1);
    CrossEntropy crossEntropy = CrossEntropy.create();
    Tensor right = crossEntropy.forward(oneClass, first);
    Tensor wrong = crossEntropy.forward(Activations.softmax(oneClass, 1), first);
    out.printf(ROOT, "cross-entropy:   loss %.2e; after a softmax %.4f%n", right.item(), wrong.item());
    // @end
    assertPageShows("softmax before a loss");
    assertEquals(softplus(-8), rightBce.item(), TOLERANCE);
    double half = 1 / (2 + Math.exp(-16));
    assertEquals((2 * softplus(-half) + softplus(1 - 2 * half)) / 3, wrongBce.item(), TOLERANCE);
    assertEquals(Math.log1p(2 * Math.exp(-16)), right.item(), 1e-12);
    assertEquals(Math.log(Math.E + 2) - 1, wrong.item(), TOLERANCE);
  }

  @Test
  void sigmoidBeforeBce() {
    // @start region=sigmoid before BCE
    Tensor logits = Tensor.of(new float[] {20}, 1);
    Tensor labels = Tensor.of(new float[] {0}, 1);
    Tensor fromProbability = Bce.create().forward(Activations.sigmoid(logits), labels);
    Tensor fromLogit = BceWithLogits.create().forward(logits, labels);
    out.printf(ROOT, "from the probability: %.1f%n", fromProbability.item());
    out.printf(ROOT, "from the logit:       %.1f%n", fromLogit.item());
    // @end
    assertPageShows("sigmoid before BCE");
    assertEquals(100, fromProbability.item());
    assertEquals(20, fromLogit.item(), TOLERANCE);
  }

  @Test
  void thresholdOnLogits() {
    // @start region=threshold on logits
    Tensor logits = Tensor.of(new float[] {-1.2f, 0.1f, 0.3f, 0.45f, 2}, 5);
    Tensor labels = Tensor.of(new float[] {0, 1, 1, 1, 1}, 5);
    Tensor wrong = Tensor.zeros(DType.INT64, 5);
    for (int i = 0; i < 5; i++) {
      wrong.longs()[i] = logits.floats()[i] > 0.5f ? 1 : 0;
    }
    Tensor right = Predictions.ofLogits(logits);
    double meant = Activations.sigmoid(Tensor.scalar(0.5f)).item();
    out.printf(ROOT, "logit > 0.5 is probability > %.4f: %s%n", meant, Arrays.toString(wrong.longs()));
    out.printf(ROOT, "probability > 0.5 is logit > 0:      %s%n", Arrays.toString(right.longs()));
    out.printf(ROOT, "accuracy %.1f and %.1f%n", Accuracy.of(wrong, labels), Accuracy.of(right, labels));

    double p = 0.3;
    out.printf(ROOT, "probability > %.1f is logit > %.4f%n", p, Math.log(p / (1 - p)));
    // @end
    assertPageShows("threshold on logits");
    assertArrayEquals(new long[] {0, 0, 0, 0, 1}, wrong.longs());
    assertArrayEquals(new long[] {0, 1, 1, 1, 1}, right.longs());
    assertEquals(sigmoid(0.5), meant, TOLERANCE);
    assertEquals(p, sigmoid(Math.log(p / (1 - p))), TOLERANCE);
  }

  @Test
  void meanDividedAgain() {
    // @start region=mean divided again
    int batch = 32;
    float[] logits = new float[batch];
    float[] target = new float[batch];
    Arrays.fill(target, 1);
    float[] gradient = new float[batch];
    float mean = BceWithLogits.create().forwardBackward(logits, target, batch, 1, gradient);
    float biasGradient = 0;
    for (float g : gradient) {
      biasGradient += g;
    }
    float sum = BceWithLogits.create().reduction(Reduction.SUM).forward(logits, target, batch, 1);
    out.printf(ROOT, "mean:            loss %.4f, gradient of the bias %.4f%n", mean, biasGradient);
    out.printf(ROOT, "divided again:   loss %.4f, gradient of the bias %.4f%n", mean / batch, biasGradient / batch);
    out.printf(ROOT, "sum / batch:     loss %.4f%n", sum / batch);
    // @end
    assertPageShows("mean divided again");
    assertEquals(Math.log(2), mean, TOLERANCE);
    assertEquals(Math.log(2), sum / batch, TOLERANCE);
    assertEquals(-0.5, biasGradient, TOLERANCE);
  }

  @Test
  void meanOfBatchMeans() {
    // @start region=mean of batch means
    float[][] batches = {{3, 3, 3, 3}, {-3}};
    BceWithLogits mean = BceWithLogits.create();
    BceWithLogits sum = mean.reduction(Reduction.SUM);
    double means = 0;
    double sums = 0;
    int samples = 0;
    for (float[] logits : batches) {
      float[] target = new float[logits.length];
      Arrays.fill(target, 1);
      means += mean.forward(logits, target, logits.length, 1);
      sums += sum.forward(logits, target, logits.length, 1);
      samples += logits.length;
    }
    out.printf(ROOT, "mean of the batches' means: %.4f%n", means / batches.length);
    out.printf(ROOT, "sum over all samples, divided by their number: %.4f%n", sums / samples);
    // @end
    assertPageShows("mean of batch means");
    assertEquals((softplus(-3) + softplus(3)) / 2, means / 2, TOLERANCE);
    assertEquals((4 * softplus(-3) + softplus(3)) / 5, sums / 5, TOLERANCE);
  }

  @Test
  void meanOfBatchMeansWithIgnoredRows() {
    // @start region=mean of batch means with ignored rows
    float[] logits = {0, 3, 0, 3, 0, 3, 0, 3};
    long[][] batches = {{1, 1, 1, 1}, {0, -100, -100, -100}};
    CrossEntropy mean = CrossEntropy.create();
    CrossEntropy sum = mean.reduction(Reduction.SUM);
    double means = 0;
    double sums = 0;
    long counted = 0;
    for (long[] target : batches) {
      means += mean.forward(logits, target, 4, 2);
      sums += sum.forward(logits, target, 4, 2);
      counted += Arrays.stream(target).filter(index -> index != -100).count();
    }
    out.printf(ROOT, "mean of the batches' means: %.4f%n", means / batches.length);
    out.printf(ROOT, "sum over all rows, divided by the %d that count: %.4f%n", counted, sums / counted);
    // @end
    assertPageShows("mean of batch means with ignored rows");
    assertEquals((softplus(-3) + softplus(3)) / 2, means / 2, TOLERANCE);
    assertEquals((4 * softplus(-3) + softplus(3)) / 5, sums / 5, TOLERANCE);
  }

  @Test
  void accuracyDividedByRows() {
    // @start region=accuracy divided by rows
    Tensor logits = Tensor.of(new float[] {2, -1, 3, -2, -1, 1, -3, 2, 1, -2, 2, -1}, 3, 4);
    Tensor labels = Tensor.of(new float[] {1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1}, 3, 4);
    Tensor predictions = Predictions.ofLogits(logits);
    int right = 0;
    for (int i = 0; i < labels.numel(); i++) {
      right += predictions.getDouble(i) == labels.getDouble(i) ? 1 : 0;
    }
    double wrong = (double) right / labels.size(0);
    double ofLabels = Accuracy.of(predictions, labels);
    double ofRows = Accuracy.exactMatch(predictions, labels);
    out.printf(ROOT, "right labels divided by rows: %.4f%n", wrong);
    out.printf(ROOT, "divided by rows · labels:     %.4f%n", ofLabels);
    out.printf(ROOT, "rows with no label wrong:     %.4f%n", ofRows);
    // @end
    assertPageShows("accuracy divided by rows");
    assertEquals(10 / 3.0, wrong, TOLERANCE);
    assertEquals(10 / 12.0, ofLabels, TOLERANCE);
    assertEquals(1 / 3.0, ofRows, TOLERANCE);
  }

  @Test
  void crossEntropyForMultiLabel() {
    // @start region=cross-entropy for multi-label
    Tensor logits = Tensor.of(new float[] {8, 8, -8, 8, 8, 8}, 2, 3);
    Tensor labels = Tensor.of(new float[] {1, 1, 0, 0, 0, 0}, 2, 3);
    LossAndGradient wrong = CrossEntropy.create().reduction(Reduction.NONE).forwardBackward(logits, labels);
    LossAndGradient right = BceWithLogits.create().reduction(Reduction.NONE).forwardBackward(logits, labels);
    out.printf(ROOT, "two labels, both found:  cross-entropy %.4f%n", wrong.loss().getDouble(0));
    out.printf(ROOT, "                         BCE %.4f a label%n", right.loss().getDouble(0));
    out.printf(ROOT, "no label, three claimed: cross-entropy %.4f, gradient %.4f%n",
        wrong.loss().getDouble(1), wrong.logitsGradient().getDouble(3));
    out.printf(ROOT, "                         BCE %.4f a label, gradient %.4f%n",
        right.loss().getDouble(3), right.logitsGradient().getDouble(3));
    // @end
    assertPageShows("cross-entropy for multi-label");
    assertEquals(2 * Math.log(2), wrong.loss().getDouble(0), TOLERANCE);
    assertEquals(0, wrong.loss().getDouble(1));
    assertArrayEquals(new float[3], Arrays.copyOfRange(wrong.logitsGradient().floats(), 3, 6));
    assertEquals(softplus(-8), right.loss().getDouble(0), TOLERANCE);
    assertEquals(softplus(8), right.loss().getDouble(3), TOLERANCE);
    assertEquals(sigmoid(8), right.logitsGradient().getDouble(3), TOLERANCE);
  }

  @TempDir Path folder;

  @Test
  void lossConstructedWithItsOperands() throws IOException, URISyntaxException {
    String mistake =
        """
        // @start region=loss constructed with its operands
        import org.lanewise.kernels.BceWithLogits;
        import org.lanewise.kernels.tensor.Tensor;

        class Mistake {
          Object loss(Tensor outputs, Tensor targets) {
            return new BceWithLogits(outputs, targets);
          }
        }
        // @end
        """;
    mistake = mistake.lines().filter(line -> !line.startsWith("// @")).collect(Collectors.joining("\n"));
    out.println(firstError(mistake));
    assertPageShows("loss constructed with its operands");
    // That javac refuses the mistake, and not its surroundings:
    assertEquals("", firstError(mistake.replace("new BceWithLogits(", "BceWithLogits.create().forward(")));
    for (Class<?> loss : List.of(BceWithLogits.class, CrossEntropy.class, Bce.class, NllLoss.class)) {
      assertEquals(0, loss.getConstructors().length, loss.getName());
    }
  }

  /** The first error that javac reports of a class named Mistake; empty if it compiles. */
  private String firstError(String source) throws IOException, URISyntaxException {
    Path file = Files.writeString(folder.resolve("Mistake.java"), source);
    String kernels = Path.of(BceWithLogits.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    StringWriter messages = new StringWriter();
    PrintWriter writer = new PrintWriter(messages);
    ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();
    String[] arguments = {"-proc:none", "-cp", kernels, "-d", folder.toString(), file.toString()};
    Locale locale = Locale.getDefault();
    Locale.setDefault(Locale.ENGLISH); // javac speaks the user's language, the page does not
    int status;
    try {
      status = javac.run(writer, writer, arguments);
    } finally {
      Locale.setDefault(locale);
    }
    String error = messages.toString().lines().filter(line -> line.contains("error: ")).findFirst().orElse("");
    assertEquals(status == 0, error.isEmpty(), messages::toString);
    return error.replace(folder.toString(), "").replaceFirst("^[\\\\/]", "");
  }

  @Test
  void lossGivenItsOperands() {
    // @start region=loss given its operands
    BceWithLogits loss = BceWithLogits.create();
    Tensor outputs = Tensor.of(new float[] {0.5f}, 1);
    Tensor targets = Tensor.of(new float[] {1}, 1);
    Tensor result = loss.forward(outputs, targets);
    out.printf(ROOT, "%.4f%n", result.item());
    // @end
    assertPageShows("loss given its operands");
    assertEquals(softplus(-0.5), result.item(), TOLERANCE);
  }

  @Test
  void clippedLogits() {
    // @start region=clipped logits
    float[] logits = {1000, -1000, 20, -20};
    float[] target = {0, 1, 0, 0};
    float[] clipped = new float[4];
    for (int i = 0; i < 4; i++) {
      clipped[i] = Math.clamp(logits[i], -10, 10);
    }
    BceWithLogits loss = BceWithLogits.create().reduction(Reduction.NONE);
    float[] losses = new float[4];
    float[] gradient = new float[4];
    float[] clippedLosses = new float[4];
    float[] clippedGradient = new float[4];
    loss.elementwise(logits, target, 4, 1, losses, gradient);
    loss.elementwise(clipped, target, 4, 1, clippedLosses, clippedGradient);
    for (int i = 0; i < 4; i++) {
      float passedOn = clipped[i] == logits[i] ? clippedGradient[i] : 0; // a clip that acts passes no gradient on
      out.printf(ROOT, "logit %.0f, target %.0f%n", logits[i], target[i]);
      out.printf(ROOT, "  as it is: loss %.5g, gradient %.5g%n", losses[i], gradient[i]);
      out.printf(ROOT, "  clipped:  loss %.5g, gradient %.5g%n", clippedLosses[i], passedOn);
    }
    // @end
    assertPageShows("clipped logits");
    for (int i = 0; i < 4; i++) {
      double sign = 1 - 2 * target[i];
      double x = logits[i] * sign;
      assertEquals(softplus(x), losses[i], TOLERANCE * softplus(x));
      assertEquals(sign * sigmoid(x), gradient[i], TOLERANCE * sigmoid(x));
      assertEquals(softplus(clipped[i] * sign), clippedLosses[i], TOLERANCE * softplus(clipped[i] * sign));
    }
  }

  @Test
  void clippedProbability() {
    // @start region=clipped probability
    Tensor logits = Tensor.of(new float[] {20}, 1);
    Tensor labels = Tensor.of(new float[] {0}, 1);
    float probability = Activations.sigmoid(logits).floats()[0];
    Tensor clipped = Tensor.of(new float[] {Math.clamp(probability, 1e-7f, 1 - 1e-7f)}, 1);
    Tensor wrong = Bce.create().forward(clipped, labels);
    Tensor right = BceWithLogits.create().forward(logits, labels);
    out.printf(ROOT, "from the clipped probability: %.4f%n", wrong.item());
    out.printf(ROOT, "from the logit:               %.4f%n", right.item());
    // @end
    assertPageShows("clipped probability");
    assertEquals(23 * Math.log(2), wrong.item(), 1e-5); // 1 - 1e-7 is 1 - 2^-23 in float32
    assertEquals(20, right.item(), TOLERANCE);
  }

  @Test
  void clippedLogitsOfARow() {
    // @start region=large logits in cross-entropy
    Tensor logits = Tensor.of(new float[] {1000, 0, -1000}, 1, 3);
    Tensor last = Tensor.of(new long[] {2}, 1);
    LossAndGradient result = CrossEntropy.create().forwardBackward(logits, last);
    out.println("loss " + result.loss().item() + ", gradient " + Arrays.toString(result.logitsGradient().floats()));
    // @end
    assertPageShows("large logits in cross-entropy");
    assertEquals(2000, result.loss().item());
    assertArrayEquals(new float[] {1, 0, -1}, result.logitsGradient().floats());
  }
}
