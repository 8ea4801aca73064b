package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.results.Environment;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.ResultFile;

/**
 * From the programs that measure to the page: with small results of real runs, which are stored beside this test, and, where
 * there is a Python with PyTorch, with a run of {@code pytorch_gpu.py}.
 *
 * <p>The stored ones: {@code kernels.json} has the vector kernel and OpenCL on a driver that computes on the CPU, which is a
 * device with every transfer; {@code kernels-2-threads.json} the former on two threads; {@code pytorch-cpu.json} PyTorch.
 * They were made on a busy machine: their times mean nothing.
 */
class CompareEndToEndTest {
  private static final Path STORED = Path.of("src/test/resources/org/lanewise/bench/compare");
  private static final Path KERNELS = STORED.resolve("kernels.json");
  private static final Path THREADS = STORED.resolve("kernels-2-threads.json");
  private static final Path PYTORCH = STORED.resolve("pytorch-cpu.json");
  private static final List<String> TRANSFERS = List.of("resident", "resident-cold", "launch", "pinned", "pageable");

  @TempDir private Path folder;

  @Test
  void theStoredResultsAreFitToBeStored() throws IOException {
    for (Path file : List.of(KERNELS, THREADS, PYTORCH)) {
      StoredResults.check(file);
    }
  }

  @Test
  void aDeviceWithEveryTransfer() throws IOException {
    String text = compare(List.of(KERNELS, THREADS), "--report", page().toString());

    for (String transfer : TRANSFERS) {
      for (String kernel : List.of("vector", "vector, 2 threads")) {
        // Whoever wins: each pair is told about, in both directions.
        Pattern of = Pattern.compile("\\b%s\\b(?!-).*\\b%s(:| at)".formatted(transfer, kernel));
        assertEquals(2, sentences(text).filter(sentence -> of.matcher(sentence).find()).count(), text);
      }
    }
    assertFalse(text.contains("No file holds measurements of a GPU"), text);
    checkPage(2, List.of(KERNELS, THREADS));
  }

  /** What is said below the tables. */
  private static Stream<String> sentences(String text) {
    return Arrays.stream(text.replace("\n    ", " ").split("\n")).filter(line -> line.matches("  [a-zA-Z].*\\."));
  }

  /** The page of {@code report} is the same where nobody chose what to compare. */
  @Test
  void theReportHasTheComparison() throws IOException {
    StoredResults.run("report", List.of(KERNELS, THREADS, PYTORCH), "-o", page().toString());
    checkPage(2, List.of(KERNELS, THREADS));
  }

  @Test
  void withoutADeviceTheReportHasNoneAndComparePutsThePeersInItsPlace() throws IOException {
    StoredResults.run("report", List.of(THREADS, PYTORCH), "-o", page().toString());
    assertFalse(Files.readString(page()).contains("id=\"crossover\""));

    String text = compare(List.of(KERNELS, PYTORCH), "--against", "pytorch-eager", "--report", page().toString());
    assertTrue(text.contains("No file holds measurements of a GPU"), text);
    assertTrue(text.contains("python3 bench/gpu/pytorch_gpu.py"), text);
    assertTrue(Files.readString(page()).contains("No file holds measurements of a GPU"));
  }

