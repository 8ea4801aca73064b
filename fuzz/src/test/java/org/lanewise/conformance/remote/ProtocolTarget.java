package org.lanewise.conformance.remote;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.judgement.Conformance;
import org.lanewise.conformance.subject.Subject;
import org.lanewise.fuzz.Choices;
import org.lanewise.fuzz.Sentences;
import org.lanewise.fuzz.Target;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.Declaration;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * What a process under test may answer. The input is what it writes to its standard output. It is also the parts of a frame,
 * put together with right lengths: the message, a zero byte, the header's entries, a zero byte, the values. And it is choices of
 * which a right frame of tensors that nobody asked for is made. Each message is taken for the answer to each kind of request.
 */
public final class ProtocolTarget implements Target {
  /** A process that writes on and on is ended by its time; here some messages are enough. */
  private static final int MOST_MESSAGES = 4;

  private final ReferenceData sigmoid = ReferenceData.builtIn("sigmoid");
  private final ReferenceData oneHot = ReferenceData.builtIn("one_hot");

  @Override
  public void feed(byte[] input) throws IOException {
    converse(input);
    converse(framed(input));
    converse(built(new Choices(input)));
  }

  private void converse(byte[] written) throws IOException {
    ByteArrayInputStream answers = new ByteArrayInputStream(written);
    try {
      Message answer = Message.read(answers);
      for (int i = 0; answer != null && i < MOST_MESSAGES; i++) {
        take(answer);
        answer = Message.read(answers);
      }
    } catch (RemoteFailure e) {
      Sentences.check(e);
    } catch (EOFException cutShort) {
      // told as the end of the process
    }
  }

  private void take(Message answer) {
    refusable(() -> Description.of(answer));
    for (KernelCall call : calls()) {
      Message request = RemoteKernel.request(call, "mine");
      refusable(() -> RemoteKernel.take(call, request, answer));
      Map<String, Tensor> sent = new HashMap<>();
      request.tensors().forEach((name, tensor) -> sent.put("0/" + name, tensor));
      refusable(() -> RemoteKernel.furthest(List.of(call), sent, answer));
    }
    judge(sigmoid, "sigmoid/ordinary/2x3-float32", answer);
    judge(oneHot, "one_hot/target_range_error/negative", answer);
    judge(oneHot, "one_hot/ordinary/1-inferred", answer);
  }

  private static void refusable(Runnable taking) {
    try {
      taking.run();
    } catch (RemoteFailure e) {
      Sentences.check(e);
    } catch (UnsupportedOperationException e) {
      if (e.getClass() != UnsupportedOperationException.class) {
        throw e;
      }
    }
  }

  /** An answer to an operation is judged, whatever its outputs are. */
  private static void judge(ReferenceData data, String id, Message answer) {
    ReferenceCase reference = data.require(id);
    new Conformance(data).judge(new Answered(answer), reference);
  }

  private record Answered(Message answer) implements Subject {
    @Override
    public String id() {
      return "mine";
    }

    @Override
    public boolean lists(ReferenceCase reference) {
      return true;
    }

