package org.lanewise.conformance.remote;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.conformance.calls.Operand;
import org.lanewise.conformance.validation.KernelUnderTest;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** A provider in a process of its own, as kernels of this JVM: each call sends its block and takes over what comes back. */
final class RemoteKernel implements KernelUnderTest, KernelProvider {
  /** Repeated calls may take longer than one. */
  private static final Duration REPETITION = Duration.ofMinutes(1);

  /** An interpreter is that much slower than compiled code. */
  private static final int INTERPRETER = 20;

  private final ChildProcess process;
  private final Description.Kernel described;
  private final boolean repeats;
  private final boolean isJvm;

  RemoteKernel(ChildProcess process, Description.Kernel described, boolean repeats, boolean isJvm) {
    this.process = process;
    this.described = described;
    this.repeats = repeats;
    this.isJvm = isJvm;
  }

  @Override
  public String id() {
    return described.id();
  }

  @Override
  public String description() {
    return described.description();
  }

  @Override
  public Availability availability() {
    return described.availability();
  }

  @Override
  public int lanes() {
    return described.lanes();
  }

  @Override
  public List<Declaration> declarations() {
    return described.declarations();
  }

  @Override
  public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
    return call -> compute(KernelCall.of(dtype, call));
  }

  @Override
  public <A> CrossEntropyKernel<A> crossEntropy(DType dtype) {
    return call -> compute(KernelCall.of(dtype, call));
  }

  private void compute(KernelCall call) {
    Message request = request(call, id());
    take(call, request, process.ask(request));
  }

  /** Takes over from the answer to the request of a call what it says of it. */
  static void take(KernelCall call, Message request, Message answer) {
    Description.require(answer, "kernel");
    CallMessage.readResults(call, "", request.tensors(), answer.tensors());
    readSums(call, answer.json());
  }

  /** The request of one call. */
  static Message request(KernelCall call, String kernel) {
    Message request = Message.of("request", "kernel");
    request.json().addProperty("kernel", kernel);
    CallMessage.write(call, "", request.tensors())
        .entrySet()
        .forEach(entry -> request.json().add(entry.getKey(), entry.getValue()));
    return request;
  }

  private static void readSums(KernelCall call, JsonObject json) {
    boolean weighted = call.operation() == Operation.CROSS_ENTROPY;
    call.setSums(Message.number(json, "loss_sum"), weighted ? Message.number(json, "weight_sum") : 0);
  }

  @Override
  public KernelProvider provider() {
    return this;
  }

  @Override
  public Optional<Repetition> repeat(List<KernelCall> calls, int times, boolean concurrently) {
    if (!repeats) {
      return Optional.empty();
    }
    Message request = Message.of("request", "repeat");
    request.json().addProperty("kernel", id());
    request.json().addProperty("times", times);
    request.json().addProperty("concurrently", concurrently);
    Map<Object, String> shared = shared(calls);
    Map<String, Tensor> sent = new HashMap<>();
    JsonArray objects = new JsonArray();
    for (KernelCall call : calls) {
      String prefix = objects.size() + "/";
      JsonObject object = CallMessage.write(call, prefix, request.tensors(), shared);
      for (Operand operand : call.operands()) {
        String name = shared.getOrDefault(operand.array(), prefix + operand.name());
        sent.put(prefix + operand.name(), request.tensors().get(name));
      }
      object.add("loss_sum", Message.number(call.lossSum()));
      object.add("weight_sum", Message.number(call.weightSum()));
      objects.add(object);
    }
    request.json().add("calls", objects);
    return Optional.of(furthest(calls, sent, process.ask(request, process.timeLimit().plus(REPETITION))));
  }

  /** What the answer says of repeated calls, whose tensors were sent under these names. */
  static Repetition furthest(List<KernelCall> calls, Map<String, Tensor> sent, Message answer) {
    Description.require(answer, "repetition");
    JsonArray sums = Message.array(answer.json(), "calls");
    if (sums.size() != calls.size()) {
      throw new RemoteFailure("Its answer is on %d calls, expected %d.".formatted(sums.size(), calls.size()));
    }
    List<KernelCall> furthest = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      KernelCall call = calls.get(i).copy();
      if (!(sums.get(i) instanceof JsonObject object)) {
        throw new RemoteFailure("Its answer has %s among the calls, expected objects.".formatted(sums.get(i)));
      }
      readSums(call, object);
      CallMessage.readResults(call, i + "/", sent, answer.tensors());
      furthest.add(call);
    }
    boolean counted = Message.has(answer.json(), "allocated_bytes");
    return new Repetition(
        furthest, counted ? Message.integer(answer.json(), "allocated_bytes", -1, Long.MAX_VALUE) : -1);
  }

  /** The arrays that more than one operand lies in, and the names to send them under. */
  @SuppressWarnings("IdentityHashMapUsage") // asked by identity alone
  private static Map<Object, String> shared(List<KernelCall> calls) {
    Map<Object, Integer> uses = new IdentityHashMap<>();
    calls.forEach(call -> call.operands().forEach(operand -> uses.merge(operand.array(), 1, Integer::sum)));
    Map<Object, String> shared = new IdentityHashMap<>();
    uses.forEach(
        (array, count) -> {
          if (count > 1) {
            shared.put(array, "shared/" + shared.size());
          }
        });
    return shared;
  }

  @Override
  public Optional<KernelUnderTest> inJvm(List<String> flags) {
    if (!isJvm) {
      return Optional.empty();
    }
    ChildProcess other = process.withFlags(flags, process.timeLimit().multipliedBy(INTERPRETER));
    return Optional.of(new RemoteKernel(other, described, repeats, true));
  }

  @Override
  public void close() {
    process.close();
  }
}
