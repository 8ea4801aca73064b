package org.lanewise.fuzz;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.lanewise.bench.nativelib.NativeOptionsTarget;

/**
 * A target fuzzed for a time by Jazzer, which makes inputs by what code the last ones reached. Jazzer runs in a JVM of its own,
 * on one thread and a small heap, goes on after a finding, and leaves the inputs of findings in {@code target/findings}.
 */
final class Campaign {
  /** Seconds after which an input has hung. */
  private static final int HUNG = 25;

  private static final Pattern DONE = Pattern.compile("Done (\\d+) runs in (\\d+) second");
  private static final Pattern COVERED = Pattern.compile("cov: (\\d+)");

  private final Targets which;
  private final Path folder;
  private final Path findings;

  /** @param which what is fuzzed */
  Campaign(Targets which) {
    this.which = which;
    this.folder = Path.of("target", "fuzz", which.id());
    this.findings = Path.of("target", "findings", which.id());
  }

  /**
   * What came of it.
   *
   * @param executions how many inputs were read
   * @param seconds for how long
   * @param covered how many edges of the code they reached
   * @param findings the files of the inputs that something undocumented came of, one a kind
   */
  record Result(long executions, long seconds, long covered, List<Path> findings) {}

  /**
   * Runs for the time, unless an input hangs or ends the JVM.
   *
   * @param seed from 1 up
   */
  Result run(Duration time, int seed, String heap) throws Exception {
    Path learnt = Files.createDirectories(folder.resolve("learnt"));
    Path seeds = Files.createDirectories(folder.resolve("seeds"));
    Files.createDirectories(findings);
    for (Path before : list(findings)) {
      Files.delete(before);
    }
    Target target = which.create();
    int number = 0;
    for (byte[] input : Stream.concat(target.seeds().stream(), Corpus.of(which).stream()).toList()) {
      Files.write(seeds.resolve(Integer.toString(number++)), input);
    }
    Path words = folder.resolve("words");
    Files.write(words, Stream.concat(Mutations.VALUES.stream(), target.words().stream()).map(Campaign::quoted).toList());
    Path log = folder.resolve("log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseSerialGC",
            "-Xmx" + heap,
            "-Dlanewise.fuzz.target=" + which.id(),
            "-D%s=%s".formatted(NativeOptionsTarget.FOLDER, System.getProperty(NativeOptionsTarget.FOLDER, "")),
            "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
            "-cp",
            System.getProperty("java.class.path"),
            "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + JazzerEntry.class.getName(),
            "--instrumentation_includes=org.lanewise.**" + File.pathSeparator + "com.google.gson.**",
            // Loops of numbers have no branches to learn from.
            "--instrumentation_excludes=org.lanewise.fuzz.**"
                + File.pathSeparator
                + "org.lanewise.kernels.scalar.**"
                + File.pathSeparator
                + "org.lanewise.kernels.vector.**",
            "--keep_going=100",
            "--reproducer_path=" + folder,
            "-max_total_time=" + time.toSeconds(),
            "-timeout=" + HUNG,
            "-seed=" + seed,
            "-max_len=65536",
            "-dict=" + words,
            "-artifact_prefix=" + findings + File.separator,
            learnt.toString(),
            seeds.toString()));
    int exitCode = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start().waitFor();
    List<Path> found = list(findings);
    Matcher done = last(DONE, log);
    if (done == null && found.isEmpty()) {
      throw new IllegalStateException("Jazzer ended with %d; see fuzz/%s.".formatted(exitCode, log));
    }
    Matcher covered = last(COVERED, log);
    return new Result(
        done == null ? 0 : Long.parseLong(done.group(1)),
        done == null ? 0 : Long.parseLong(done.group(2)),
        covered == null ? 0 : Long.parseLong(covered.group(1)),
        found);
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  /** A word as libFuzzer's dictionaries have it. */
  private static String quoted(String word) {
    StringBuilder text = new StringBuilder("\"");
    for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
      boolean plain = b >= ' ' && b < 0x7F && b != '"' && b != '\\';
      text.append(plain ? Character.toString(b) : "\\x%02X".formatted(b & 0xFF));
    }
    return text.append('"').toString();
  }

  private static Matcher last(Pattern pattern, Path log) throws IOException {
    Matcher matcher = pattern.matcher(Files.readString(log, StandardCharsets.ISO_8859_1));
    Matcher last = null;
    while (matcher.find()) {
      last = pattern.matcher(matcher.group());
      last.find();
    }
    return last;
  }
}
