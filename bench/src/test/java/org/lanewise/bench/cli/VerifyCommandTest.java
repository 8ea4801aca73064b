package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.results.ResultFile;

/** {@code lanewise verify} as a user calls it: output, exit code and files. */
class VerifyCommandTest {
  @TempDir Path folder;

  private record Run(int exitCode, String out, String err) {}

  private static Run lanewise(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = Main.run(new PrintWriter(out), new PrintWriter(err), args);
    return new Run(exitCode, out.toString(), err.toString());
  }

  /** Runs with the planted faults among the kernels. */
  private Run withPlantedFaults(String... args) throws IOException {
    Path services = folder.resolve("META-INF/services/org.lanewise.kernels.spi.KernelProvider");
    Files.createDirectories(services.getParent());
    Files.write(
        services,
        List.of(
            PlantedFaults.DroppedTail.class.getName(),
            PlantedFaults.NoMaxShift.class.getName(),
            PlantedFaults.ZeroGradient.class.getName()));
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
      Thread.currentThread().setContextClassLoader(loader);
      return lanewise(args);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private static void expectOneSentence(int exitCode, Run run, String... parts) {
    assertEquals(exitCode, run.exitCode, run.toString());
    assertEquals(1, run.err.lines().count(), run.err);
    assertFalse(run.err.contains("Exception") || run.err.contains("\tat "), run.err);
    for (String part : parts) {
      assertTrue(run.err.contains(part), () -> "«" + part + "» is not in: " + run.err);
    }
  }

  @Test
  void theBuiltInKernelsPass() throws IOException {
    Path json = folder.resolve("out.json");
    Run run = lanewise("verify", "--json", json.toString());
    assertEquals(ExitCode.GOOD, run.exitCode, run.toString());
    ResultFile file = ResultFile.read(json, List.of("verify"));
    for (String kernel : List.of("scalar", "vector", "front-door")) {
      assertTrue(run.out.contains(kernel), run.out);
      assertTrue(
          file.results().stream()
              .anyMatch(row -> row.get("kernel").getAsString().equals(kernel) && verdict(row).equals("PASSED")),
          kernel);
    }
    for (JsonObject row : file.results()) {
      assertTrue(row.has("case") && row.has("contract") && row.has("max_ulp"), row.toString());
      assertTrue(verdict(row).equals("PASSED") || !row.get("reason").isJsonNull(), row.toString());
    }
  }

  private static String verdict(JsonObject row) {
    return row.get("verdict").getAsString();
  }

  @Test
  void aGlobChoosesCases() throws IOException {
    Path json = folder.resolve("out.json");
    Run run = lanewise("verify", "--case", "cross_entropy/*tie/*", "--kernel", "scalar", "--json", json.toString());
    assertEquals(ExitCode.GOOD, run.exitCode, run.toString());
    List<JsonObject> rows = ResultFile.read(json, List.of("verify")).results();
    assertFalse(rows.isEmpty());
    for (JsonObject row : rows) {
      assertTrue(row.get("case").getAsString().matches("cross_entropy/(near_)?tie/.*"), row.toString());
      assertEquals("scalar", row.get("kernel").getAsString());
    }
  }

  @Test
  void unknownNamesAreUsageErrorsThatListTheValidOnes() {
    expectOneSentence(ExitCode.USAGE, lanewise("verify", "--operation", "hinge"), "'hinge'", "bce_with_logits, cross_entropy");
    expectOneSentence(ExitCode.USAGE, lanewise("verify", "--kernel", "gpu"), "'gpu'", "scalar, vector", "front-door");
    expectOneSentence(ExitCode.USAGE, lanewise("verify", "--case", "no/such*"), "'no/such*'", "cross_entropy", "near_tie");
    expectOneSentence(
        ExitCode.USAGE, lanewise("verify", "--operation", "cross_entropy", "--case", "bce_with_logits/*"), "No case matches");
    expectOneSentence(ExitCode.USAGE, lanewise("verify", "--cases"), "--cases");
    expectOneSentence(ExitCode.USAGE, lanewise("verifi"), "verifi");
  }

  @Test
  void nothingCheckedIsNotAPass() {
    Run run = lanewise("verify", "--kernel", "scalar", "--case", "*/shape_error/*");
    assertEquals(ExitCode.ENVIRONMENT, run.exitCode, run.toString());
    assertTrue(run.out.contains("No case was checked"), run.out);
  }

  @Test
  void aDroppedTailFails() throws IOException {
    Run run = withPlantedFaults("verify", "--kernel", "dropped-tail", "--case", "bce_with_logits/lane_multiple/17*none");
    expectFailure(run, "dropped-tail", "index 16:", "got 0x0.0p0 (0.0)");
  }

  @Test
  void aMissingMaxShiftFails() throws IOException {
    Run run = withPlantedFaults("verify", "--kernel", "no-max-shift", "--case", "cross_entropy/shifted/*");
    expectFailure(run, "no-max-shift", "cross_entropy/shifted/", "got Infinity");
  }

  @Test
  void aZeroGradientFails() throws IOException {
    Run run = withPlantedFaults("verify", "--kernel", "zero-gradient", "--case", "*/ordinary/*none");
    expectFailure(run, "zero-gradient", "'logits_gradient'", "got 0x0.0p0 (0.0)");
  }

  private static void expectFailure(Run run, String kernel, String... parts) {
    assertEquals(ExitCode.NOT_CONFORMING, run.exitCode, run.toString());
    for (String part : List.of("FAILED " + kernel, "index ", "got ", "expected ", "ULP", "repeat: ./lanewise verify --kernel " + kernel)) {
      assertTrue(run.out.contains(part), () -> "«" + part + "» is not in: " + run.out);
    }
    for (String part : parts) {
      assertTrue(run.out.contains(part), () -> "«" + part + "» is not in: " + run.out);
    }
  }

  @Test
  void theRepeatCommandRepeats() throws IOException {
    Run run = withPlantedFaults("verify", "--kernel", "zero-gradient", "--operation", "bce_with_logits");
    String repeat = run.out.lines().filter(line -> line.contains("repeat: ")).findFirst().orElseThrow();
    String[] args = repeat.substring(repeat.indexOf("verify")).replace("'", "").split(" ");
    Run again = withPlantedFaults(args);
    assertEquals(ExitCode.NOT_CONFORMING, again.exitCode, again.toString());
    assertTrue(again.out.contains(args[args.length - 1]), again.out);
  }

  @Test
  void junitXmlListsFailures() throws Exception {
    Path xml = folder.resolve("junit.xml");
    withPlantedFaults("verify", "--kernel", "zero-gradient", "--case", "*/ordinary/*none", "--junit", xml.toString());
    var document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(xml.toFile());
    assertTrue(document.getElementsByTagName("testcase").getLength() > 0);
    assertTrue(document.getElementsByTagName("failure").getLength() > 0);
    assertTrue(document.getElementsByTagName("failure").item(0).getTextContent().contains("repeat: ./lanewise"));
  }

  @Test
  void damagedDataIsOneSentence() throws Exception {
    Path copy = copyOfTheData();
    Path tensors = copy.resolve("tensors/bce_with_logits.safetensors");
    byte[] content = Files.readAllBytes(tensors);
    content[content.length / 2] ^= 4;
    Files.write(tensors, content);
    expectOneSentence(
        ExitCode.ENVIRONMENT, lanewise("verify", "--cases", copy.toString()), "bce_with_logits.safetensors", "damaged");

    Files.write(copy.resolve("index.json"), "{\"format\":\"lanewise/refer".getBytes(StandardCharsets.UTF_8));
    expectOneSentence(ExitCode.ENVIRONMENT, lanewise("verify", "--cases", copy.toString()), "index.json", "not valid JSON");

    Path nowhere = folder.resolve("nowhere");
    expectOneSentence(ExitCode.ENVIRONMENT, lanewise("verify", "--cases", nowhere.toString()), "nowhere", "does not exist");
  }

  @Test
  void aFolderOfCasesIsRead() throws Exception {
    Run run = lanewise("verify", "--cases", copyOfTheData().toString(), "--case", "*/real_model/*");
    assertEquals(ExitCode.GOOD, run.exitCode, run.toString());
  }

  /** The packaged reference data as a folder. */
  private Path copyOfTheData() throws Exception {
    URI uri = VerifyCommandTest.class.getResource("/lanewise/reference-data/index.json").toURI();
    Path copy = folder.resolve("data");
    if (uri.getScheme().equals("file")) {
      copy(Path.of(uri).getParent(), copy);
    } else {
      try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
        copy(jar.getPath("/lanewise/reference-data"), copy);
      }
    }
    return copy;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
