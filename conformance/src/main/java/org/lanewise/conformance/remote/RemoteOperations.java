package org.lanewise.conformance.remote;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.Expectation;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.tensor.Tensor;

/** A whole implementation in a process of its own: it is asked operations, and answers tensors or PyTorch's errors. */
final class RemoteOperations implements Subject {
  private final ChildProcess process;
  private final String id;
  private final List<String> operations;

  RemoteOperations(ChildProcess process, String id, List<String> operations) {
    this.process = process;
    this.id = id;
    this.operations = operations;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public boolean lists(ReferenceCase reference) {
    return true;
  }

  @Override
  public Optional<NotRun> notRun(ReferenceCase reference, Map<String, Tensor> inputs) {
    return operations.contains(reference.operation())
        ? Optional.empty()
        : Optional.of(
            new NotRun(Verdict.SKIPPED, "The process does not answer %s.".formatted(reference.operation())));
  }

  /** It is an implementation of PyTorch's functions that makes no promise of its own. */
  @Override
  public boolean answersAsPytorch() {
    return true;
  }

  @Override
  public @Nullable Declaration declaration(ReferenceCase reference, Map<String, Tensor> inputs) {
    return null;
  }

  @Override
  public Outcome run(ReferenceCase reference, Map<String, Tensor> inputs) {
    Message request = Message.of("request", "operation");
    request.json().addProperty("operation", reference.operation());
    JsonObject options = new JsonObject();
    reference.options().values().forEach((name, value) -> options.add(name, json(value)));
    request.json().add("options", options);
    JsonArray outputs = new JsonArray();
    if (reference.expectation() instanceof Expectation.Outputs expected) {
      expected.outputs().keySet().forEach(outputs::add);
      expected.texts().keySet().forEach(outputs::add);
    }
    request.json().add("outputs", outputs);
    request.tensors().putAll(inputs);
    try {
      return outcome(process.ask(request));
    } catch (RemoteFailure e) {
      return new Outcome.Broke(Rule.COMPLETION, String.valueOf(e.getMessage()));
    }
  }

  /** What an answer says. */
  static Outcome outcome(Message answer) {
    JsonObject json = answer.json();
    switch (String.valueOf(Message.text(json, "answer"))) {
      case "error" -> {
        return new Outcome.Raised(Message.requireText(json, "class"), Message.requireText(json, "message"));
      }
      case "unsupported" -> {
        return new Outcome.Unsupported(
            "The process does not supply this: %s".formatted(Message.text(json, "reason", "it does not say why.")));
      }
      default -> Description.require(answer, "outputs");
    }
    Map<String, Object> values = new LinkedHashMap<>(answer.tensors());
    if (json.get("texts") instanceof JsonObject texts) {
      for (Map.Entry<String, JsonElement> text : texts.entrySet()) {
        values.put(text.getKey(), Message.requireText(texts, text.getKey()));
      }
    }
    return new Outcome.Outputs(values);
  }

  private static JsonElement json(Object value) {
    return switch (value) {
      case Long number -> new JsonPrimitive(number);
      case Double number -> Message.number(number);
      case List<?> list -> {
        JsonArray array = new JsonArray();
        list.forEach(entry -> array.add(String.valueOf(entry)));
        yield array;
      }
      default -> new JsonPrimitive(String.valueOf(value));
    };
  }
}
