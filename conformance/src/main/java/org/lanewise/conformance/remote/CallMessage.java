package org.lanewise.conformance.remote;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.lang.reflect.Array;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.conformance.calls.Operand;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.Operation;
import org.lanewise.kernels.spi.Strided;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * A kernel call as a message. Of each array the part goes over the wire that holds the block, and up to {@value #MARGIN}
 * elements on either side: a kernel that reads or writes there is seen as if it had been called in this JVM.
 */
final class CallMessage {
  private static final int MARGIN = 64;

  private CallMessage() {}

  /** The part of an array that is sent. */
  private record Part(int from, int to) {
    static Part of(Operand operand) {
      return new Part(
          Math.max(0, operand.first() - MARGIN), Math.min(Array.getLength(operand.array()), operand.end() + MARGIN));
    }
  }

  /** Adds the call's tensors under the prefix, and gives its object. */
  static JsonObject write(KernelCall call, String prefix, Map<String, Tensor> tensors) {
    return write(call, prefix, tensors, Map.of());
  }

  /**
   * Adds the call's tensors under the prefix, and gives its object.
   *
   * @param shared arrays that several calls have in common, and the names that they are sent under, whole
   */
  static JsonObject write(KernelCall call, String prefix, Map<String, Tensor> tensors, Map<Object, String> shared) {
    JsonObject json = new JsonObject();
    json.addProperty("operation", call.operation().id());
    json.addProperty("dtype", call.dtype().id());
    switch (call.operation()) {
      case BCE_WITH_LOGITS -> {
        BceWithLogitsCall<?> bce = call.bceWithLogits();
        json.addProperty("rows", bce.rows);
        json.addProperty("columns", bce.columns);
        json.add("gradient_scale", Message.number(bce.gradientScale));
      }
      case CROSS_ENTROPY -> {
        CrossEntropyCall<?> ce = call.crossEntropy();
        json.addProperty("outer", ce.outer);
        json.addProperty("classes", ce.classes);
        json.addProperty("inner", ce.inner);
        json.addProperty("ignore_index", ce.ignoreIndex);
        json.add("label_smoothing", Message.number(ce.labelSmoothing));
        json.add("gradient_scale", Message.number(ce.gradientScale));
      }
    }
    JsonObject operands = new JsonObject();
    for (Operand operand : call.operands()) {
      String common = shared.get(operand.array());
      Part part = common == null ? Part.of(operand) : new Part(0, Array.getLength(operand.array()));
      JsonObject place = new JsonObject();
      place.addProperty("offset", operand.first() - part.from);
      place.addProperty("row_stride", operand.rowStride());
      place.addProperty("column_stride", operand.columnStride());
      if (common != null) {
        place.addProperty("tensor", common);
      }
      operands.add(operand.name(), place);
      tensors.computeIfAbsent(common == null ? prefix + operand.name() : common, name -> tensor(call, operand, part));
    }
    json.add("operands", operands);
    return json;
  }

  private static Tensor tensor(KernelCall call, Operand operand, Part part) {
    DType dtype = operand.array() instanceof long[] ? DType.INT64 : call.dtype();
    Tensor tensor = Tensor.zeros(dtype, part.to - part.from);
    System.arraycopy(operand.array(), part.from, tensor.array(), 0, tensor.numel());
    return tensor;
  }

  /** The call of an object. */
  static KernelCall read(JsonObject json, String prefix, Map<String, Tensor> tensors) {
    DType dtype = DType.of(json.get("dtype").getAsString());
    String operation = json.get("operation").getAsString();
    KernelCall call;
    if (operation.equals(Operation.BCE_WITH_LOGITS.id())) {
      BceWithLogitsCall<Object> bce = new BceWithLogitsCall<>();
      bce.rows = json.get("rows").getAsInt();
      bce.columns = json.get("columns").getAsInt();
      bce.gradientScale = Message.number(json, "gradient_scale");
      place(json, prefix, tensors, "logits", bce.logits);
      place(json, prefix, tensors, "target", bce.target);
      place(json, prefix, tensors, "weight", bce.weight);
      place(json, prefix, tensors, "pos_weight", bce.posWeight);
      place(json, prefix, tensors, "upstream", bce.upstream);
      place(json, prefix, tensors, "loss", bce.loss);
      place(json, prefix, tensors, "logits_gradient", bce.logitsGradient);
      place(json, prefix, tensors, "target_gradient", bce.targetGradient);
      call = KernelCall.of(dtype, bce);
    } else if (operation.equals(Operation.CROSS_ENTROPY.id())) {
      CrossEntropyCall<Object> ce = new CrossEntropyCall<>();
      ce.outer = json.get("outer").getAsInt();
      ce.classes = json.get("classes").getAsInt();
      ce.inner = json.get("inner").getAsInt();
      ce.ignoreIndex = json.get("ignore_index").getAsLong();
      ce.labelSmoothing = Message.number(json, "label_smoothing");
      ce.gradientScale = Message.number(json, "gradient_scale");
      place(json, prefix, tensors, "logits", ce.logits);
      place(json, prefix, tensors, "target", ce.target);
      place(json, prefix, tensors, "probabilities", ce.probabilities);
      place(json, prefix, tensors, "upstream", ce.upstream);
      place(json, prefix, tensors, "loss", ce.loss);
      place(json, prefix, tensors, "logits_gradient", ce.logitsGradient);
      place(json, prefix, tensors, "target_gradient", ce.targetGradient);
      JsonElement weight = json.getAsJsonObject("operands").get("class_weight");
      if (weight != null) {
        ce.classWeight = tensor(weight.getAsJsonObject(), prefix, "class_weight", tensors).array();
        ce.classWeightOffset = weight.getAsJsonObject().get("offset").getAsInt();
      }
      call = KernelCall.of(dtype, ce);
    } else {
      throw new IllegalArgumentException("There is no kernel of the operation '%s'.".formatted(operation));
    }
    return call;
  }

  @SuppressWarnings("unchecked") // the sender takes arrays of the dtype's class
  private static <A> void place(
      JsonObject json, String prefix, Map<String, Tensor> tensors, String name, Strided<A> operand) {
    JsonElement place = json.getAsJsonObject("operands").get(name);
    if (place != null) {
      JsonObject object = place.getAsJsonObject();
      operand.set(
          (A) tensor(object, prefix, name, tensors).array(),
          object.get("offset").getAsInt(),
          object.get("row_stride").getAsInt(),
          object.get("column_stride").getAsInt());
    }
  }

  /** Where an operand's values are: under its own name, or under one that several calls share. */
  private static Tensor tensor(JsonObject place, String prefix, String name, Map<String, Tensor> tensors) {
    String key = place.has("tensor") ? place.get("tensor").getAsString() : prefix + name;
    Tensor tensor = tensors.get(key);
    if (tensor == null) {
      throw new RemoteFailure("Its call names the tensor '%s', which the message does not have.".formatted(key));
    }
    return tensor;
  }

  /** Adds to an answer each output, and each input that the call changed. */
  static void writeResults(KernelCall before, KernelCall after, String prefix, Map<String, Tensor> tensors) {
    List<Operand> were = before.operands();
    List<Operand> are = after.operands();
    for (int i = 0; i < are.size(); i++) {
      Operand is = are.get(i);
      Part all = new Part(0, Array.getLength(is.array()));
      Tensor now = tensor(after, is, all);
      if (is.isOutput() || !now.sameBits(tensor(before, were.get(i), all))) {
        tensors.put(prefix + is.name(), now);
      }
    }
  }

  /**
   * Takes over from an answer what the call changed, and nothing else: of one array several threads may compute parts, and what
   * lies around a part may have changed since it was sent.
   *
   * @param sent what {@link #write} put into the request
   * @throws RemoteFailure if an output is missing or of another size
   */
  static void readResults(KernelCall call, String prefix, Map<String, Tensor> sent, Map<String, Tensor> tensors) {
    for (Operand operand : call.operands()) {
      Tensor was = sent.get(prefix + operand.name());
      boolean whole = was != null && was.numel() == Array.getLength(operand.array()); // as what is shared is
      Tensor got = tensors.get(prefix + operand.name());
      if (got == null && !operand.isOutput()) {
        continue;
      }
      if (was == null || got == null || got.dtype() != was.dtype() || got.numel() != was.numel()) {
        throw new RemoteFailure(
            "Its answer has %s as '%s', expected %s."
                .formatted(describe(got), operand.name(), describe(was)));
      }
      copyChanges(got.array(), was.array(), operand.array(), whole ? 0 : Part.of(operand).from);
    }
  }

  private static String describe(@Nullable Tensor tensor) {
    return tensor == null ? "nothing" : "%d values of %s".formatted(tensor.numel(), tensor.dtype().id());
  }

  private static void copyChanges(Object got, Object sent, Object array, int from) {
    switch (got) {
      case float[] floats -> {
        for (int i = 0; i < floats.length; i++) {
          if (Float.floatToRawIntBits(floats[i]) != Float.floatToRawIntBits(((float[]) sent)[i])) {
            ((float[]) array)[from + i] = floats[i];
          }
        }
      }
      case double[] doubles -> {
        for (int i = 0; i < doubles.length; i++) {
          if (Double.doubleToRawLongBits(doubles[i]) != Double.doubleToRawLongBits(((double[]) sent)[i])) {
            ((double[]) array)[from + i] = doubles[i];
          }
        }
      }
      case long[] longs -> {
        for (int i = 0; i < longs.length; i++) {
          if (longs[i] != ((long[]) sent)[i]) {
            ((long[]) array)[from + i] = longs[i];
          }
        }
      }
      default -> throw new IllegalArgumentException("No operand has an array of " + got.getClass() + ".");
    }
  }
}
