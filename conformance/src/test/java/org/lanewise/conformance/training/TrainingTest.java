package org.lanewise.conformance.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.conformance.docs.Page;
import org.lanewise.conformance.training.TrainingExample.Linear;
import org.lanewise.conformance.training.TrainingExample.Loss;
import org.lanewise.conformance.training.TrainingExample.Optimiser;
import org.lanewise.conformance.training.TrainingExample.Parameter;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.Tensor;

/** The training loop of the documentation sees the losses that PyTorch saw, and a spoiled one does not. */
class TrainingTest {
  private static final int STEPS = 50;
  private static final Page PAGE = Page.read("training-example.md");
  private static final List<Trajectory> TRAJECTORIES = Trajectory.all();

  @Test
  void theStoredTrajectoriesCoverBothLossesAndAllOptimisers() {
    assertEquals(Set.of("bce_with_logits", "cross_entropy"), kinds(Trajectory::operation));
    assertEquals(
        Set.of("plain sgd", "sgd with momentum", "adam with decay"),
        kinds(
            trajectory -> {
              JsonObject optimiser = trajectory.optimiser();
              if (optimiser.get("name").getAsString().equals("adam")) {
                return optimiser.get("weight_decay").getAsDouble() > 0 ? "adam with decay" : "adam";
              }
              return optimiser.get("momentum").getAsDouble() > 0 ? "sgd with momentum" : "plain sgd";
            }));
    for (Trajectory trajectory : TRAJECTORIES) {
      assertEquals(STEPS, trajectory.losses().length, trajectory.name());
      assertEquals(1e-4, trajectory.tolerance(), trajectory.name());
    }
  }

  private static Set<String> kinds(Function<Trajectory, String> kind) {
    return TRAJECTORIES.stream().map(kind).collect(Collectors.toSet());
  }

  @TestFactory
  Stream<DynamicTest> everyLossIsPyTorchs() {
    return onBothKernels(
        (kernels, trajectory) -> {
          float[] losses = losses(trajectory, loss(kernels, trajectory, true));
          double deviation = deviation(losses, trajectory);
          assertTrue(deviation <= trajectory.tolerance(), "largest relative deviation " + deviation);
        });
  }

  @TestFactory
  Stream<DynamicTest> theLossAtLeastHalves() {
    return onBothKernels(
        (kernels, trajectory) -> {
          float[] losses = losses(trajectory, loss(kernels, trajectory, true));
          // The mean over the last batches, for single batches differ in how hard they are.
          double end = Arrays.stream(doubles(losses)).skip(STEPS - 5).average().orElseThrow();
          assertTrue(end <= losses[0] / 2, "from " + losses[0] + " to " + end);
        });
  }

  @TestFactory
  Stream<DynamicTest> aGradientOnePercentTooLargeShows() {
    return onBothKernels(
        (kernels, trajectory) -> {
          Loss right = loss(kernels, trajectory, true);
          Loss wrong =
              (logits, samples, gradient) -> {
                float loss = right.forwardBackward(logits, samples, gradient);
                for (int i = 0; i < gradient.length; i++) {
                  gradient[i] *= 1.01f;
                }
                return loss;
              };
          double deviation = deviation(losses(trajectory, wrong), trajectory);
          assertTrue(deviation > trajectory.tolerance(), "largest relative deviation " + deviation);
        });
  }

  @TestFactory
  Stream<DynamicTest> posWeightLeftOutShows() {
    return onBothKernels(
            (kernels, trajectory) -> {
              double deviation = deviation(losses(trajectory, loss(kernels, trajectory, false)), trajectory);
              assertTrue(deviation > trajectory.tolerance(), "largest relative deviation " + deviation);
            },
            TRAJECTORIES.stream().filter(trajectory -> trajectory.inputs().containsKey("pos_weight")).toList());
  }

  @Test
  void thePageShowsThisCodeAndNoOther() {
    List<String> shown = PAGE.examples().stream().map(Page.Example::code).toList();
    assertEquals(List.copyOf(Page.regions(TrainingExample.class).sequencedValues()), shown);
  }

  @Test
  void thePageShowsWhatItPrints() {
    Trajectory digits =
        TRAJECTORIES.stream().filter(t -> t.name().equals("single-label-momentum")).findFirst().orElseThrow();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    float[] losses =
        TrainingExample.run(
            pixels(digits),
            digits.inputs().get("targets").longs(),
            batches(digits),
            layer(digits, "1"),
            layer(digits, "2"),
            new PrintStream(printed, true, StandardCharsets.UTF_8));
    double deviation = deviation(losses, digits);
    assertTrue(deviation <= digits.tolerance(), "largest relative deviation " + deviation);
    assertEquals(
        PAGE.outputOf(Page.regions(TrainingExample.class).get("run")),
        printed.toString(StandardCharsets.UTF_8).lines().collect(Collectors.joining("\n")));
  }

