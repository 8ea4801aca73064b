package org.lanewise.bench.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.zip.ZipFile;
import org.lanewise.bench.UserError;

/**
 * A build of the kernels: a jar that is there, or one that is made of a commit.
 *
 * @param name what it is called, for people: a file, a commit, the working tree
 * @param jar the file
 */
record KernelsJar(String name, Path jar) {
  /** What the name of a commit begins with. */
  static final String GIT = "git:";
  private static final String TARGET = "kernels/target";
  private static final String JAR = "lanewise-kernels-*.jar";
  private static final int BUILD_MINUTES = 15;

  /**
   * The jar that a user names.
   *
   * @param name a file, or {@code git:} and a commit of the project that this program belongs to
   * @param steps is told what takes long
   */
  static KernelsJar named(String name, Consumer<String> steps) {
    if (name.startsWith(GIT)) {
      return ofCommit(name.substring(GIT.length()), steps);
    }
    Path jar = Path.of(name);
    try {
      new ZipFile(jar.toFile()).close();
      return new KernelsJar(name, jar);
    } catch (IOException e) {
      throw UserError.environment(
          "%s is no jar that can be read: %s; name a jar of the kernels, or git:COMMIT."
              .formatted(name, Files.exists(jar) ? e.getMessage() : "it does not exist"));
    }
  }

  /** The jar that the working tree was built to. */
  static KernelsJar ofWorkingTree() {
    return new KernelsJar("the working tree", built(WorkFolder.project()));
  }

  /**
   * The same bytes in a file that nobody else knows, until this JVM ends: a build beside a comparison replaces the jar, and
   * forks that start later would measure another.
   *
   * @param side {@code base} or {@code candidate}: the two have to be two files
   */
  KernelsJar copied(String side) {
    Path folder = WorkFolder.path().toAbsolutePath().resolve("gate");
    try {
      Files.createDirectories(folder);
      Path own = Files.createTempDirectory(folder, side);
      own.toFile().deleteOnExit();
      Path copy = own.resolve(jar.getFileName());
      if (copy.toString().contains(File.pathSeparator)) {
        throw UserError.environment(
            "%s has a '%s' in its path, which ends an entry of a class path; move or rename it.".formatted(copy, File.pathSeparator));
      }
      copy.toFile().deleteOnExit();
      return new KernelsJar(name, Files.copy(jar, copy));
    } catch (IOException e) {
      throw UserError.unwritable(folder, e);
    }
  }

  private static Path built(Path project) {
    Path folder = project.resolve(TARGET);
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, JAR)) {
        List<Path> found = new ArrayList<>();
        for (Path jar : jars) {
          if (!jar.toString().endsWith("-sources.jar") && !jar.toString().endsWith("-javadoc.jar")) {
            found.add(jar);
          }
        }
        if (found.size() > 1) {
          throw UserError.environment(
              "There are %d of %s in %s; delete the old ones, or name a jar.".formatted(found.size(), JAR, folder));
        }
        if (!found.isEmpty()) {
          return found.getFirst();
        }
      } catch (IOException e) {
        throw UserError.unreadable(folder, e);
      }
    }
    throw UserError.environment(
        "There is no %s in %s; build it with ./mvnw package, or name a jar.".formatted(JAR, folder));
  }

  /** Built in a working tree of its own, so that the user's stays as it is; kept, for a commit never changes. */
  private static KernelsJar ofCommit(String revision, Consumer<String> steps) {
    Path project = WorkFolder.project().toAbsolutePath().normalize();
    Path work = WorkFolder.path().toAbsolutePath().resolve("gate");
    Path log = work.resolve("build.log");
    try {
      Files.createDirectories(work);
      String commit =
          output(project, log, "git", "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}");
      if (commit.isEmpty()) {
        throw UserError.environment(
            "%s knows no commit '%s'; name one that git rev-parse finds.".formatted(project, revision));
      }
      Path jar = work.resolve(commit + ".jar");
      KernelsJar build =
          new KernelsJar("%s%s, commit %s of %s".formatted(GIT, revision, commit.substring(0, 10), project.getFileName()), jar);
      if (Files.exists(jar)) {
        return build;
      }
      steps.accept("building the kernels of %s in %s".formatted(revision, project));
      String prefix = output(project, log, "git", "rev-parse", "--show-prefix");
      Path tree = Files.createTempDirectory("lanewise-base").resolve("tree");
      try {
        run(project, log, revision, List.of("git", "worktree", "add", "--detach", tree.toString(), commit));
        Path root = tree.resolve(prefix);
        List<String> command = new ArrayList<>(List.of("./mvnw", "-q", "-B", "-ntp", "-Dmaven.test.skip", "-Dlanewise.lint=false"));
        command.addAll(List.of("package", "-pl", "kernels"));
        run(root, log, revision, command);
        Path part = work.resolve(commit + ".part");
        Files.copy(built(root), part, StandardCopyOption.REPLACE_EXISTING);
        Files.move(part, jar, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        if (Files.exists(tree)) {
          start(project, log, List.of("git", "worktree", "remove", "--force", tree.toString())).waitFor();
        }
        Files.deleteIfExists(tree.getParent());
      }
      return build;
    } catch (IOException e) {
      throw UserError.environment(
          "The kernels of '%s' cannot be built: %s; git has to be on the PATH.".formatted(revision, e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw UserError.environment("The build of '%s' was interrupted.".formatted(revision));
    }
  }

  private static void run(Path folder, Path log, String revision, List<String> command)
      throws IOException, InterruptedException {
    Process process = start(folder, log, command);
    boolean ended = process.waitFor(BUILD_MINUTES, TimeUnit.MINUTES);
    if (!ended) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    if (!ended || process.exitValue() != 0) {
      throw UserError.environment(
          "The kernels of '%s' cannot be built: %s %s; see %s."
              .formatted(revision, command.getFirst(), ended ? "failed" : "did not end", log));
    }
  }

  private static Process start(Path folder, Path log, List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  private static String output(Path folder, Path log, String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return process.waitFor() == 0 ? text : "";
  }
}
