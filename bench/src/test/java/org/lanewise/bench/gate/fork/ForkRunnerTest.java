package org.lanewise.bench.gate.fork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.bench.gate.fork.ForkRunner.Outcome;
import org.lanewise.bench.gate.inject.Injection;
import org.lanewise.bench.gate.inject.Injection.Kind;
import org.lanewise.bench.gate.inject.SickJars;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.grid.Work;

/** Real forks, one each. */
class ForkRunnerTest {
  private static final PairedBenchmark BCE = scalar("bce_with_logits", "binary");
  private static final PairedBenchmark CROSS_ENTROPY = scalar("cross_entropy", "indices");

  @TempDir private Path folder;
  private Path base;
  private Path candidate;

  private static PairedBenchmark scalar(String operation, String target) {
    return new PairedBenchmark("scalar", new Work(operation, "float32", target, 32, 8, "mean", "forward", "normal"));
  }

  @BeforeAll
  static void doNotWaitForOtherRuns() {
    System.setProperty("jmh.ignoreLock", "true"); // these times are not looked at
  }

  @BeforeEach
  void builds() throws IOException {
    base = TestJars.kernels(folder, "base.jar");
    candidate = folder.resolve("candidate.jar");
  }

  private Map<PairedBenchmark, Outcome> run(Duration limit, PairedBenchmark... benchmarks) {
    return new ForkRunner(base, candidate, folder.resolve("log/forks.log"), limit).run(List.of(benchmarks), 7);
  }

  @Test
  void aForkMeasuresBothAndSeesAnAllocation() {
    new Injection(Kind.ALLOCATION, 0).apply(base, candidate);

    Outcome outcome = run(Duration.ofSeconds(60), BCE).get(BCE);

    assertNull(outcome.problem());
    ForkResult result = outcome.result();
    assertNotNull(result);
    assertEquals(PairedMeasurement.PLACEMENTS * PairedMeasurement.ROUNDS, result.rounds().base().length);
    assertEquals(0, result.baseAllocated());
    assertEquals(32, result.candidateAllocated());
    assertTrue(result.sameBits());
  }

  @Test
  void otherBitsAreSeen() {
    new Injection(Kind.NO_FMA, 0).apply(base, candidate);

    ForkResult result = run(Duration.ofSeconds(60), BCE).get(BCE).result();

    assertNotNull(result);
    assertTrue(!result.sameBits());
  }

  @Test
  void aForkThatCrashesIsAProblemOfWhatItHadNotMeasured() {
    SickJars.write(base, candidate, "crashes");

    Map<PairedBenchmark, Outcome> outcomes = run(Duration.ofSeconds(60), CROSS_ENTROPY, BCE);

    assertNotNull(outcomes.get(CROSS_ENTROPY).result());
    String problem = outcomes.get(BCE).problem();
    assertNotNull(problem);
    assertTrue(problem.startsWith("The JVM that measured failed"), problem); // JMH does not always know the exit code
  }

  @Test
  void aForkThatHangsIsKilled() {
    SickJars.write(base, candidate, "hangs");

    String problem = run(Duration.ofSeconds(6), BCE).get(BCE).problem();

    assertNotNull(problem);
    assertTrue(problem.startsWith("A fork did not end within 6 seconds and was killed"), problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"base\": [1, 2|is not whole",
        "[]|is not whole",
        "{\"base\": [1], \"candidate\": [\"NaN\"]}|expected a positive number",
        "{\"base\": [1, 2], \"candidate\": [1]}|the same number",
        "{\"base\": [0], \"candidate\": [1]}|expected a positive number",
        "{\"base\": [1], \"candidate\": [2]}|is not whole"
      })
  void halfAFileIsNoResult(String text, String told) throws IOException {
    Path file = Files.writeString(folder.resolve("0.json"), text);

    String message = assertThrows(IllegalArgumentException.class, () -> ForkResult.read(file)).getMessage();

    assertTrue(message.contains(told), message);
  }
}
