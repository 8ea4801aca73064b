package org.lanewise.conformance.remote;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.tensor.DType;

/**
 * What a process says that it supplies.
 *
 * @param name of the implementation; null if it says none
 * @param operations that it answers as a whole
 * @param repeat whether it repeats calls when asked
 */
record Description(@Nullable String name, List<Kernel> kernels, List<String> operations, boolean repeat) {
  /** More than any device has; a block of as many elements is still small. */
  private static final int MOST_LANES = 1 << 16;

  /** A provider. */
  record Kernel(String id, String description, Availability availability, int lanes, List<Declaration> declarations) {}

  static Description of(Message answer) {
    JsonObject json = require(answer, "description").json();
    List<Kernel> kernels = new ArrayList<>();
    for (JsonElement element : Message.array(json, "kernels")) {
      Kernel kernel = kernel(element);
      if (kernels.stream().anyMatch(other -> other.id.equals(kernel.id))) {
        throw new RemoteFailure("Its description has two kernels '%s', expected different ids.".formatted(kernel.id));
      }
      kernels.add(kernel);
    }
    List<String> operations = new ArrayList<>();
    for (JsonElement element : Message.array(json, "operations")) {
      if (!(element instanceof JsonPrimitive primitive) || !primitive.isString()) {
        throw new RemoteFailure("Its description has %s among the operations, expected names.".formatted(element));
      }
      operations.add(element.getAsString());
    }
    return new Description(Message.text(json, "name"), List.copyOf(kernels), List.copyOf(operations), Message.flag(json, "repeat", false));
  }

  private static Kernel kernel(JsonElement element) {
    String id = element instanceof JsonObject object ? Message.text(object, "id") : null;
    if (!(element instanceof JsonObject json) || id == null) {
      throw new RemoteFailure("Its description has the kernel %s, expected an object with an id.".formatted(element));
    }
    List<Declaration> declarations = new ArrayList<>();
    for (JsonElement declared : Message.array(json, "declarations")) {
      Declaration declaration = declaration(declared);
      if (declarations.stream().anyMatch(d -> d.operation() == declaration.operation() && d.dtype() == declaration.dtype())) {
        throw new RemoteFailure(
            "It declares %s of %s twice.".formatted(declaration.operation().id(), declaration.dtype().id()));
      }
      declarations.add(declaration);
    }
    return new Kernel(
        id,
        Message.text(json, "description", ""),
        Message.flag(json, "available", true)
            ? Availability.AVAILABLE
            : Availability.unavailable(
                Message.text(json, "reason", "It does not say why."), Message.text(json, "remedy", "")),
        Message.has(json, "lanes") ? (int) Message.integer(json, "lanes", 0, MOST_LANES) : 1,
        List.copyOf(declarations));
  }

  private static Declaration declaration(JsonElement element) {
    if (!(element instanceof JsonObject json)) {
      throw new RemoteFailure("Its description has the declaration %s, expected an object.".formatted(element));
    }
    Operation operation = null;
    for (Operation candidate : Operation.values()) {
      operation = candidate.id().equals(Message.text(json, "operation")) ? candidate : operation;
    }
    if (operation == null) {
      throw new RemoteFailure(
          "It declares the operation %s, expected bce_with_logits or cross_entropy.".formatted(json.get("operation")));
    }
    String dtype = Message.text(json, "dtype");
    if (dtype == null || (!dtype.equals(DType.FLOAT32.id()) && !dtype.equals(DType.FLOAT64.id()))) {
      throw new RemoteFailure(
          "It declares kernels of %s; kernels compute in float32 or float64.".formatted(json.get("dtype")));
    }
    return new Declaration(
        operation,
        DType.of(dtype),
        bound(json, "loss_ulp"),
        bound(json, "gradient_ulp"),
        bound(json, "mixed_ulp"),
        bound(json, "reduced_ulp"),
        Message.flag(json, "reproducible_bits", false),
        Message.flag(json, "allocation_free", false));
  }

  /** A bound that is not given promises nothing. */
  private static double bound(JsonObject json, String key) {
    double bound = Message.has(json, key) ? Message.number(json, key) : Double.POSITIVE_INFINITY;
    if (!(bound >= 0)) {
      throw new RemoteFailure("It declares '%s': %s, expected a number from 0 up, or \"inf\".".formatted(key, json.get(key)));
    }
    return bound;
  }

  /**
   * An answer of the expected kind.
   *
   * @throws UnsupportedOperationException if the process does not supply what it was asked
   * @throws RemoteFailure if it is another; of a failure with its sentence
   */
  static Message require(Message answer, String kind) {
    String got = Message.text(answer.json(), "answer");
    if (kind.equals(got)) {
      return answer;
    }
    if ("unsupported".equals(got)) {
      throw new UnsupportedOperationException(Message.text(answer.json(), "reason", "It does not say why."));
    }
    if ("failed".equals(got)) {
      throw new RemoteFailure(Message.text(answer.json(), "reason", "The process failed and does not say why."));
    }
    throw new RemoteFailure("It answered %s, expected \"%s\".".formatted(answer.json().get("answer"), kind));
  }
}
