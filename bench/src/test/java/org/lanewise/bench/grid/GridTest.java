package org.lanewise.bench.grid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;

class GridTest {
  private static final String POINT =
      """
      {"operation": "bce_with_logits", "dtype": "float32", "target": "binary", "batch": [1, 8], "classes": 1,
       "reduction": "mean", "direction": ["forward", "forward_backward"], "data": "normal"}""";

  private static String grid(String points) {
    return """
        {"format": "lanewise/grid", "version": 1, "presets": {"small": {"description": "d", "points": [%s]}}}"""
        .formatted(points);
  }

  private static String refused(String text) {
    UserError error = assertThrows(UserError.class, () -> Grid.parse(text, "grid.json"));
    assertEquals(ExitCode.ENVIRONMENT, error.exitCode());
    return error.getMessage();
  }

  @Test
  void listsExpandWithTheLastNamedKeyVaryingFastest() {
    List<Work> points = Grid.parse(grid(POINT), "grid.json").preset("small").points();

    assertEquals(4, points.size());
    assertEquals(
        List.of("1 forward", "1 forward_backward", "8 forward", "8 forward_backward"),
        points.stream().map(work -> work.batch() + " " + work.direction()).toList());
  }

  @ParameterizedTest
  @CsvSource({"check, 18", "quick, 40"})
  void theShippedPresetsKeepTheirSize(String preset, int most) {
    int points = Grid.load().preset(preset).points().size();
    assertTrue(points > 0 && points <= most, preset + " has " + points + " points");
  }

  @Test
  void everyShippedPresetIsRead() {
    assertEquals(
        List.of("check", "quick", "default", "full", "gate"), Grid.load().presets().stream().map(Grid.Preset::name).toList());
  }

  @Test
  void aPresetThatDoesNotExistIsWrongUsageAndTheOthersAreNamed() {
    UserError error = assertThrows(UserError.class, () -> Grid.load().preset("slow"));

    assertEquals(ExitCode.USAGE, error.exitCode());
    assertEquals("There is no preset 'slow'; choose one of check, quick, default, full.", error.getMessage());
  }

  @Test
  void anUnknownVersionIsRefused() {
    assertEquals(
        "grid.json has version 2, and this program reads version 1; use the grid that came with it.",
        refused(grid(POINT).replace("\"version\": 1", "\"version\": 2")));
  }

  @Test
  void anotherFormatIsRefused() {
    assertTrue(refused("{\"format\": \"lanewise/bench\"}").contains("not a benchmark grid"));
    assertTrue(refused("[]").contains("not a benchmark grid"));
    assertTrue(refused("{").contains("not JSON"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "1.5", "2147483648", "\"8\"", "null"})
  void aBatchThatIsNoSizeIsRefused(String batch) {
    assertTrue(
        refused(grid(POINT.replace("[1, 8]", batch)))
            .contains("key \"batch\" is %s, expected an integer from 1 to 2147483647".formatted(batch)));
  }

  @Test
  void missingKeysAndPointsListedTwiceAreRefused() {
    assertTrue(refused(grid(POINT.replace("\"dtype\": \"float32\",", ""))).contains("key \"dtype\" is missing"));
    assertTrue(refused(grid(POINT + "," + POINT)).contains("twice"));
    assertTrue(refused("{\"format\": \"lanewise/grid\", \"version\": 1}").contains("lacks \"presets\""));
  }

  @Test
  void aPointLargerThanOneGibibyteIsRefused() {
    String large = POINT.replace("[1, 8]", "65536").replace("\"classes\": 1", "\"classes\": 4097");
    assertTrue(refused(grid(large)).contains("has 268500992 logits, expected at most 268435456"));
  }

  @Test
  void aFileThatDoesNotExistIsNamed() {
    UserError error = assertThrows(UserError.class, () -> Grid.read(Path.of("no-such-grid.json")));

    assertEquals("Cannot read no-such-grid.json: it does not exist; check the path.", error.getMessage());
  }

  @Test
  void aWorkSurvivesJson() {
    Work work = new Work("cross_entropy", "float32", "indices", 256, 1000, "mean", "forward_backward", "trained");

    assertEquals(work, Work.of(work.toJson()));
    assertEquals(256_000, work.elements());
    assertEquals("256x1000", work.shape());
    assertTrue(work.backward());
  }
}