  /** PyTorch measured now, on the CPU, against the stored times of the kernel, as if they were of this machine. */
  @Test
  void pytorchMeasuredNow() throws IOException, InterruptedException {
    Path measured = folder.resolve("measured.json");
    Path grid =
        Files.writeString(
            folder.resolve("grid.json"),
            """
            {"format": "lanewise/grid", "version": 1, "presets": {"small": {"description": "", "points": [
             {"operation": "bce_with_logits", "dtype": "float32", "target": "binary", "batch": [1024, 16384], "classes": 1,
              "reduction": "mean", "direction": ["forward", "forward_backward"], "data": "normal"}]}}}
            """);
    List<String> command = new ArrayList<>(List.of(pythonWithTorch(), "../bench/gpu/pytorch_gpu.py"));
    command.addAll(List.of("--device", "cpu", "--threads", "1", "--peers", "pytorch-eager", "--dtype", "float32"));
    command.addAll(List.of("--grid", grid.toString(), "--preset", "small", "--seconds-per-point", "0.02"));
    command.addAll(List.of("--out", measured.toString()));
    assertEquals(0, run(command), () -> read(folder.resolve("python.log")));

    ResultFile file = StoredResults.checkMadeNow(measured);
    assertEquals(4, file.results().size());
    file.results().forEach(row -> assertTrue(MeasuredRow.of(row).elementsPerSecond() > 0, row.toString()));
    String cpu = "\"cpu\":\"%s\"".formatted(Environment.cpu(file.environment()));
    Path kernels = folder.resolve("kernels.json");
    Files.writeString(kernels, Files.readString(THREADS).replaceFirst("\"cpu\":\"[^\"]*\"", Matcher.quoteReplacement(cpu)));

    String text = compare(List.of(kernels, measured), "--report", page().toString());
    assertTrue(text.contains("pytorch-eager"), text);
    StoredResults.run("report", List.of(kernels, measured), "-o", page().toString());
    assertTrue(Files.readString(page()).contains("pytorch-eager"));
  }

  private Path page() {
    return folder.resolve("page.html");
  }

  /** What is printed, each sentence in one line. */
  private static String compare(List<Path> files, String... options) {
    return StoredResults.run("compare", files, options).replaceAll("\n {4}", " ");
  }

  /** One plot a direction: its lines, as many rings as the text claims crossovers, and their numbers in the data. */
  private void checkPage(int plots, List<Path> files) throws IOException {
    String html = Files.readString(page());
    String text = compare(files);
    int claimed = (int) Pattern.compile("from batch [\\d,]+ on").matcher(text).results().count();
    String section = html.substring(html.indexOf("<section id=\"crossover\">"));
    section = section.substring(0, section.indexOf("</section>"));
    assertEquals(plots, section.split("<svg class=\"plot\"", -1).length - 1);
    assertEquals(claimed, section.split("<circle class=\"ring\" cx=\"\\d+\\.\\d\" cy", -1).length - 1, text);
    for (String transfer : TRANSFERS) {
      assertTrue(section.contains("</svg>%s</li>".formatted(transfer)), transfer + " in the legend");
    }
    for (String sentence : text.lines().filter(line -> line.startsWith("  ")).map(String::strip).filter(line -> line.endsWith(".")).toList()) {
      assertTrue(section.contains("<li>%s</li>".formatted(sentence)), sentence);
    }
    Matcher data = Pattern.compile("id=\"data\">(.*?)</script>").matcher(html);
    assertTrue(data.find());
    JsonArray drawn = JsonParser.parseString(data.group(1)).getAsJsonObject().getAsJsonArray("plots");
    int stored = 0;
    for (JsonElement plot : drawn) {
      JsonObject object = plot.getAsJsonObject();
      if (object.get("columns").toString().contains("\"faster\"")) {
        stored += object.getAsJsonArray("rows").size();
      }
    }
    assertEquals(claimed, stored, "crossovers in the data of the page");
  }

  private int run(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("python.log").toFile())
            .start();
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroyForcibly().waitFor();
      fail("%s did not end within two minutes".formatted(command));
    }
    return process.exitValue();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** The test is skipped where there is no PyTorch, unless it is required. */
  private String pythonWithTorch() throws IOException, InterruptedException {
    String told = System.getenv("LANEWISE_PYTHON");
    String python = told == null || told.isBlank() ? "python3" : told;
    try {
      if (run(List.of(python, "-c", "import torch")) == 0) {
        return python;
      }
    } catch (IOException notThere) {
      // Said below.
    }
    String reason = "%s cannot import torch; name a Python that can with LANEWISE_PYTHON".formatted(python);
    if (Arrays.asList(System.getProperty("lanewise.require", "").split("[ ,]+")).contains("pytorch")) {
      fail(reason);
    }
    return abort(reason);
  }
}
