package org.lanewise.bench.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.JvmFlags;
import org.lanewise.bench.UserError;
import org.lanewise.bench.jmh.ForeignKernels;
import org.lanewise.conformance.remote.ChildProcess;
import org.lanewise.conformance.remote.RemoteFailure;
import org.lanewise.conformance.remote.RemoteImplementation;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.validation.KernelUnderTest;

/** What is not built in, running in a process of its own. */
final class ForeignImplementation implements AutoCloseable {
  private final String description;
  private final RemoteImplementation remote;

  private ForeignImplementation(String description, RemoteImplementation remote) {
    this.description = description;
    this.remote = remote;
  }

  /** The kernels of a jar or a native library, served by a JVM of their own. */
  static ForeignImplementation ofFile(Path file, Duration timeLimit, long memoryLimit) {
    ForeignKernels.requireReadable(file);
    return open(file.toString(), command(file, memoryLimit), true, timeLimit, memoryLimit);
  }

  /** A JVM that serves the kernels of a file. */
  static List<String> command(Path file, long memoryLimit) {
    List<String> command = JvmFlags.command();
    // A heap that is full throws an error with a name before the process is so large that it has to be ended.
    command.add("-Xmx%dm".formatted(Math.max(32, memoryLimit / 2 >> 20)));
    command.add("-XX:+UseSerialGC");
    command.add("-XX:-UsePerfData");
    command.add("-XX:-CreateCoredumpOnCrash");
    command.add("-XX:ErrorFile=" + crashLog());
    command.addAll(ServeCommand.arguments(file));
    return command;
  }

  /** Where a JVM that crashes writes its report; without the folder it would leave one in the user's. */
  private static Path crashLog() {
    Path folder = WorkFolder.path().toAbsolutePath();
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      folder = Path.of(System.getProperty("java.io.tmpdir"));
    }
    return folder.resolve("hs_err_validate.log");
  }

  /** A command of the user, run by the shell. */
  static ForeignImplementation ofCommand(String line, Duration timeLimit, long memoryLimit) {
    // exec, so that the process that is watched is the command and not the shell.
    return open(line, List.of("sh", "-c", "exec " + line), false, timeLimit, memoryLimit);
  }

  private static ForeignImplementation open(
      String name, List<String> command, boolean isJvm, Duration timeLimit, long memoryLimit) {
    ChildProcess process = new ChildProcess(command, timeLimit, memoryLimit);
    RemoteImplementation remote;
    try {
      remote = RemoteImplementation.of(process, isJvm);
    } catch (RemoteFailure e) {
      process.close();
      throw UserError.environment("%s cannot be validated: %s".formatted(name, said(String.valueOf(e.getMessage()))));
    } catch (RuntimeException | Error e) {
      process.close();
      throw e;
    }
    if (remote.kernels().isEmpty() && remote.operations() == null) {
      remote.close();
      throw UserError.environment(
          "%s supplies no kernels and no operations; its answer to \"describe\" has to list them.".formatted(name));
    }
    return new ForeignImplementation(remote.name() == null ? name : "%s (%s)".formatted(remote.name(), name), remote);
  }

  /** Of a child that refused with a sentence of its own, that sentence. */
  private static String said(String failure) {
    String own = "lanewise: ";
    int start = failure.lastIndexOf(own);
    return start < 0 ? failure : failure.substring(start + own.length());
  }

  /** What is validated, for people. */
  String description() {
    return description;
  }

  List<KernelUnderTest> kernels() {
    return remote.kernels();
  }

  @Nullable Subject operations() {
    return remote.operations();
  }

  /** Ends the process, from any thread; a call that goes on fails. */
  void stop() {
    remote.close();
  }

  @Override
  public void close() {
    remote.close();
  }
}
