package org.lanewise.bench.grid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.run.Effort;

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

  /** On two cores; the check has two kernels, the others five, which is all without those in C. */
  @ParameterizedTest
  @CsvSource({"check, 12, 2, 80", "quick, 10, 5, 112", "default, 24, 5, 900"})
  void theShippedPresetsKeepTheirSizeAndTheirTime(String name, int points, int kernels, int seconds) {
    Grid.Preset preset = Grid.load().preset(name);
    Effort effort = Effort.of(name);

    Duration expected =
        preset.points().stream().map(effort::expected).reduce(Duration.ZERO, Duration::plus).multipliedBy(kernels);

    assertEquals(points, preset.points().size());
    assertTrue(expected.toSeconds() <= seconds, name + " takes " + expected);
    assertTrue(effort.forks() >= 3 || List.of("check", "quick").contains(name), "forks of " + name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"quick", "default", "full"})
  void presetsForPeopleHoldEveryRegime(String name) {
    List<Work> points = Grid.load().preset(name).points();
    List<Predicate<Work>> regimes =
        List.of(
            work -> work.data().equals("normal"),
            work -> work.data().equals("trained"),
            work -> work.elements() == 1,
            work -> work.elements() == 16384, // in the cache
            work -> work.elements() >= 1 << 22, // out of most
            work -> work.classes() > 1 && work.operation().equals("bce_with_logits"), // multi-label
            work -> work.classes() == 10,
            work -> work.classes() == 1000 && work.operation().equals("cross_entropy"),
            work -> work.classes() == 50257,
            Work::backward,
            work -> !work.backward());

    for (int i = 0; i < regimes.size(); i++) {
      assertTrue(points.stream().anyMatch(regimes.get(i)), "regime " + i + " of " + name);
    }
  }

  @Test
  void everyShippedPointCanBeDrawn() {
    for (Grid.Preset preset : Grid.load().presets()) {
      for (Work work : preset.points()) {
        int trained = work.operation().equals("cross_entropy") ? 10 : 4; // what the stored models tell apart
        assertTrue(
            List.of("normal", "extreme").contains(work.data())
                || work.data().equals("trained") && work.classes() >= trained,
            preset.name() + ": " + work);
      }
    }
  }

  @Test
  void fullReachesTheLargestSizesAndEveryKindOfData() {
    List<Work> points = Grid.load().preset("full").points();

    assertEquals(1 << 25, most(points, "bce_with_logits", 1));
    for (int labels : new int[] {7, 80, 1000}) {
      assertTrue(most(points, "bce_with_logits", labels) >= 1 << 14, labels + " labels");
    }
    for (int classes : new int[] {10, 1000, 32000, 50257, 128256}) {
      int batch = most(points, "cross_entropy", classes);
      assertTrue(batch == 1 << 16 || 2L * batch * classes > Grid.MAX_ELEMENTS, batch + " x " + classes);
      assertEquals(
          Set.of("normal", "trained", "extreme"),
          points.stream().filter(work -> work.classes() == classes && work.operation().equals("cross_entropy"))
              .map(Work::data).collect(Collectors.toSet()));
    }
  }

  private static int most(List<Work> points, String operation, int classes) {
    return points.stream()
        .filter(work -> work.operation().equals(operation) && work.classes() == classes)
        .mapToInt(Work::batch)
        .max()
        .orElseThrow();
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
    assertEquals("There is no preset 'slow'; choose one of check, quick, default, full, gate.", error.getMessage());
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
    assertTrue(
        refused(grid(POINT.replace("normal", "norml"))).contains("has data 'norml', expected one of normal, trained"));
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
