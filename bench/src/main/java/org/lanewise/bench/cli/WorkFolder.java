package org.lanewise.bench.cli;

import java.nio.file.Path;

/** Where commands leave files that nobody named: {@code target/lanewise} of the project, or of the current folder. */
final class WorkFolder {
  private WorkFolder() {}

  /** The launcher says where the project lies, so that the folder does not depend on where it was called. */
  static Path path() {
    return project().resolve("target").resolve("lanewise");
  }

  /** The project's folder; the current one where the launcher does not say. */
  static Path project() {
    String project = System.getenv("LANEWISE_HOME");
    return Path.of(project == null ? "" : project);
  }
}
