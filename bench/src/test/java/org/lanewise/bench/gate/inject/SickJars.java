package org.lanewise.bench.gate.inject;

import java.nio.file.Path;

/** Builds whose forks do not end well. */
public final class SickJars {
  private SickJars() {}

  /** Writes a jar whose BCE kernels do what {@link SickWork} does: it {@code crashes} or {@code hangs}. */
  public static void write(Path jar, Path into, String how) {
    Injection.wrapKernels(jar, into, SickWork.class, how);
  }
}
