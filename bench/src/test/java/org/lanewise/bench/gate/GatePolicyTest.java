package org.lanewise.bench.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.rule.Forked;
import org.lanewise.bench.gate.rule.PairedBenchmark;
import org.lanewise.bench.gate.rule.Threshold;

class GatePolicyTest {
  private static final PairedBenchmark VECTOR = Forked.benchmark("vector", 256);
  private static final PairedBenchmark SCALAR = Forked.benchmark("scalar", 256);

  private static GatePolicy policy(String rules) {
    return GatePolicy.parse(
        "{\"format\": \"lanewise/gate-policy\", \"version\": 1, \"rules\": %s}".formatted(rules), "gate.json");
  }

  @Test
  void theFirstRuleThatSaysSomethingCounts() {
    GatePolicy policy =
        policy(
            """
            [{"benchmark": "vector/*/256x10/*", "threshold": 0.04},
             {"benchmark": "vector/*", "threshold": 0.1, "waiver": "It is being rewritten."}]
            """);

    assertEquals(0.04, policy.threshold(VECTOR).slowdown());
    assertEquals("It is being rewritten.", policy.waiver(VECTOR));
    assertEquals(0.1, policy.threshold(Forked.benchmark("vector", 16)).slowdown());
    assertEquals(Threshold.DEFAULT, policy.threshold(SCALAR));
    assertNull(policy.waiver(SCALAR));
  }

  @Test
  void patternsOfNothingAreTold() {
    GatePolicy policy = policy("[{\"benchmark\": \"vektor/*\", \"threshold\": 0.1}]");

    assertEquals(List.of("vektor/*"), policy.unmatched(List.of(VECTOR, SCALAR)));
    assertEquals(List.of(), policy("[{\"benchmark\": \"*\", \"threshold\": 0.1}]").unmatched(List.of(VECTOR)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "[{\"benchmark\": \"*\"}] ~ rule 1: expected \"benchmark\" and \"threshold\" or \"waiver\"",
        "[{\"threshold\": 0.1}] ~ rule 1: expected \"benchmark\" and \"threshold\" or \"waiver\"",
        "[{\"benchmark\": \"*\", \"waiver\": \" \"}] ~ rule 1: \"waiver\" is \" \", expected text",
        "[{\"benchmark\": \"*\", \"waiver\": true}] ~ rule 1: \"waiver\" is true, expected text",
        "[{\"benchmark\": \"*\", \"treshold\": 0.1}] ~ rule 1: there is no key \"treshold\", expected \"benchmark\", \"threshold\" or \"waiver\"",
        "[{\"benchmark\": \"*\", \"threshold\": 5}] ~ rule 1: threshold 5.0, expected a slowdown from 0.001 to 1, such as 0.02 for 2 %",
        "[{\"benchmark\": \"*\", \"threshold\": \"2 %\"}] ~ rule 1: threshold \"2 %\", expected a number such as 0.02",
        "[{\"benchmark\": \"*\", \"threshold\": 0.1}, 7] ~ rule 2: 7 is not an object"
      })
  void whatWouldSilentlyDoNothingIsRefused(String rules, String expected) {
    UserError error = assertThrows(UserError.class, () -> policy(rules));

    assertEquals("gate.json: %s; correct it.".formatted(expected), error.getMessage());
    assertEquals(ExitCode.ENVIRONMENT, error.exitCode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {"{\"rules\": []", "{}", "[]", "{\"format\": \"lanewise/gate-policy\", \"version\": 2, \"rules\": []}"})
  void anotherFileIsRefused(String text) {
    assertEquals(
        ExitCode.ENVIRONMENT, assertThrows(UserError.class, () -> GatePolicy.parse(text, "gate.json")).exitCode());
  }
}
