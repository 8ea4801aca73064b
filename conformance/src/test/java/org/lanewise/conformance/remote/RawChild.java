package org.lanewise.conformance.remote;

import com.google.gson.JsonParser;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;

/** Answers as its arguments say: what it does, and a text for it. */
final class RawChild {
  private RawChild() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    String text = arguments.length > 1 ? arguments[1] : "";
    InputStream in = new BufferedInputStream(System.in);
    OutputStream out = System.out;
    switch (arguments[0]) {
      case "never-reads" -> Thread.sleep(Long.MAX_VALUE);
      case "closes-output" -> {
        System.out.close();
        Thread.sleep(Long.MAX_VALUE);
      }
      case "floods-error" -> {
        byte[] part = "x".repeat(1 << 16).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 1024; i++) {
          System.err.write(part);
        }
        System.err.println("\n" + text);
        Runtime.getRuntime().halt(5);
      }
      case "prints-first" -> out.write((text + "\n").getBytes(StandardCharsets.UTF_8));
      default -> {}
    }
    for (Message request = Message.read(in); request != null; request = Message.read(in)) {
      switch (arguments[0]) {
        case "text" -> out.write((text + "\n").getBytes(StandardCharsets.UTF_8));
        case "length" -> out.write(length(Long.parseLong(text)));
        case "part-and-end" -> {
          out.write(length(1000));
          out.write(new byte[10]);
          out.flush();
          return;
        }
        case "part" -> {
          out.write(length(1000));
          out.write(new byte[10]);
        }
        case "twice" -> {
          // In one piece, which a pipe keeps whole: the second is there when the first is read.
          ByteArrayOutputStream both = new ByteArrayOutputStream();
          answer(text, both);
          answer(text, both);
          out.write(both.toByteArray());
        }
        case "grandchild" -> {
          new ProcessBuilder("sleep", text).inheritIO().start();
          Runtime.getRuntime().halt(5);
        }
        default -> answer(text, out);
      }
      out.flush();
    }
    if (arguments[0].equals("ignores-end")) {
      Thread.sleep(Long.MAX_VALUE);
    }
  }

  private static void answer(String json, OutputStream out) throws IOException {
    new Message(JsonParser.parseString(json).getAsJsonObject(), new LinkedHashMap<>()).write(out);
  }

  static byte[] length(long length) {
    return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
  }
}
