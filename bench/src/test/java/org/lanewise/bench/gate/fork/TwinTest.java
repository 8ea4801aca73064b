package org.lanewise.bench.gate.fork;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.grid.Work;
import org.lanewise.kernels.BceWithLogits;
import org.lanewise.kernels.scalar.ScalarKernelProvider;

class TwinTest {
  private static final PairedBenchmark BCE =
      new PairedBenchmark(
          "scalar", new Work("bce_with_logits", "float32", "binary", 64, 1, "mean", "forward_backward", "normal"));
  private static final PairedBenchmark CROSS_ENTROPY =
      new PairedBenchmark("scalar", new Work("cross_entropy", "float32", "indices", 8, 10, "sum", "forward", "normal"));

  @TempDir private Path folder;

  @Test
  void theSameBytesInTwoJarsAreTwoClasses() throws IOException {
    try (Twin base = Twin.open("base", TestJars.kernels(folder, "a.jar"));
        Twin candidate = Twin.open("candidate", TestJars.kernels(folder, "b.jar"))) {
      Twin.Block ofBase = base.trial(BCE);
      Twin.Block ofCandidate = candidate.trial(BCE);

      Twin.requireDifferent(base, ofBase, candidate, ofCandidate);
      assertEquals(ofBase.provider().getName(), ofCandidate.provider().getName());
      assertNotSame(ofBase.provider(), ofCandidate.provider());
      assertNotSame(ScalarKernelProvider.class, ofBase.provider());
    }
  }

  @Test
  @SuppressWarnings("ReturnValueIgnored") // what it computes is looked at, not for how long
  void bothComputeWhatTheFrontDoorComputes() throws IOException {
    try (Twin twin = Twin.open("base", TestJars.kernels(folder, "a.jar"))) {
      Twin.Buffers on = PairedMeasurement.buffers(BCE.work());
      twin.block("scalar", BCE.work(), on).calls().applyAsLong(1);

      float[] gradient = new float[64];
      float loss =
          BceWithLogits.on(new ScalarKernelProvider())
              .forwardBackward(on.logits(), (float[]) on.target(), 64, 1, gradient);
      assertEquals(loss, on.result()[0]);
      assertArrayEquals(gradient, on.gradient());
    }
  }

  @Test
  void aClassOfAnotherJarIsRefused() throws IOException {
    try (Twin base = Twin.open("base", TestJars.kernels(folder, "a.jar"));
        Twin candidate = Twin.open("candidate", TestJars.kernels(folder, "b.jar"))) {
      Twin.Block ofBase = base.trial(BCE);
      Twin.Block ofThisProgram = new Twin.Block(calls -> calls, ScalarKernelProvider.class, Map.of());

      String twice = refused(() -> Twin.requireDifferent(base, ofBase, candidate, ofBase));
      assertTrue(twice.startsWith("The candidate's") && twice.contains("a.jar") && twice.contains("b.jar"), twice);
      String foreign = refused(() -> Twin.requireDifferent(base, ofThisProgram, candidate, candidate.trial(BCE)));
      assertTrue(foreign.startsWith("The base's"), foreign);
    }
  }

  @Test
  void aJarWithoutKernelsIsRefusedByTheNameOfWhatItLacks() throws IOException {
    Path empty = TestJars.empty(folder);
    String message = refused(() -> Twin.open("base", empty).trial(BCE));
    assertTrue(message.contains("empty.jar") && message.contains("org.lanewise.kernels"), message);
  }

  @Test
  void aBuildTooOldForTheBridgeIsRefusedByTheNameOfTheMethod() throws IOException {
    Path old = TestJars.without(folder, BceWithLogits.class, "elementwise");
    try (Twin base = Twin.open("base", old)) {
      String message = refused(() -> base.trial(BCE));
      assertTrue(message.contains("too old") && message.contains("elementwise"), message);
      base.trial(CROSS_ENTROPY); // has all that it needs
    }
  }

  @Test
  void whatOneSideLacksIsAddedOrRemovedAndWhatBothLackIsTold() throws IOException {
    Path full = TestJars.kernels(folder, "full.jar");
    Path half = TestJars.compiled(folder, "half.jar", "Half", HALF);
    PairedBenchmark unknown = new PairedBenchmark("none", BCE.work());
    List<PairedBenchmark> all = List.of(BCE, CROSS_ENTROPY, unknown);
    UserError nothing = assertThrows(UserError.class, () -> TwinBenchmarks.of(full, half, all));
    assertEquals(ExitCode.USAGE, nothing.exitCode());
    assertTrue(nothing.getMessage().contains("has no kernel 'none', but "), nothing.getMessage());

    TwinBenchmarks removed = TwinBenchmarks.triedHere(full, half, all);
    assertEquals(List.of(CROSS_ENTROPY), removed.common());
    assertEquals(List.of(BCE), removed.removed());
    assertEquals(1, removed.unknown().size());
    assertTrue(removed.unknown().getFirst().why().contains("no kernel 'none'"), removed.unknown().toString());
    TwinBenchmarks added = TwinBenchmarks.triedHere(half, full, all);
    assertEquals(List.of(BCE), added.added());
    assertEquals(List.of(), added.removed());
  }

