package org.lanewise.bench.results;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.grid.Work;
import org.lanewise.kernels.tensor.DType;

/**
 * One point, measured on one implementation, or the reason why it could not be.
 *
 * @param work what was computed
 * @param implementation who computed it
 * @param time how long a call took; null where it could not be measured
 * @param jmh JMH's own record; null for implementations that JMH does not measure
 * @param error one sentence; null where it was measured
 * @param facts what else is known of the row, by key, such as {@code compile_s} of a peer
 */
public record MeasuredRow(
    Work work,
    Implementation implementation,
    @Nullable Time time,
    @Nullable JsonObject jmh,
    @Nullable String error,
    Map<String, JsonElement> facts) {

  /** The keys that are no facts. */
  private static final Set<String> KEYS = Set.of("work", "implementation", "time", "jmh", "error");

  /**
   * Who computed it.
   *
   * @param name a kernel id, or a peer such as {@code pytorch-eager}
   * @param device {@code cpu} or the GPU's name
   * @param threads the most threads of a call
   * @param transfer {@code none}, or what is included on a GPU
   */
  public record Implementation(String name, String device, int threads, String transfer) {
    /** A kernel on one thread of the CPU. */
    public static Implementation kernel(String id) {
      return kernel(id, 1);
    }

    /** A kernel on at most so many threads of the CPU. */
    public static Implementation kernel(String id, int threads) {
      return new Implementation(id, "cpu", threads, "none");
    }

    /** This implementation as a JSON object. */
    public JsonObject toJson() {
      JsonObject json = new JsonObject();
      json.addProperty("name", name);
      json.addProperty("device", device);
      json.addProperty("threads", threads);
      json.addProperty("transfer", transfer);
      return json;
    }

    /** A name for people, as short as it is clear. */
    public String label() {
      StringBuilder label = new StringBuilder(name);
      if (!device.equals("cpu")) {
        label.append(", ").append(device).append(", ").append(transfer);
      } else if (threads != 1) {
        label.append(", ").append(threads).append(" threads");
      }
      return label.toString();
    }
  }

  /**
   * The time of one call in nanoseconds.
   *
   * @param median of the samples
   * @param low their 5th percentile
   * @param high their 95th percentile
   * @param samples how many
   */
  public record Time(double median, double low, double high, int samples) {
    static final String UNIT = "ns/call";

    /** Less than any clock tells, and thirty years: what is outside is no time of a call. */
    static final double LEAST = 1e-3;

    static final double MOST = 1e18;

    /** The summary of samples; at least one. */
    public static Time ofSamples(double... samples) {
      double[] sorted = samples.clone();
      Arrays.sort(sorted);
      return new Time(quantile(sorted, 0.5), quantile(sorted, 0.05), quantile(sorted, 0.95), sorted.length);
    }

    /** Interpolates linearly between the two neighbouring samples, as NumPy does by default. */
    private static double quantile(double[] sorted, double q) {
      double position = q * (sorted.length - 1);
      int below = (int) position;
      int above = Math.min(below + 1, sorted.length - 1);
      return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }
  }

  /** A measured row. */
  public static MeasuredRow measured(Work work, Implementation implementation, Time time, @Nullable JsonObject jmh) {
    return new MeasuredRow(work, implementation, time, jmh, null, Map.of());
  }

  /** A row that could not be measured, for the reason given in one sentence. */
  public static MeasuredRow failed(Work work, Implementation implementation, String error) {
    return new MeasuredRow(work, implementation, null, null, error, Map.of());
  }

  /** Logits a second at the median; NaN where the row was not measured. */
  public double elementsPerSecond() {
    return time == null ? Double.NaN : work.elements() / time.median() * 1e9;
  }

  /**
   * The row of a JSON object.
   *
   * @throws IllegalArgumentException if it is none; the message says what is wrong
   */
  public static MeasuredRow of(JsonObject json) {
    if (!(json.get("work") instanceof JsonObject work)
        || !(json.get("implementation") instanceof JsonObject implementation)) {
      throw new IllegalArgumentException("it lacks \"work\" or \"implementation\"");
    }
    try {
      Work key = Work.of(work);
      DType.of(key.dtype()); // or the sentence that names those that there are
      Implementation who =
          new Implementation(
              Work.text(implementation, "name"),
              Work.text(implementation, "device"),
              Work.size(implementation, "threads"),
              Work.text(implementation, "transfer"));
      JsonObject record = json.get("jmh") instanceof JsonObject object ? object : null;
      Map<String, JsonElement> facts = new LinkedHashMap<>(json.asMap());
      facts.keySet().removeAll(KEYS);
      JsonElement error = json.get("error");
      if (error instanceof JsonPrimitive) {
        String why = error.getAsString().replaceAll("\\p{Cntrl}+", " ");
        return new MeasuredRow(key, who, null, record, why, facts);
      }
      JsonObject time = json.getAsJsonObject("time");
      if (!time.get("unit").getAsString().equals(Time.UNIT)) {
        throw new IllegalArgumentException("its time is in %s, expected %s".formatted(time.get("unit"), Time.UNIT));
      }
      Time measured =
          new Time(
              Json.number(time.get("median")),
              Json.number(time.get("low")),
              Json.number(time.get("high")),
              Work.size(time, "samples"));
      for (double value : new double[] {measured.median(), measured.low(), measured.high()}) {
        if (!(value >= Time.LEAST && value <= Time.MOST)) {
          throw new IllegalArgumentException(
              "a time of it is %s ns, expected a number from %s to %s".formatted(value, Time.LEAST, Time.MOST));
        }
      }
      if (measured.low() > measured.median() || measured.median() > measured.high()) {
        throw new IllegalArgumentException(
            "its times are not in order: low %s, median %s, high %s"
                .formatted(measured.low(), measured.median(), measured.high()));
      }
      return new MeasuredRow(key, who, measured, record, null, facts);
    } catch (NullPointerException | ClassCastException | IllegalStateException | UnsupportedOperationException e) {
      throw new IllegalArgumentException("its \"implementation\" or \"time\" lacks a key", e);
    }
  }

  /** This row as a JSON object. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    json.add("work", work.toJson());
    json.add("implementation", implementation.toJson());
    if (time != null) {
      JsonObject object = new JsonObject();
      object.addProperty("unit", Time.UNIT);
      object.add("median", Json.number(time.median()));
      object.add("low", Json.number(time.low()));
      object.add("high", Json.number(time.high()));
      object.addProperty("samples", time.samples());
      json.add("time", object);
    } else {
      json.addProperty("error", error);
    }
    if (jmh != null) {
      json.add("jmh", jmh);
    }
    facts.forEach(json::add);
    return json;
  }
}
