package org.lanewise.conformance.remote;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.validation.KernelUnderTest;

/** What a process supplies: kernels, a whole implementation of operations, or both. */
public final class RemoteImplementation implements AutoCloseable {
  private final ChildProcess process;
  private final @Nullable String name;
  private final List<KernelUnderTest> kernels;
  private final @Nullable Subject operations;

  private RemoteImplementation(
      ChildProcess process, @Nullable String name, List<KernelUnderTest> kernels, @Nullable Subject operations) {
    this.process = process;
    this.name = name;
    this.kernels = kernels;
    this.operations = operations;
  }

  /**
   * Asks a process what it supplies.
   *
   * @param isJvm whether the command is a JVM that takes flags after its first word
   * @throws RemoteFailure if it does not say
   */
  public static RemoteImplementation of(ChildProcess process, boolean isJvm) {
    Description description = Description.of(process.ask(Message.of("request", "describe")));
    List<KernelUnderTest> kernels =
        description.kernels().stream()
            .<KernelUnderTest>map(kernel -> new RemoteKernel(process, kernel, description.repeat(), isJvm))
            .toList();
    String id = description.name() == null ? "process" : description.name();
    return new RemoteImplementation(
        process,
        description.name(),
        kernels,
        description.operations().isEmpty() ? null : new RemoteOperations(process, id, description.operations()));
  }

  /** What it calls itself; null if it says no name. */
  public @Nullable String name() {
    return name;
  }

  /** Its kernels, available or not. */
  public List<KernelUnderTest> kernels() {
    return kernels;
  }

  /** Its operations; null if it answers none. */
  public @Nullable Subject operations() {
    return operations;
  }

  /** Ends the process. */
  @Override
  public void close() {
    process.close();
  }
}