    @Override
    public Optional<NotRun> notRun(ReferenceCase reference, Map<String, Tensor> inputs) {
      return Optional.empty();
    }

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
      try {
        return RemoteOperations.outcome(answer);
      } catch (RemoteFailure e) {
        Sentences.check(e);
        return new Outcome.Broke(org.lanewise.conformance.verdict.Rule.COMPLETION, String.valueOf(e.getMessage()));
      }
    }
  }

  private static List<KernelCall> calls() {
    BceWithLogitsCall<Object> bce = new BceWithLogitsCall<>();
    bce.rows = 1;
    bce.columns = 2;
    bce.gradientScale = 1;
    bce.logits.set(new float[] {0, -1}, 0, 2, 1);
    bce.target.set(new float[] {1, 0}, 0, 2, 1);
    bce.loss.set(new float[2], 0, 2, 1);
    CrossEntropyCall<Object> ce = new CrossEntropyCall<>();
    ce.outer = 2;
    ce.classes = 3;
    ce.inner = 1;
    ce.ignoreIndex = -100;
    ce.gradientScale = 1;
    ce.logits.set(new double[6], 0, 3, 1);
    ce.target.set(new long[] {0, 2}, 0, 1, 1);
    ce.logitsGradient.set(new double[6], 0, 3, 1);
    return List.of(KernelCall.of(DType.FLOAT32, bce), KernelCall.of(DType.FLOAT64, ce));
  }

  /** One of the messages below, with tensors of any dtype and shape under the names of outputs. */
  private static byte[] built(Choices choices) throws IOException {
    String parts = choices.of(PARTS);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (int i = choices.below(4); i > 0; i--) {
      int[] shape = new int[choices.below(3)];
      Arrays.setAll(shape, _ -> choices.below(7));
      tensors.put(choices.of(OUTPUTS), Tensor.zeros(choices.of(List.of(DType.values())), shape));
    }
    JsonObject message = JsonParser.parseString(parts.substring(0, (parts + "\0").indexOf('\0'))).getAsJsonObject();
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    new Message(message, tensors).write(frame);
    return frame.toByteArray();
  }

  private static final List<String> OUTPUTS =
      List.of("loss", "logits_gradient", "0/loss", "0/logits_gradient", "output", "logits", "target", "0/target");

  private static byte[] framed(byte[] parts) {
    int first = zero(parts, 0);
    int second = zero(parts, first + 1);
    String message = utf8(parts, 0, first);
    String entries = utf8(parts, first + 1, second);
    byte[] header =
        "{\"__metadata__\":{\"lanewise\":%s}%s%s}"
            .formatted(new JsonPrimitive(message), entries.isBlank() ? "" : ",", entries)
            .getBytes(StandardCharsets.UTF_8);
    int values = Math.max(0, parts.length - second - 1);
    ByteBuffer frame = ByteBuffer.allocate(2 * Long.BYTES + header.length + values).order(ByteOrder.LITTLE_ENDIAN);
    frame.putLong(frame.capacity() - Long.BYTES).putLong(header.length).put(header);
    return frame.put(parts, parts.length - values, values).array();
  }

  private static int zero(byte[] bytes, int from) {
    int at = Math.min(from, bytes.length);
    while (at < bytes.length && bytes[at] != 0) {
      at++;
    }
    return at;
  }

  private static String utf8(byte[] bytes, int from, int to) {
    return from >= to ? "" : new String(bytes, from, to - from, StandardCharsets.UTF_8);
  }

  @Override
  public List<byte[]> seeds() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    ByteArrayOutputStream described = new ByteArrayOutputStream();
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    Message.of("request", "describe").write(request);
    new Server(List.of(Kernels.require("scalar"))).serve(new ByteArrayInputStream(request.toByteArray()), described);
    seeds.add(described.toByteArray());
    for (KernelCall call : calls()) {
      ByteArrayOutputStream asked = new ByteArrayOutputStream();
      ByteArrayOutputStream answered = new ByteArrayOutputStream();
      RemoteKernel.request(call, "scalar").write(asked);
      new Server(List.of(Kernels.require("scalar"))).serve(new ByteArrayInputStream(asked.toByteArray()), answered);
      seeds.add(answered.toByteArray());
    }
    JsonObject texts = new JsonObject();
    texts.addProperty("answer", "outputs");
    ByteArrayOutputStream outputs = new ByteArrayOutputStream();
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("output", Tensor.zeros(DType.FLOAT32, 2, 3));
    tensors.put("logits_gradient", Tensor.zeros(DType.FLOAT32, 2, 3));
    new Message(texts, tensors).write(outputs);
    seeds.add(outputs.toByteArray());
    seeds.addAll(Choices.random(24));
    for (String parts : PARTS) {
      seeds.add(parts.getBytes(StandardCharsets.UTF_8));
    }
    return seeds;
  }

  private static final List<String> PARTS =
      List.of(
          """
          {"answer":"description","name":"Mine 1.0","kernels":[{"id":"mine","description":"One","lanes":8,"available":true,\
          "reason":null,"remedy":null,"declarations":[{"operation":"bce_with_logits","dtype":"float32","loss_ulp":1.0,\
          "gradient_ulp":1.5,"mixed_ulp":"inf","reduced_ulp":1.0,"reproducible_bits":false,"allocation_free":false}]}],\
          "operations":["sigmoid"],"repeat":false}""",
          """
          {"answer":"kernel","loss_sum":1.25,"weight_sum":2.0}\0\
          "loss":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}\0abcdefgh""",
          """
          {"answer":"kernel","loss_sum":"NaN","weight_sum":"inf"}\0\
          "logits_gradient":{"dtype":"F64","shape":[6],"data_offsets":[0,48]}\0\
          abcdefghabcdefghabcdefghabcdefghabcdefghabcdefgh""",
          """
          {"answer":"repetition","allocated_bytes":-1,"calls":[{"loss_sum":1.25,"weight_sum":2.0}]}\0\
          "0/loss":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}\0abcdefgh""",
          """
          {"answer":"outputs","texts":{"report":"a\\nb"}}\0\
          "output":{"dtype":"I64","shape":[1,3],"data_offsets":[0,24]}\0abcdefghabcdefghabcdefgh""",
          """
          {"answer":"error","class":"ValueError","message":"Class values must be non-negative."}""",
          """
          {"answer":"unsupported","reason":"There is no float16 here."}""",
          """
          {"answer":"failed","reason":"One sentence."}""");

  @Override
  public List<String> words() {
    return List.of(
        "\"answer\":", "\"description\"", "\"kernel\"", "\"repetition\"", "\"outputs\"", "\"error\"", "\"unsupported\"", "\"failed\"",
        "\"loss_sum\":", "\"weight_sum\":", "\"calls\":", "\"kernels\":", "\"declarations\":", "\"operations\":", "\"lanes\":",
        "\"dtype\":\"F64\"", "\"dtype\":\"BOOL\"", "\"shape\":[0]", "\"data_offsets\":[0,0]", "\0",
        "\"loss\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},");
  }
}
