package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.gate.Conformance;
import org.lanewise.bench.gate.GatePolicy;
import org.lanewise.bench.gate.GateResult;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.gate.rule.PairedRounds;
import org.lanewise.bench.grid.Work;

class GateOutputTest {
  @TempDir private Path folder;

  private static PairedBenchmark benchmark(String kernel, int batch, String direction) {
    return new PairedBenchmark(
        kernel, new Work("cross_entropy", "float32", "indices", batch, 1000, "mean", direction, "normal"));
  }

  private static List<PairedRounds> forks(int count, double ratio) {
    return Collections.nCopies(
        count, new PairedRounds(new double[] {100, 101, 99}, new double[] {100 * ratio, 101 * ratio, 99 * ratio}));
  }

  private static Comparison comparison(String kernel, int batch, String direction, double ratio) {
    boolean flagged = Math.abs(ratio - 1) > 0.02;
    return new Comparison(
        benchmark(kernel, batch, direction), forks(5, ratio), forks(flagged ? 9 : 0, ratio), 0, 0, true, 0, null);
  }

  private static GateResult result() throws IOException {
    JsonObject environment = new JsonObject();
    environment.addProperty("cpu", "A <quick> CPU");
    environment.addProperty("jdk", "JDK 25");
    environment.addProperty("base", "git:main, commit 0123456789 of kernels");
    environment.addProperty("candidate", "the working tree");
    Path policy = Files.createTempFile("gate", ".json");
    Files.writeString(
        policy,
        """
        {"format": "lanewise/gate-policy", "version": 1,
         "rules": [{"benchmark": "scalar/*/16x1000/*", "waiver": "Correct, and slower for it."}]}
        """);
    GatePolicy read = GatePolicy.read(policy);
    Files.delete(policy);
    return GateResult.of(
        environment,
        List.of(
            comparison("scalar", 16, "forward", 1.1),
            comparison("vector", 16, "forward", 1.0),
            comparison("vector", 256, "forward", 0.9),
            comparison("vector", 16, "forward_backward", 1.05),
            Comparison.failed(benchmark("vector", 256, "forward_backward"), "Fork 2 ended with | and <exit> 134.")),
        List.of(benchmark("vector", 1, "forward")),
        List.of(),
        List.of(new Conformance("front-door", 20, List.of()), new Conformance("scalar", 20, List.of()), new Conformance("vector", 20, List.of())),
        read,
        false);
  }

  @Test
  void theTableEndsInReasonsAndTheVerdict() throws IOException {
    assertEquals(
        """
        shape     kernel  ratio   95 % interval  power  forks  verdict

        cross_entropy forward, float32, mean, normal data, indices
        16x1000   scalar  1.100  1.100 to 1.100  >0.99    5+9  regressed, waived
        16x1000   vector  1.000  1.000 to 1.000  >0.99      5  pass
        256x1000  vector  0.900  0.900 to 0.900  >0.99    5+9  improved

        cross_entropy forward_backward, float32, mean, normal data, indices
        16x1000   vector  1.050  1.050 to 1.050  >0.99    5+9  regressed
        256x1000  vector                                    0  unmeasured

        ratio: the candidate's time over the base's
        power: how likely a slowdown of 2.5 times the threshold would be found; the
               threshold is 2 % unless the policy says otherwise

        vector/cross_entropy/forward_backward/float32/indices/16x1000/mean/normal
          regressed: Slower in 5 of 5 forks and 9 of 9 fresh ones. Chance: p = 6e-05,
          among all benchmarks 3e-04.
        """,
        GateTable.of(result()).substring(0, GateTable.of(result()).indexOf("benchmarks 3e-04.\n") + 18));
    assertTrue(
        GateTable.of(result())
            .endsWith("\nRegressed: 1 regressed, 1 unmeasured, 1 improved, 1 pass, 1 waived of 5\nbenchmarks.\n"),
        GateTable.of(result()));
    assertTrue(GateTable.of(result()).lines().allMatch(line -> line.length() <= 80), GateTable.of(result()));
  }

