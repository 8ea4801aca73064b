package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.compare.Comparison;
import org.lanewise.bench.report.HtmlReport;
import org.lanewise.bench.results.ResultFile;

/** What must hold of every result that is stored with the project. */
final class StoredResults {
  /** Where an absolute path begins; a unit such as B/op, a range or a web address is none. */
  private static final Pattern ABSOLUTE_PATH = Pattern.compile("(^|[^\\w./:*)%-])(~?/[A-Za-z._]|[A-Za-z]:[\\\\/])");

  private StoredResults() {}

  /** All result files of a folder and those below it. */
  static List<Path> in(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
  }

  /** Whether it holds measured times. */
  static boolean measured(ResultFile file) {
    return Comparison.KINDS.contains(file.kind());
  }

  /** The file can be read, is complete, says how it was made, and tells nothing of the folders of a machine. */
  static ResultFile check(Path path) throws IOException {
    ResultFile file = checkMadeNow(path);
    String name = path.getFileName().toString();
    assertTrue(
        file.environment().get("git_commit") instanceof JsonPrimitive commit && !commit.getAsString().endsWith("-dirty"),
        name + ": of changed sources, or of unknown ones");
    return file;
  }

  /** The same of a file that is not to be stored, for which the sources may be changed ones. */
  static ResultFile checkMadeNow(Path path) throws IOException {
    ResultFile file = ResultFile.read(path, HtmlReport.KINDS);
    String name = path.getFileName().toString();
    JsonObject environment = file.environment();
    assertFalse(file.results().isEmpty(), name);
    for (String fact : List.of("program", "utc", "os", "cpu", "cpu_count")) {
      assertTrue(environment.get(fact) instanceof JsonPrimitive, "%s does not tell its %s".formatted(name, fact));
    }
    if (measured(file)) {
      assertTrue(
          environment.get("arguments") instanceof JsonArray arguments && !arguments.isEmpty(),
          name + " does not tell the command that made it");
      assertTrue(
          environment.get("complete") instanceof JsonPrimitive complete && complete.getAsBoolean(),
          name + " is of an interrupted run");
    }
    assertEquals(List.of(), paths(file), name);
    return file;
  }

  /** The texts of a file that hold an absolute path. */
  static List<String> paths(ResultFile file) {
    List<String> paths = new ArrayList<>();
    collect(file.environment(), paths);
    file.results().forEach(row -> collect(row, paths));
    return paths;
  }

  private static void collect(JsonElement element, List<String> paths) {
    switch (element) {
      case JsonObject object -> object.asMap().values().forEach(value -> collect(value, paths));
      case JsonArray array -> array.forEach(value -> collect(value, paths));
      case JsonPrimitive text when text.isString() && ABSOLUTE_PATH.matcher(text.getAsString()).find() ->
          paths.add(text.getAsString());
      default -> {}
    }
  }

  /** Runs a command that must be good; gives what it said. */
  static String run(String command, List<Path> files, String... options) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Stream<String> line =
        Stream.of(Stream.of(command), files.stream().map(Path::toString), Stream.of(options)).flatMap(part -> part);
    int code = Main.run(new PrintWriter(out), new PrintWriter(err), line.toArray(String[]::new));
    assertEquals(ExitCode.GOOD, code, err.toString());
    return out.toString();
  }
}
