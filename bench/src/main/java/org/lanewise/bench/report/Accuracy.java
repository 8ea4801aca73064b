package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Errors in ULP of benchmarks, certificates and validations. */
final class Accuracy {
  /** One output of one implementation. */
  record Key(String implementation, String operation, String dtype, String output) {}

  /**
   * The largest error.
   *
   * @param at the input, or where it is told
   * @param over what was tried
   */
  record Largest(double ulp, String at, String over) {}

  /** The errors over how wrong the model is. */
  record Curve(Key key, String inputs, List<Double> logit, List<Double> largest, List<Double> median) {}

  /** How many errors lie in each bin. */
  record Histogram(Key key, String source, List<Bin> bins) {}

  record Bin(String name, double count) {}

  /**
   * An identity of the mathematics that was tried.
   *
   * @param of operation and dtype
   * @param hold how many of how many results hold it to the bit
   */
  record Identity(String implementation, String of, String name, String hold, double maxUlp) {}

  private final Map<Key, Largest> largest = new HashMap<>();
  private final List<Curve> curves = new ArrayList<>();
  private final List<Histogram> histograms = new ArrayList<>();
  private final List<Identity> identities = new ArrayList<>();

  /** Adds a row of {@code errors}: it comes before any other source, since all were computed at the same inputs. */
  void addError(JsonObject row) {
    Key key = key(row, "implementation");
    // Where the truth is subnormal, what flushes it to zero is off by millions of ULP that matter to nobody.
    double most = Fields.number(row, row.has("max_normal_ulp") ? "max_normal_ulp" : "max_ulp");
    String inputs = Fields.text(row, "inputs");
    largest.put(key, new Largest(most, Fields.text(row, "at"), inputs));
    JsonObject curve = Fields.object(row.get("curve"), "curve");
    Curve read =
        new Curve(
            key,
            inputs,
            Fields.numbers(curve, "logit"),
            Fields.numbers(curve, "largest"),
            Fields.numbers(curve, "median"));
    requireAscending(read.logit());
    if (read.largest().size() != read.logit().size() || read.median().size() != read.logit().size()) {
      throw new IllegalArgumentException("the lists of its \"curve\" are not of one length");
    }
    curves.removeIf(other -> other.key().equals(key));
    curves.add(read);
    if (row.has("histogram")) {
      replace(new Histogram(key, "bench", bins(Fields.array(row, "histogram"))));
    }
  }

  private static void requireAscending(List<Double> logits) {
    float last = Float.NEGATIVE_INFINITY;
    for (double logit : logits) {
      float next = (float) logit;
      if (!(next > last) || Float.isInfinite(next)) {
        throw new IllegalArgumentException(
            "its \"logit\" has %s after %s, expected finite float32 numbers that ascend".formatted(next, last));
      }
      last = next;
    }
  }

  /** Adds a row of a certificate. */
  void addCertificate(JsonObject row) {
    Key key = key(row, "kernel");
    largest.putIfAbsent(key, new Largest(Fields.number(row, "max_ulp"), worst(row, "input"), "certificate"));
    List<Double> counts = Fields.numbers(row, "histogram");
    counts.forEach(Accuracy::requireCount);
    List<Bin> bins = new ArrayList<>();
    for (int i = 0; i < counts.size(); i++) {
      String name = i == 0 ? "correctly rounded" : i == 1 ? "1 float away" : i + " floats away";
      bins.add(new Bin(i > 0 && i == counts.size() - 1 ? name + " or more" : name, counts.get(i)));
    }
    replace(new Histogram(key, "certificate", bins));
  }

  /** Adds what a validation observed of an output, or of an identity of the mathematics. */
  void addObservation(JsonObject row) {
    if (row.has("identity")) {
      identities.add(
          new Identity(
              Fields.text(row, "implementation"),
              "%s %s".formatted(Fields.text(row, "operation"), Fields.text(row, "dtype")),
              Fields.text(row, "identity"),
              "%s of %s".formatted(Fields.text(row, "hold"), Fields.text(row, "values")),
              Fields.numberOrNan(row, "max_ulp")));
      return;
    }
    String output = Fields.text(row, "output");
    String[] words = output.split(" ", 3);
    if (words.length != 3) {
      throw new IllegalArgumentException("its \"output\" is '%s', expected operation, dtype, output".formatted(output));
    }
    Key key = new Key(Fields.text(row, "implementation"), words[0], words[1], words[2]);
    if (row.get("worst") instanceof JsonObject worst && worst.has("ulp")) {
      largest.putIfAbsent(
          key, new Largest(Math.abs(Fields.number(worst, "ulp")), worst(row, "input"), "drawn and stored cases"));
    }
    replace(new Histogram(key, "validate", bins(Fields.array(row, "histogram"))));
  }

  /** Of two of the same source the last counts. */
  private void replace(Histogram histogram) {
    histograms.removeIf(other -> other.key().equals(histogram.key()) && other.source().equals(histogram.source()));
    histograms.add(histogram);
  }

  private static Key key(JsonObject row, String name) {
    return new Key(
        Fields.text(row, name), Fields.text(row, "operation"), Fields.text(row, "dtype"), Fields.text(row, "output"));
  }

  private static String worst(JsonObject row, String key) {
    return row.get("worst") instanceof JsonObject worst && worst.has(key) ? Fields.text(worst, key) : "";
  }

  private static List<Bin> bins(JsonArray histogram) {
    List<Bin> bins = new ArrayList<>();
    for (JsonElement element : histogram) {
      JsonObject bin = Fields.object(element, "histogram");
      double to = Fields.number(bin, "to_ulp");
      String name = to < 1 ? Double.toString(to) : Numbers.count(to);
      bins.add(new Bin(Double.isInfinite(to) ? "more" : "≤ %s ULP".formatted(name), requireCount(Fields.number(bin, "count"))));
    }
    return bins;
  }

  private static double requireCount(double count) {
    if (!(count >= 0 && count <= Long.MAX_VALUE) || count != Math.rint(count)) {
      throw new IllegalArgumentException("its \"histogram\" counts %s, expected an integer from 0 up".formatted(count));
    }
    return count;
  }

  /** The largest error of an output; null where nobody looked. */
  @Nullable Largest largest(Key key) {
    return largest.get(key);
  }

  /** Whose errors are known. */
  List<String> implementations() {
    return histograms.stream().map(histogram -> histogram.key().implementation()).distinct().toList();
  }

  List<Curve> curves() {
    return curves;
  }

  List<Histogram> histograms() {
    return histograms;
  }

  /** The identities that were tried. */
  List<Identity> identities() {
    return identities;
  }
}
