package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.bench.report.HtmlReport;
import org.lanewise.bench.results.ResultFile;

/** The results in {@code reference-data/results}, which are measured and read by people and by programs. */
class StoredResultsTest {
  private static final Path STORED = Path.of("../reference-data/results");

  @TempDir private Path folder;

  @TestFactory
  List<DynamicTest> eachCanBeReadAndReported() throws IOException {
    List<Path> files = StoredResults.in(STORED);
    assertFalse(files.isEmpty(), "no certificate is stored");
    return files.stream()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    STORED.relativize(file).toString(),
                    () -> {
                      StoredResults.check(file);
                      Path page = folder.resolve(file.getFileName() + ".html");
                      StoredResults.run("report", List.of(file), "-o", page.toString());
                      assertTrue(Files.size(page) < 4 << 20, "the page has %d bytes".formatted(Files.size(page)));
                    }))
        .toList();
  }

  /** Each CPU's results beside its peers, and all GPUs'. */
  @Test
  void allThatWasMeasuredCanBeCompared() throws IOException {
    List<Path> measured = new ArrayList<>();
    for (Path file : StoredResults.in(STORED)) {
      if (StoredResults.measured(ResultFile.read(file, HtmlReport.KINDS))) {
        measured.add(file);
      }
    }
    for (List<Path> ofOneCpu : byCpu(measured)) {
      assertTrue(StoredResults.run("compare", ofOneCpu).contains("logits/s"), ofOneCpu.toString());
    }
  }

  private static List<List<Path>> byCpu(List<Path> files) {
    return List.copyOf(
        files.stream()
            .collect(
                Collectors.groupingBy(
                    file -> ResultFile.read(file, HtmlReport.KINDS).environment().get("cpu")))
            .values());
  }

  /** The check itself can fail. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"kernels.json\"|\"/home/me/kernels.json\"|/home/me/kernels.json",
        "\"jvm\":\"java\"|\"jvm\":\"/opt/jdk/bin/java\"|/opt/jdk/bin/java",
        "--enable-native-access=ALL-UNNAMED|-Djava.io.tmpdir=/var/tmp|-Djava.io.tmpdir=/var/tmp",
        "\"complete\":true|\"complete\":false|interrupted",
        "\"arguments\":|\"words\":|command",
        "\"cpu\":|\"processor\":|cpu",
        "\"git_commit\":|\"commit\":|changed sources",
        "\"version\": 1|\"version\": 2|version 2"
      })
  void whatMustNotBeStoredIsFound(String good, String bad, String said) throws IOException {
    Path file = Path.of("src/test/resources/org/lanewise/bench/compare/kernels.json");
    String text = Files.readString(file);
    assertTrue(text.contains(good), good);
    StoredResults.check(file);
    Path spoilt = Files.writeString(folder.resolve("spoilt.json"), text.replace(good, bad));
    Throwable found = assertThrows(Throwable.class, () -> StoredResults.check(spoilt));
    assertTrue(String.valueOf(found.getMessage()).contains(said), found.toString());
  }

  @Test
  void theReadmeNamesEveryMeasuredFile() throws IOException {
    String readme = Files.readString(STORED.resolve("README.md"));
    for (Path file : StoredResults.in(STORED)) {
      if (file.getParent().equals(STORED)) {
        assertTrue(readme.contains("`%s`".formatted(file.getFileName())), file + " is not in reference-data/results/README.md");
      }
    }
    boolean gpu = false;
    for (Path file : StoredResults.in(STORED)) {
      gpu |= Files.readString(file).contains("\"resident\"");
    }
    assertEquals(
        !gpu, readme.contains("**No GPU result is stored.**"), "reference-data/results/README.md on results of a GPU");
  }
}