  /** As a reader does it: the imports of the page, and below them all its code. */
  @Test
  void theProgramOfThePageRuns(@TempDir Path folder) throws Exception {
    String imports =
        Page.lines("docs/training-example.md").stream()
            .filter(line -> line.startsWith("    import "))
            .collect(Collectors.joining("\n"));
    String code = PAGE.examples().stream().map(Page.Example::code).collect(Collectors.joining("\n\n"));
    Path program = Files.writeString(folder.resolve("Training.java"), imports + "\n\n" + code);
    Path library = Path.of(Kernels.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path err = folder.resolve("err");
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "-cp", library.toString(), program.toString())
            .redirectError(err.toFile())
            .start();
    String printed = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, java.waitFor(), Files.readString(err));
    assertEquals(
        PAGE.outputOf(Page.regions(TrainingExample.class).get("main")),
        printed.lines().collect(Collectors.joining("\n")));
  }

  private interface Check {
    void on(KernelProvider kernels, Trajectory trajectory);
  }

  private static Stream<DynamicTest> onBothKernels(Check check) {
    return onBothKernels(check, TRAJECTORIES);
  }

  private static Stream<DynamicTest> onBothKernels(Check check, List<Trajectory> trajectories) {
    assertTrue(!trajectories.isEmpty(), "no trajectories");
    return Stream.of("scalar", "vector")
        .flatMap(
            id ->
                trajectories.stream()
                    .map(
                        trajectory ->
                            DynamicTest.dynamicTest(
                                id + " " + trajectory.name(), () -> check.on(Kernels.require(id), trajectory))));
  }

  /** The largest relative deviation from a stored loss; NaN counts as infinitely far. */
  private static double deviation(float[] losses, Trajectory trajectory) {
    assertEquals(trajectory.losses().length, losses.length);
    double largest = 0;
    for (int step = 0; step < losses.length; step++) {
      double deviation = Math.abs(losses[step] / (double) trajectory.losses()[step] - 1);
      largest = Math.max(largest, Double.isNaN(deviation) ? Double.POSITIVE_INFINITY : deviation);
    }
    return largest;
  }

  private static double[] doubles(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  private static Loss loss(KernelProvider kernels, Trajectory trajectory, boolean weighted) {
    Tensor targets = trajectory.inputs().get("targets");
    int outputs = trajectory.inputs().get("bias2").numel();
    return trajectory.operation().equals("cross_entropy")
        ? TrainingExample.crossEntropy(kernels, targets.longs(), outputs)
        : TrainingExample.bceWithLogits(
            kernels, targets.floats(), outputs, weighted ? trajectory.inputs().get("pos_weight") : null);
  }

  private static float[] losses(Trajectory trajectory, Loss loss) {
    Linear hidden = layer(trajectory, "1");
    Linear output = layer(trajectory, "2");
    List<Parameter> parameters = List.of(hidden.weight(), hidden.bias(), output.weight(), output.bias());
    Optimiser optimiser = optimiser(trajectory.optimiser(), parameters);
    return TrainingExample.train(pixels(trajectory), batches(trajectory), hidden, output, loss, optimiser);
  }

  private static float[] pixels(Trajectory trajectory) {
    Tensor images = trajectory.inputs().get("images");
    float[] pixels = new float[images.numel()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = images.getLong(i) / 16f; // stored as 0 to 16
    }
    return pixels;
  }

  private static int[][] batches(Trajectory trajectory) {
    Tensor stored = trajectory.inputs().get("batches");
    int[][] batches = new int[stored.size(0)][stored.size(1)];
    for (int i = 0; i < stored.numel(); i++) {
      batches[i / stored.size(1)][i % stored.size(1)] = (int) stored.getLong(i);
    }
    return batches;
  }

  private static Linear layer(Trajectory trajectory, String number) {
    Tensor weight = trajectory.inputs().get("weight" + number);
    Tensor bias = trajectory.inputs().get("bias" + number);
    return new Linear(weight.size(1), weight.size(0), new Parameter(weight.floats()), new Parameter(bias.floats()));
  }

  private static Optimiser optimiser(JsonObject options, List<Parameter> parameters) {
    double learningRate = options.get("learning_rate").getAsDouble();
    double weightDecay = options.get("weight_decay").getAsDouble();
    String name = options.get("name").getAsString();
    return switch (name) {
      case "sgd" -> TrainingExample.sgd(parameters, learningRate, options.get("momentum").getAsDouble(), weightDecay);
      case "adam" ->
          TrainingExample.adam(
              parameters,
              learningRate,
              options.get("beta1").getAsDouble(),
              options.get("beta2").getAsDouble(),
              options.get("epsilon").getAsDouble(),
              weightDecay);
      default -> throw new IllegalArgumentException("There is no optimiser '%s' here.".formatted(name));
    };
  }
}