  @Test
  void whatDecidesIsSaidLastAlsoWhereNoBenchmarkShowsIt() {
    GateResult wrong =
        GateResult.of(
            new JsonObject(),
            List.of(comparison("vector", 16, "forward", 1.0)),
            List.of(),
            List.of(benchmark("vector", 1, "forward"), benchmark("vector", 2, "forward")),
            List.of(new Conformance("front-door", 20, List.of()), new Conformance("vector", 20, List.of("The loss is off by 9 ULP."))),
            GatePolicy.none(),
            false);

    assertEquals(
        "Regressed: 1 pass of 1 benchmarks. 'vector' does not conform. The candidate lacks"
            + " vector/cross_entropy/forward/float32/indices/1x1000/mean/normal; a waiver in lanewise-gate.json accepts it."
            + " And 1 more.",
        GateWords.headline(wrong));
    assertTrue(GateTable.of(wrong).contains("Conformance of 'vector': The loss is off by 9 ULP.\n"), GateTable.of(wrong));
  }

  @Test
  void aWaivedRegressionIsListedWithItsReason() throws IOException {
    String sentence = "Waived: Correct, and slower for it.";

    assertTrue(GateTable.of(result()).replaceAll("\\s+", " ").contains(sentence), GateTable.of(result()));
    assertTrue(GateSummary.of(result()).contains(sentence), GateSummary.of(result()));
  }

  @Test
  void theSummaryBeginsWithTheVerdictAndFoldsWhatPassed() throws IOException {
    String text = GateSummary.of(result());

    assertTrue(text.startsWith("### Gate. Regressed: 1 regressed, "), text);
    assertTrue(text.contains("\n\nCandidate: the working tree. Base: git:main, commit 0123456789 of kernels.\n\n|"), text);
    int regressed = text.indexOf("| `vector/cross_entropy/forward_backward/float32/indices/16x1000/mean/normal` | **regressed** |");
    int waived = text.indexOf("| **regressed, waived** |");
    int folded = text.indexOf("<details><summary>1 that pass</summary>");
    int passed = text.indexOf("| pass |");
    assertTrue(0 < regressed && regressed < waived && waived < folded && folded < passed, text);
    assertTrue(text.contains("Fork 2 ended with \\| and &lt;exit> 134."), text);
    assertTrue(text.contains("* Added: vector/cross_entropy/forward/float32/indices/1x1000/mean/normal."), text);
    assertTrue(text.endsWith("\nA &lt;quick> CPU, JDK 25\n"), text);
  }

  @Test
  void testResultsFailWhereTheGateDoes() throws IOException {
    Path file = folder.resolve("gate.xml");
    JUnitXml.write(file, List.of(GateJUnit.suite(result())));
    String xml = Files.readString(file);

    assertTrue(xml.contains("<testsuite name=\"gate\" tests=\"9\" failures=\"2\" skipped=\"1\">"), xml);
    assertTrue(
        xml.contains(
            "<testcase classname=\"gate.vector.cross_entropy\""
                + " name=\"vector/cross_entropy/forward_backward/float32/indices/16x1000/mean/normal\">"
                + "<failure type=\"FAILED\" message=\"regressed: Slower in 5 of 5 forks"),
        xml);
    assertTrue(xml.contains("message=\"SKIPPED: regressed, waived: Slower in"), xml);
  }

  @Test
  void anEmptyRunIsAFailureEverywhere() throws IOException {
    GateResult empty =
        GateResult.of(new JsonObject(), List.of(), List.of(), List.of(), List.of(), GatePolicy.none(), false);
    Path file = folder.resolve("gate.xml");
    JUnitXml.write(file, List.of(GateJUnit.suite(empty)));

    assertEquals("No benchmark was compared.\n\nUnmeasured: 0 of 0 benchmarks. No benchmark was compared.\n", GateTable.of(empty));
    assertEquals(
        "### Gate. Unmeasured: 0 of 0 benchmarks. No benchmark was compared.\n\n* No benchmark was compared.\n",
        GateSummary.of(empty));
    assertTrue(Files.readString(file).contains("failures=\"1\""));
    assertFalse(Files.readString(file).contains("skipped=\"1\""));
  }
}
