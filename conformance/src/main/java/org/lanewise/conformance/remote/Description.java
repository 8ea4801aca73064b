package org.lanewise.conformance.remote;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.verdict.UnsupportedCall;
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
  /** A provider. */
  record Kernel(String id, String description, Availability availability, int lanes, List<Declaration> declarations) {}

  static Description of(Message answer) {
    JsonObject json = require(answer, "description").json();
    List<Kernel> kernels = new ArrayList<>();
    for (JsonElement element : array(json, "kernels")) {
      kernels.add(kernel(element));
    }
    List<String> operations = new ArrayList<>();
    for (JsonElement element : array(json, "operations")) {
      if (!(element instanceof JsonPrimitive primitive) || !primitive.isString()) {
        throw new RemoteFailure("Its description has %s among the operations, expected names.".formatted(element));
      }
      operations.add(element.getAsString());
    }
    return new Description(Message.text(json, "name"), List.copyOf(kernels), List.copyOf(operations), flag(json, "repeat"));
  }

  private static Kernel kernel(JsonElement element) {
    if (!(element instanceof JsonObject json) || Message.text(json, "id") == null) {
      throw new RemoteFailure("Its description has the kernel %s, expected an object with an id.".formatted(element));
    }
    List<Declaration> declarations = new ArrayList<>();
    for (JsonElement declared : array(json, "declarations")) {
      declarations.add(declaration(declared));
    }
    String description = Message.text(json, "description");
    return new Kernel(
        Message.text(json, "id"),
        description == null ? "" : description,
        !json.has("available") || flag(json, "available")
            ? Availability.AVAILABLE
            : Availability.unavailable(
                String.valueOf(Message.text(json, "reason")), String.valueOf(Message.text(json, "remedy"))),
        json.has("lanes") ? (int) Message.number(json, "lanes") : 1,
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
    if (!DType.FLOAT32.id().equals(dtype) && !DType.FLOAT64.id().equals(dtype)) {
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
        flag(json, "reproducible_bits"),
        flag(json, "allocation_free"));
  }

  /** A bound that is not given promises nothing. */
  private static double bound(JsonObject json, String key) {
    return json.has(key) ? Message.number(json, key) : Double.POSITIVE_INFINITY;
  }

  private static boolean flag(JsonObject json, String key) {
    return json.get(key) instanceof JsonPrimitive primitive && primitive.isBoolean() && primitive.getAsBoolean();
  }

  /** A list; empty where there is none. */
  static JsonArray array(JsonObject json, String key) {
    return json.get(key) instanceof JsonArray array ? array : new JsonArray();
  }

  /**
   * An answer of the expected kind.
   *
   * @throws UnsupportedCall if the process does not supply what it was asked
   * @throws RemoteFailure if it is another; of a failure with its sentence
   */
  static Message require(Message answer, String kind) {
    String got = Message.text(answer.json(), "answer");
    if (kind.equals(got)) {
      return answer;
    }
    if ("unsupported".equals(got)) {
      throw new UnsupportedCall(String.valueOf(Message.text(answer.json(), "reason")));
    }
    if ("failed".equals(got)) {
      throw new RemoteFailure(String.valueOf(Message.text(answer.json(), "reason")));
    }
    throw new RemoteFailure("It answered %s, expected \"%s\".".formatted(answer.json().get("answer"), kind));
  }
}
