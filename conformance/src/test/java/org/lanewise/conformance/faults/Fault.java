package org.lanewise.conformance.faults;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.subject.KernelSubject;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.kernels.spi.KernelProvider;

/**
 * An implementation with one realistic slip: a kernel or an operation.
 *
 * @param id in the table
 * @param rule the rule that it must be found to break; it may break others too
 * @param slip one sentence: what its author got wrong
 * @param kernel the faulty kernel; null if it is an operation
 * @param operation the faulty operation; null if it is a kernel
 */
record Fault(String id, Rule rule, String slip, @Nullable KernelProvider kernel, @Nullable Subject operation) {
  /** All of them. */
  static List<Fault> all() {
    List<Fault> all = new ArrayList<>(BceFaults.all());
    all.addAll(CrossEntropyFaults.all());
    all.addAll(OperationFaults.all());
    return List.copyOf(all);
  }

  static Fault of(String id, Rule rule, String slip, KernelProvider kernel) {
    return new Fault(id, rule, slip, kernel, null);
  }

  static Fault of(String id, Rule rule, String slip, Subject operation) {
    return new Fault(id, rule, slip, null, operation);
  }

  String kind() {
    return kernel == null ? "operation" : "kernel";
  }

  /** As the stored cases see it. */
  Subject subject() {
    return kernel == null ? operation : new KernelSubject(kernel);
  }

  @Override
  public String toString() {
    return id;
  }
}
