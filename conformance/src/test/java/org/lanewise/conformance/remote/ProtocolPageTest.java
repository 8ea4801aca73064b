package org.lanewise.conformance.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.tensor.DType;

/** The bytes in {@code docs/protocol.md} are those on the wire. */
class ProtocolPageTest {
  @Test
  void theExampleIsWhatIsWritten() throws IOException {
    BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
    call.rows = 1;
    call.columns = 2;
    call.gradientScale = 1;
    call.logits.set(new float[] {0, -1}, 0, 2, 1);
    call.target.set(new float[] {1, 0}, 0, 2, 1);
    call.loss.set(new float[] {8, 8}, 0, 2, 1);
    byte[] request = frame(RemoteKernel.request(KernelCall.of(DType.FLOAT32, call), "scalar"));

    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    new Server(List.of(Kernels.require("scalar"))).serve(new ByteArrayInputStream(request), answer);

    assertEquals(List.of(dump(request), dump(answer.toByteArray())), dumps());
  }

  private static byte[] frame(Message message) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    message.write(out);
    return out.toByteArray();
  }

  /** Sixteen bytes a line: where they are, in hexadecimal, and as text. */
  private static List<String> dump(byte[] bytes) {
    List<String> lines = new ArrayList<>();
    for (int at = 0; at < bytes.length; at += 16) {
      StringBuilder hex = new StringBuilder();
      StringBuilder text = new StringBuilder();
      for (int i = at; i < Math.min(at + 16, bytes.length); i++) {
        hex.append(String.format(Locale.ROOT, " %02x", bytes[i]));
        text.append(bytes[i] >= ' ' && bytes[i] < 127 ? (char) bytes[i] : '.');
      }
      lines.add(String.format(Locale.ROOT, "%04x %-48s  %s", at, hex, text));
    }
    return lines;
  }

  /** The blocks of the page in which each line begins with an offset. */
  private static List<List<String>> dumps() throws IOException {
    Path root = Path.of("").toAbsolutePath();
    while (!Files.exists(root.resolve("mvnw"))) {
      root = root.getParent();
    }
    List<List<String>> dumps = new ArrayList<>();
    for (String line : Files.readAllLines(root.resolve("docs/protocol.md"))) {
      if (line.startsWith("0000 ")) {
        dumps.add(new ArrayList<>());
      }
      if (line.matches("[0-9a-f]{4}  ?[0-9a-f]{2} .*")) {
        dumps.getLast().add(line);
      }
    }
    return dumps;
  }
}
