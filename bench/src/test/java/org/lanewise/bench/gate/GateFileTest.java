package org.lanewise.bench.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.Forked;
import org.lanewise.bench.gate.rule.PairedRounds;
import org.lanewise.bench.gate.rule.SimulatedForks;
import org.lanewise.bench.gate.rule.SimulatedForks.ForkNoise;

class GateFileTest {
  @TempDir private Path folder;

  /** A run with every kind of row. */
  private static GateResult run() {
    List<Comparison> comparisons = new ArrayList<>();
    ForkNoise[] noises = {
      SimulatedForks.scatter(0.005), SimulatedForks.scatter(0.05), SimulatedForks.modes(0.3, 0.3)
    };
    for (int i = 0; i < noises.length; i++) {
      comparisons.add(new SimulatedForks(noises[i], 0.05 * (i % 2), SimulatedForks.ROUNDS, i).comparison());
    }
    comparisons.add(new SimulatedForks(noises[0], 0.05, SimulatedForks.ROUNDS, 7).comparison());
    comparisons.add(
        new Comparison(Forked.benchmark("scalar", 16), Forked.of(5, 1.0), List.of(), 0, 24, false, 0, null));
    comparisons.add(Comparison.failed(Forked.benchmark("scalar", 1), "Fork 2 hung for 60 s."));
    JsonObject environment = new JsonObject();
    environment.addProperty("cpu", "a processor");
    environment.addProperty("complete", true);
    return GateResult.of(
        environment,
        comparisons,
        List.of(Forked.benchmark("scalar", 2)),
        List.of(Forked.benchmark("scalar", 3)),
        List.of(new Conformance("front-door", 9, List.of()), new Conformance("vector", 9, List.of()), new Conformance("scalar", 9, List.of("It is off."))),
        GatePolicy.parse(
            """
            {"format": "lanewise/gate-policy", "version": 1,
             "rules": [{"benchmark": "scalar/*", "threshold": 0.03, "waiver": "It is known."}]}
            """,
            "policy"),
        false);
  }

  private Path written(String text) throws IOException {
    return Files.writeString(folder.resolve("gate.json"), text);
  }

  @Test
  void readingJudgesToTheSameBytes() throws IOException {
    GateResult run = run();
    String text = GateFile.of(run).text();
    GateResult again = GateFile.read(written(text));

    assertEquals(text, GateFile.of(again).text());
    assertEquals(run.rows().stream().map(GateResult.Row::judgement).toList(),
        again.rows().stream().map(GateResult.Row::judgement).toList());
    assertEquals(run.verdict(), again.verdict());
    assertEquals(run.removed(), again.removed());
    assertEquals(run.added(), again.added());
    assertEquals(run.conformance(), again.conformance());
  }

  /**
   * No JDK, no machine and no country may give stored rounds another verdict. Where the rule itself is changed, {@code
   * -Dlanewise.write.docs=true} writes the verdicts anew, for all to see in the diff.
   */
  @Test
  void theVerdictOnStoredRoundsNeverChanges() throws IOException {
    Path stored = Path.of("src/test/resources/org/lanewise/bench/gate/gate-run.json");
    String text = GateFile.of(GateFile.read(stored)).text();
    if (Boolean.getBoolean("lanewise.write.docs")) {
      Files.writeString(stored, text);
    }

    assertEquals(Files.readString(stored), text);
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG"));
      assertEquals(Files.readString(stored), GateFile.of(GateFile.read(stored)).text());
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void aStoredVerdictIsNotBelieved() throws IOException {
    String text = GateFile.of(run()).text();
    GateResult again = GateFile.read(written(text.replace("\"verdict\":\"regressed\"", "\"verdict\":\"pass\"")));

    assertEquals(text, GateFile.of(again).text());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "\"unit\":\"ns/call\" ~ \"unit\":\"us/call\" ~ its times are in \"us/call\", expected ns/call",
        "\"unsteady\":0 ~ \"unsteady\":6 ~ 6 of 5 forks were unsteady",
        "\"unsteady\":0 ~ \"unsteady\":4294967296 ~ integer overflow",
        "\"same_bits\":false ~ \"same_bits\":\"no\" ~ \"same_bits\" is \"no\", expected true or false",
        "\"base\":0,\"candidate\":24 ~ \"base\":0,\"candidate\":-24 ~ a call allocates 0 bytes",
        "\"base\":0,\"candidate\":24 ~ \"base\":0,\"candidate\":0.5 ~ \"candidate\" is 0.5, expected an integer",
        "\"base\":[1000.0 ~ \"base\":[NaN ~ round 0 of the base took NaN ns, expected a positive number",
        "\"base\":[1000.0 ~ \"base\":[\"NaN\" ~ round 0 of the base took NaN ns, expected a positive number",
        "\"base\":[1000.0 ~ \"base\":[-1000.0 ~ round 0 of the base took -1000.0 ns, expected a positive number",
        "\"base\":[1000.0, ~ \"base\":[ ~ a fork has 2 rounds of the base and 3 of the candidate",
        "\"base\":[1000.0, ~ \"bass\":[1000.0, ~ lacks a key or has one of another kind",
        "\"problem\":null, ~ `` ~ lacks a key or has one of another kind",
        "\"waiver\":null, ~ `` ~ lacks a key or has one of another kind",
        "\"slowdown\":0.02 ~ \"slowdown\":20 ~ threshold 20.0, expected a slowdown from 0.001 to 1",
        "\"checked\":9 ~ \"checked\":\"many\" ~ \"checked\" is \"many\", expected an integer"
      })
  void aSpoiltRowIsRefused(String original, String spoilt, String reason) throws IOException {
    String text = GateFile.of(run()).text();
    assertTrue(text.contains(original), original);
    String changed = text.replace(original, spoilt);
    UserError error = assertThrows(UserError.class, () -> GateFile.read(written(changed)));

    assertTrue(error.getMessage().contains(reason), error.getMessage());
    assertEquals(ExitCode.ENVIRONMENT, error.exitCode());
  }

  @Test
  void aFileThatLostRowsOrItsEndIsRefused() throws IOException {
    String text = GateFile.of(run()).text();
    for (String lost : new String[] {"", "\"complete\":null,", "\"complete\":\"yes\","}) {
      String changed = text.replace("\"complete\":true,", lost);
      assertTrue(!changed.equals(text), text);
      UserError error = assertThrows(UserError.class, () -> GateFile.read(written(changed)));
      assertTrue(error.getMessage().contains("does not say whether its run was complete"), error.getMessage());
    }
    List<String> lines = new ArrayList<>(text.lines().toList());
    lines.remove(3);
    assertThrows(UserError.class, () -> GateFile.read(written(String.join("\n", lines))));
    for (int end : new int[] {0, 1, 100, text.length() / 2, text.length() - 3}) {
      UserError error = assertThrows(UserError.class, () -> GateFile.read(written(text.substring(0, end))));
      assertEquals(ExitCode.ENVIRONMENT, error.exitCode());
    }
  }

  @Test
  void roundsTakeSixDigits() {
    PairedRounds fork = new PairedRounds(new double[] {1234.56789}, new double[] {1.0 / 3});
    String text =
        GateFile.of(
                GateResult.of(
                    new JsonObject(),
                    List.of(Forked.comparison(List.of(fork), List.of())),
                    List.of(),
                    List.of(),
                    List.of(),
                    GatePolicy.none(),
                    false))
            .text();

    assertTrue(text.contains("{\"base\":[1234.57],\"candidate\":[0.333333]}"), text);
  }
}
