package org.lanewise.bench.peers;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;

/**
 * What a peer computes of given inputs, or the reason why it does not.
 *
 * @param name of the peer, such as {@code pytorch-eager}
 * @param loss one an element (BCE) or a row (cross-entropy), or one in all where the work reduces; null with an error
 * @param gradient of the logits, row by row, for an upstream gradient of 1; null where the peer has none
 * @param error one sentence; null where it was computed
 */
public record PeerValues(String name, float @Nullable [] loss, float @Nullable [] gradient, @Nullable String error) {

  /** Why there are none. */
  static PeerValues failed(String name, String error) {
    return new PeerValues(name, null, null, error);
  }

  /** The values of a row of an answer; {@link IllegalArgumentException} if it is none, or of other sizes. */
  static PeerValues of(JsonObject row, Work work) {
    if (row.get("name") == null) {
      throw new IllegalArgumentException("it lacks \"name\"");
    }
    String name = row.get("name").getAsString();
    if (row.get("error") != null) {
      return failed(name, row.get("error").getAsString());
    }
    long elements = work.elements();
    long rows = work.operation().equals("cross_entropy") ? work.batch() : elements;
    float[] loss = floats(row, "loss", work.reduction().equals("none") ? rows : 1);
    float[] gradient = row.get("logits_gradient") == null ? null : floats(row, "logits_gradient", elements);
    return new PeerValues(name, loss, gradient, null);
  }

  private static float[] floats(JsonObject row, String key, long count) {
    JsonElement text = row.get(key);
    byte[] bytes = text == null ? new byte[0] : Base64.getDecoder().decode(text.getAsString());
    if (bytes.length != Float.BYTES * count) {
      throw new IllegalArgumentException(
          "its \"%s\" has %d bytes, expected %d".formatted(key, bytes.length, Float.BYTES * count));
    }
    float[] floats = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
    return floats;
  }

  /** Numbers as a request has them. */
  static String text(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  /** Class indices as a request has them. */
  static String text(long[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
