package org.lanewise.bench.grid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;

class WorkFilterTest {
  private static Work work(String operation, int batch, int classes, String data) {
    return new Work(operation, "float32", "any", batch, classes, "mean", "forward", data);
  }

  private final Grid.Preset preset =
      new Grid.Preset(
          "small",
          "",
          List.of(
              work("bce_with_logits", 1, 1, "normal"),
              work("bce_with_logits", 64, 4, "trained"),
              work("cross_entropy", 16, 10, "normal")));

  @Test
  void everythingIsKeptWhereNothingIsAsked() {
    assertEquals(preset.points(), WorkFilter.ALL.apply(preset));
  }

  @Test
  void eachRespectNarrows() {
    WorkFilter filter =
        new WorkFilter(List.of("bce_with_logits"), List.of("float32"), List.of(64), List.of(4), List.of("trained"));

    assertEquals(List.of(preset.points().get(1)), filter.apply(preset));
  }

  @Test
  void severalValuesAreAlternatives() {
    assertEquals(
        2, new WorkFilter(List.of(), List.of(), List.of(1, 16), List.of(), List.of()).apply(preset).size());
  }

  @Test
  void aValueThatNoPointHasIsWrongUsageAndTheOthersAreNamed() {
    WorkFilter filter = new WorkFilter(List.of("softmax"), List.of(), List.of(), List.of(), List.of());

    UserError error = assertThrows(UserError.class, () -> filter.apply(preset));

    assertEquals(ExitCode.USAGE, error.exitCode());
    assertTrue(error.getMessage().startsWith("--operation softmax matches none of the 3 points "), error.getMessage());
    assertTrue(error.getMessage().contains("bce_with_logits, cross_entropy"), error.getMessage());
  }

  @Test
  void aCombinationThatNoPointHasIsWrongUsageToo() {
    WorkFilter filter = new WorkFilter(List.of("cross_entropy"), List.of(), List.of(64), List.of(), List.of());

    assertTrue(assertThrows(UserError.class, () -> filter.apply(preset)).getMessage().contains("choose from 16"));
  }
}
