package org.lanewise.conformance.remote;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.conformance.validation.KernelUnderTest;
import org.lanewise.conformance.validation.LocalKernel;
import org.lanewise.kernels.spi.Availability;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.spi.KernelProvider;

/** The child's end of the protocol, for kernels of this JVM. */
public final class Server {
  private final List<KernelProvider> providers;

  /** @param providers what is served */
  public Server(List<KernelProvider> providers) {
    this.providers = List.copyOf(providers);
  }

  /** Answers requests until the input ends. */
  public void serve(InputStream requests, OutputStream answers) throws IOException {
    InputStream in = new BufferedInputStream(requests, 1 << 16);
    OutputStream out = new BufferedOutputStream(answers, 1 << 16);
    for (Message request = Message.read(in); request != null; request = Message.read(in)) {
      answer(request).write(out);
    }
  }

  private Message answer(Message request) {
    try {
      return switch (String.valueOf(Message.text(request.json(), "request"))) {
        case "describe" -> describe();
        case "kernel" -> kernel(request);
        case "repeat" -> repeat(request);
        default -> failed("This process does not know the request %s.".formatted(request.json().get("request")));
      };
    } catch (Throwable e) {
      if (KernelCall.isRefusal(e)) {
        Message answer = Message.of("answer", "unsupported");
        answer.json().addProperty("reason", e.getMessage());
        return answer;
      } // whatever a kernel throws is its failure; the process lives on
      return failed("The call ended with %s.".formatted(e));
    }
  }

  private static Message failed(String reason) {
    Message answer = Message.of("answer", "failed");
    answer.json().addProperty("reason", reason);
    return answer;
  }

  private Message describe() {
    Message answer = Message.of("answer", "description");
    JsonArray kernels = new JsonArray();
    for (KernelProvider provider : providers) {
      JsonObject kernel = new JsonObject();
      kernel.addProperty("id", provider.id());
      kernel.addProperty("description", provider.description());
      Availability availability = provider.availability();
      kernel.addProperty("available", availability.available());
      kernel.add("reason", text(availability.reason()));
      kernel.add("remedy", text(availability.remedy()));
      kernel.addProperty("lanes", availability.available() ? provider.lanes() : 0);
      JsonArray declarations = new JsonArray();
      if (availability.available()) {
        provider.declarations().forEach(declaration -> declarations.add(declaration(declaration)));
      }
      kernel.add("declarations", declarations);
      kernels.add(kernel);
    }
    answer.json().add("kernels", kernels);
    answer.json().add("operations", new JsonArray());
    answer.json().addProperty("repeat", true);
    return answer;
  }

  private static JsonElement text(@Nullable String text) {
    return text == null ? JsonNull.INSTANCE : new JsonPrimitive(text);
  }

  private static JsonObject declaration(Declaration declaration) {
    JsonObject json = new JsonObject();
    json.addProperty("operation", declaration.operation().id());
    json.addProperty("dtype", declaration.dtype().id());
    json.add("loss_ulp", Message.number(declaration.lossUlp()));
    json.add("gradient_ulp", Message.number(declaration.gradientUlp()));
    json.add("mixed_ulp", Message.number(declaration.mixedUlp()));
    json.add("reduced_ulp", Message.number(declaration.reducedUlp()));
    json.addProperty("reproducible_bits", declaration.reproducibleBits());
    json.addProperty("allocation_free", declaration.allocationFree());
    return json;
  }

  private KernelProvider provider(Message request) {
    String id = String.valueOf(Message.text(request.json(), "kernel"));
    return providers.stream()
        .filter(provider -> provider.id().equals(id))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("There is no kernel '%s'.".formatted(id)));
  }

  private Message kernel(Message request) {
    KernelCall call = CallMessage.read(request.json(), "", request.tensors());
    KernelCall before = call.copy();
    call.on(provider(request)).run();
    Message answer = Message.of("answer", "kernel");
    sums(call, answer.json());
    CallMessage.writeResults(before, call, "", answer.tensors());
    return answer;
  }

  private static void sums(KernelCall call, JsonObject json) {
    json.add("loss_sum", Message.number(call.lossSum()));
    json.add("weight_sum", Message.number(call.weightSum()));
  }

  private Message repeat(Message request) {
    List<KernelCall> calls = new ArrayList<>();
    for (JsonElement entry : request.json().getAsJsonArray("calls")) {
      JsonObject object = entry.getAsJsonObject();
      KernelCall call = CallMessage.read(object, calls.size() + "/", request.tensors());
      call.setSums(Message.number(object, "loss_sum"), Message.number(object, "weight_sum"));
      calls.add(call);
    }
    Optional<KernelUnderTest.Repetition> repetition =
        new LocalKernel(provider(request))
            .repeat(
                calls, request.json().get("times").getAsInt(), request.json().get("concurrently").getAsBoolean());
    Message answer = Message.of("answer", "repetition");
    answer.json().addProperty("allocated_bytes", repetition.orElseThrow().allocatedBytes());
    JsonArray furthest = new JsonArray();
    for (int i = 0; i < calls.size(); i++) {
      KernelCall call = repetition.get().furthest().get(i);
      JsonObject object = new JsonObject();
      sums(call, object);
      furthest.add(object);
      CallMessage.writeResults(calls.get(i), call, i + "/", answer.tensors());
    }
    answer.json().add("calls", furthest);
    return answer;
  }
}
