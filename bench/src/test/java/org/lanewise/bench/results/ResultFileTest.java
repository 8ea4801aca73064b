package org.lanewise.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;

class ResultFileTest {
  private static final Work WORK =
      new Work("bce_with_logits", "float32", "binary", 1024, 1, "mean", "forward", "normal");

  @TempDir private Path folder;

  private static JsonObject object(String json) {
    return JsonParser.parseString(json).getAsJsonObject();
  }

  private String refused(String text) throws IOException {
    Path file = folder.resolve("results.json");
    Files.writeString(file, text);
    UserError error = assertThrows(UserError.class, () -> ResultFile.read(file, List.of("bench", "peers")));
    assertEquals(ExitCode.ENVIRONMENT, error.exitCode());
    assertTrue(error.getMessage().startsWith(file.toString()), error.getMessage());
    return error.getMessage();
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    JsonObject jmh = object("{\"score\": 1.50, \"exact\": 9007199254740993}");
    MeasuredRow measured = MeasuredRow.measured(WORK, Implementation.kernel("vector"), Time.ofSamples(3, 1, 2), jmh);
    MeasuredRow failed = MeasuredRow.failed(WORK, Implementation.kernel("scalar"), "It failed.");
    ResultFile written =
        new ResultFile("bench", object("{\"cpu\": \"é\"}"), List.of(measured.toJson(), failed.toJson()));
    Path file = folder.resolve("made/by/us/results.json");

    written.write(file);

    ResultFile read = ResultFile.read(file, List.of("bench"));
    assertEquals(written, read);
    assertEquals(List.of(measured, failed), read.results().stream().map(MeasuredRow::of).toList());
    assertTrue(Files.readString(file).contains("\"jmh\":{\"score\":1.50,\"exact\":9007199254740993}"), "unchanged");
    try (Stream<Path> files = Files.list(file.getParent())) {
      assertEquals(List.of(file), files.toList(), "nothing else is left in the folder");
    }
  }

  @Test
  void aFileWithoutRowsIsJsonToo() {
    JsonObject json = object(new ResultFile("bench", new JsonObject(), List.of()).text());
    assertEquals("lanewise/bench", json.get("format").getAsString());
    assertEquals(0, json.getAsJsonArray("results").size());
  }

  @Test
  void otherFilesAreRefusedWithWhatIsWrong() throws IOException {
    assertTrue(refused("{").contains("is not JSON"));
    assertTrue(refused("{}").contains("is not a result file"));
    assertTrue(refused("{\"format\": 3}").contains("is not a result file"));
    assertTrue(refused("{\"format\": \"lanewise/gate\"}").contains("kind 'gate', but bench or peers are expected"));
    assertTrue(refused("{\"format\": \"lanewise/bench\", \"version\": 7}").contains("has version 7"));
    assertTrue(refused("{\"format\": \"lanewise/bench\"}").contains("has version null"));
    assertTrue(refused("{\"format\": \"lanewise/bench\", \"version\": 1}").contains("lacks \"environment\""));
    assertTrue(
        refused("{\"format\": \"lanewise/bench\", \"version\": 1, \"environment\": {}, \"results\": [{}, 1]}")
            .contains("row 1"));
  }

  @Test
  void aFileThatCannotBeReadOrWrittenIsNamed() {
    Path missing = folder.resolve("missing.json");
    assertEquals(
        "Cannot read %s: it does not exist; check the path.".formatted(missing),
        assertThrows(UserError.class, () -> ResultFile.read(missing, List.of("bench"))).getMessage());
    UserError error =
        assertThrows(UserError.class, () -> new ResultFile("bench", new JsonObject(), List.of()).write(folder));
    assertEquals(
        "Cannot write %s: it is a folder; name a file in a folder that can be written to.".formatted(folder),
        error.getMessage());
    assertEquals(ExitCode.ENVIRONMENT, error.exitCode());
  }

  @Test
  void numbersThatJsonLacksAreStrings() {
    for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0.1, -0.0}) {
      assertEquals(value, Json.number(JsonParser.parseString(Json.line(Json.number(value)))));
    }
    assertEquals("\"-inf\"", Json.line(Json.number(Double.NEGATIVE_INFINITY)));
  }

  @Test
  void theSpreadIsTheInterpolated5thAnd95thPercentile() {
    // numpy.percentile([10, 20, 30, 40, 50], [5, 50, 95])
    assertEquals(new Time(30, 12, 48, 5), Time.ofSamples(50, 10, 40, 20, 30));
    assertEquals(new Time(7, 7, 7, 1), Time.ofSamples(7));
  }

  @Test
  void rowsThatLackSomethingAreRefused() {
    MeasuredRow row = MeasuredRow.measured(WORK, Implementation.kernel("vector"), Time.ofSamples(1), null);
    for (String key : List.of("work", "implementation", "time")) {
      JsonObject json = row.toJson();
      json.remove(key);
      assertThrows(IllegalArgumentException.class, () -> MeasuredRow.of(json), key);
    }
    JsonObject seconds = row.toJson();
    seconds.getAsJsonObject("time").addProperty("unit", "s/call");
    assertThrows(IllegalArgumentException.class, () -> MeasuredRow.of(seconds));
  }

  @Test
  void aLinkKeepsPointingWhereItDoes() throws IOException {
    Path target = Files.writeString(folder.resolve("target.txt"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link.txt"), target);
    SafeFile.write(link, "new");
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(target));
    Files.delete(target);
    SafeFile.write(link, "made");
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("made", Files.readString(target), "a link to what does not exist yet");

    Path loop = Files.createSymbolicLink(folder.resolve("loop"), folder.resolve("loop"));
    UserError error = assertThrows(UserError.class, () -> SafeFile.write(loop, "new"));
    assertTrue(error.getMessage().contains("a link that leads to itself"), error.getMessage());
    assertTrue(Files.isSymbolicLink(loop));
  }

  /** What cannot be written at the end is refused at the beginning, and nothing is left of the trial. */
  @Test
  void namesThatCannotBeHadAreRefusedAtOnce() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "kept");
    for (Path path : List.of(folder.resolve("y".repeat(300)), folder.resolve("no/.."), file.resolve("below"))) {
      UserError error = assertThrows(UserError.class, () -> SafeFile.requireWritable(path));
      assertEquals(ExitCode.ENVIRONMENT, error.exitCode());
    }
    // What a process of the same number left when it was killed, as in containers, is in nobody's way.
    Files.createFile(folder.resolve("file.%d.part".formatted(ProcessHandle.current().pid())));
    SafeFile.requireWritable(file);
    assertEquals("kept", Files.readString(file));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(file), left.toList());
    }
  }

  @Test
  void whatIsNoRegularFileIsNotReplaced() {
    UserError error = assertThrows(UserError.class, () -> SafeFile.write(folder, "text"));
    assertTrue(error.getMessage().contains("it is a folder"), error.getMessage());
    assertTrue(Files.isDirectory(folder));
    assertThrows(UserError.class, () -> SafeFile.requireWritable(folder));
    SafeFile.requireWritable(folder.resolve("new/deep.json"));
    SafeFile.requireWritable(null);
  }
}
