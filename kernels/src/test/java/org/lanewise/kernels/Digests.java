package org.lanewise.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** {@code reference-data/data/digests.json}: the digests that every machine, instruction set and JDK must reproduce. */
final class Digests {
  static final Path FILE = Path.of("../reference-data/data/digests.json");

  private static final Pattern ENTRY = Pattern.compile("\"([a-z0-9_/]+/[a-z0-9_/]+)\": \"([0-9a-f]{64})\"");

  private Digests() {}

  static Map<String, String> read() throws IOException {
    Map<String, String> digests = new TreeMap<>();
    Matcher entry = ENTRY.matcher(Files.readString(FILE));
    while (entry.find()) {
      digests.put(entry.group(1), entry.group(2));
    }
    return digests;
  }

  static void write(Map<String, String> digests) throws IOException {
    Files.writeString(
        FILE,
        digests.entrySet().stream()
            .map(entry -> "  \"%s\": \"%s\"".formatted(entry.getKey(), entry.getValue()))
            .collect(
                Collectors.joining(
                    ",\n", "{\n \"format\": \"lanewise/digests\",\n \"version\": 1,\n \"digests\": {\n", "\n }\n}\n")));
  }
}
