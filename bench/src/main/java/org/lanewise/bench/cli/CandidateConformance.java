package org.lanewise.bench.cli;

import com.google.gson.JsonObject;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.JvmFlags;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.Conformance;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.conformance.subject.FrontDoorSubject;
import org.lanewise.conformance.verdict.Verdict;

/** Judges a build by all stored cases: in a JVM of its own, with the build's jar before the classes of this program. */
final class CandidateConformance {
  private static final int MINUTES = 10;

  private CandidateConformance() {}

  /** The verdicts on the front door and on kernels. */
  static List<Conformance> of(Path jar, List<String> kernels) {
    Path folder = WorkFolder.path().toAbsolutePath().resolve("gate");
    Path json = jar.resolveSibling("conformance.json"); // the jar is a copy in a folder of this run
    Path log = folder.resolve("conformance.log");
    List<String> subjects = new ArrayList<>(List.of(FrontDoorSubject.ID));
    subjects.addAll(kernels);
    List<String> command = JvmFlags.command();
    command.addAll(
        List.of(
            "-cp",
            jar.toAbsolutePath() + File.pathSeparator + System.getProperty("java.class.path"),
            Main.class.getName(),
            "verify",
            "--json",
            json.toString()));
    subjects.forEach(subject -> command.addAll(List.of("--kernel", subject)));
    int exitCode;
    try {
      Files.createDirectories(folder);
      json.toFile().deleteOnExit();
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
      Terminal.none(builder.environment());
      Process process = builder.start();
      process.getOutputStream().close();
      if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw failed(jar, "it did not end within %d minutes".formatted(MINUTES), log);
      }
      exitCode = process.exitValue();
      if (exitCode != ExitCode.GOOD && exitCode != ExitCode.NOT_CONFORMING || !Files.exists(json)) {
        throw failed(jar, "verify exited with %d".formatted(exitCode), log);
      }
    } catch (IOException e) {
      throw failed(jar, String.valueOf(e.getMessage()), log);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(jar, "it was interrupted", log);
    }
    List<Conformance> read = read(json, subjects);
    if (exitCode == ExitCode.NOT_CONFORMING && read.stream().allMatch(one -> one.failures().isEmpty())) {
      throw failed(jar, "verify exited with %d and names no failure".formatted(exitCode), log);
    }
    return read;
  }

  private static List<Conformance> read(Path json, List<String> subjects) {
    Map<String, TreeSet<String>> checked = new LinkedHashMap<>();
    Map<String, List<String>> failures = new LinkedHashMap<>();
    for (String subject : subjects) {
      checked.put(subject, new TreeSet<>());
      failures.put(subject, new ArrayList<>());
    }
    for (JsonObject row : ResultFile.read(json, List.of("verify")).results()) {
      String subject = row.get("kernel").getAsString();
      Verdict verdict = Verdict.valueOf(row.get("verdict").getAsString());
      if (verdict == Verdict.PASSED || verdict == Verdict.FAILED) {
        entry(checked, subject).add(row.get("case").getAsString());
      }
      if (verdict == Verdict.FAILED) {
        entry(failures, subject)
            .add(
                "%s (contract %s): %s"
                    .formatted(
                        row.get("case").getAsString(), row.get("contract").getAsString(), row.get("reason").getAsString()));
      }
    }
    return subjects.stream()
        .map(subject -> new Conformance(subject, entry(checked, subject).size(), summary(entry(failures, subject))))
        .toList();
  }

  private static <T> T entry(Map<String, T> of, String subject) {
    return Objects.requireNonNull(of.get(subject), subject);
  }

  /** Of hundreds of failures a few say what is wrong. */
  private static List<String> summary(List<String> failures) {
    int shown = 3;
    if (failures.size() <= shown) {
      return failures;
    }
    List<String> summary = new ArrayList<>(failures.subList(0, shown));
    summary.add("And %d more; ./lanewise validate on that jar lists them all.".formatted(failures.size() - shown));
    return summary;
  }

  private static UserError failed(Path jar, String reason, Path log) {
    return UserError.environment("The conformance of %s could not be checked: %s; see %s.".formatted(jar, reason, log));
  }
}