  @Test
  void whatTheCandidateNoLongerPromisesIsTold() throws IOException {
    Path full = TestJars.kernels(folder, "full.jar");
    Path loose =
        TestJars.compiled(
            folder,
            "loose.jar",
            "Loose",
            HALF.replace("Half", "Loose")
                .replace(
                    ".filter(d -> d.operation() == Operation.CROSS_ENTROPY)",
                    ".map(d -> new Declaration(d.operation(), d.dtype(), d.lossUlp() + 1, d.gradientUlp(), d.mixedUlp() / 2,"
                        + " d.reducedUlp(), false, true))")
                .replace("throw new AssertionError();", "return all.bceWithLogits(dtype);"));

    assertEquals(Map.of(), TwinBenchmarks.of(full, TestJars.kernels(folder, "again.jar"), List.of(BCE)).loosened());
    Map<String, Set<String>> loosened = TwinBenchmarks.of(full, loose, List.of(BCE, CROSS_ENTROPY)).loosened();
    assertEquals(Set.of("scalar"), loosened.keySet());
    String told = String.join("\n", loosened.get("scalar"));
    assertEquals(8, loosened.get("scalar").size(), told); // of two dtypes, although the benchmarks are of one
    assertTrue(told.contains("The base declares reproducible bits of bce_with_logits float32, the candidate does not;"), told);
    assertTrue(told.contains(" ULP for the loss of cross_entropy float32, the base "), told);
    assertEquals(4, TwinBenchmarks.of(loose, full, List.of(BCE)).loosened().get("scalar").size());
    Path half = TestJars.compiled(folder, "half.jar", "Half", HALF);
    assertTrue(
        TwinBenchmarks.of(full, half, List.of(CROSS_ENTROPY)).loosened().get("scalar").toString()
            .contains("The base declares a kernel of bce_with_logits float64, the candidate does not;"));
  }

  /** None of it may end the gate's own JVM, or be a pass. */
  @Test
  void aKernelThatEndsItsJvmOrThrowsIsSurvived() throws IOException {
    Path full = TestJars.kernels(folder, "full.jar");
    String halting = HALF.replace("Half", "Halts").replace("return all.crossEntropy(dtype);", "Runtime.getRuntime().halt(0); return null;");
    Path halts = TestJars.compiled(folder, "halts.jar", "Halts", halting);
    String exiting = HALF.replace("Half", "Exits").replace("return all.crossEntropy(dtype);", "System.exit(0); return null;");
    Path exits = TestJars.compiled(folder, "exits.jar", "Exits", exiting);
    String throwing = HALF.replace("Half", "Throws").replace("return all.crossEntropy(dtype);", "throw new AssertionError(\"boom\");");
    Path throwsError = TestJars.compiled(folder, "throws.jar", "Throws", throwing);

    for (Path jar : List.of(halts, exits)) {
      String message = refused(() -> TwinBenchmarks.of(full, jar, List.of(CROSS_ENTROPY)));
      assertTrue(message.contains("ended with 0 and without a result"), message);
    }
    TwinBenchmarks found = TwinBenchmarks.of(full, throwsError, List.of(CROSS_ENTROPY));
    assertEquals(List.of(), found.common());
    assertEquals("A call of the kernel threw java.lang.AssertionError: boom.", found.failed().getFirst().problem());
  }

  /** The scalar kernels without BCE. */
  private static final String HALF =
      """
      import java.util.List;
      import org.lanewise.kernels.spi.*;
      import org.lanewise.kernels.tensor.DType;

      public class Half implements KernelProvider {
        private final KernelProvider all = new org.lanewise.kernels.scalar.ScalarKernelProvider();

        @Override public String id() { return all.id(); }
        @Override public String description() { return all.description(); }
        @Override public Availability availability() { return all.availability(); }
        @Override public int lanes() { return all.lanes(); }
        @Override public List<Declaration> declarations() {
          return all.declarations().stream().filter(d -> d.operation() == Operation.CROSS_ENTROPY).toList();
        }
        @Override public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) { throw new AssertionError(); }
        @Override public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) { return all.crossEntropy(dtype); }
      }
      """;

  private static String refused(Executable action) {
    UserError error = assertThrows(UserError.class, action);
    assertEquals(ExitCode.ENVIRONMENT, error.exitCode());
    return error.getMessage();
  }
}
