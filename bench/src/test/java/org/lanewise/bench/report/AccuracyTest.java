package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.report.Accuracy.Bin;
import org.lanewise.bench.report.Accuracy.Key;

class AccuracyTest {
  private static final Key LOSS = new Key("vector", "bce_with_logits", "float32", "loss");

  private final Accuracy accuracy = new Accuracy();

  static JsonObject error(String implementation, String maxUlp) {
    return JsonParser.parseString(
            """
            {"implementation": "%s", "operation": "bce_with_logits", "dtype": "float32", "output": "loss",
             "max_ulp": %s, "at": "logit=1", "inputs": "3 logits",
             "histogram": [{"to_ulp": 0.5, "count": 2}, {"to_ulp": "inf", "count": 1}],
             "curve": {"logit": [-1, 0, 1], "largest": [0.5, "inf", 0.25], "median": [0.1, 0, 0.2]}}"""
                .formatted(implementation, maxUlp))
        .getAsJsonObject();
  }

  private static JsonObject certificate() {
    return JsonParser.parseString(
            """
            {"operation": "bce_with_logits", "kernel": "vector", "dtype": "float32", "output": "loss",
             "max_ulp": 0.88, "worst": {"input": "-0x1p-1"}, "histogram": [90, 9, 0, 1]}""")
        .getAsJsonObject();
  }

  private static JsonObject observation(String ulp) {
    return JsonParser.parseString(
            """
            {"implementation": "vector", "output": "bce_with_logits float32 loss", "values": 3,
             "histogram": [{"to_ulp": 1.0, "count": 3}], "worst": {"input": "x", "ulp": %s}}"""
                .formatted(ulp))
        .getAsJsonObject();
  }

  private double largest() {
    return Objects.requireNonNull(accuracy.largest(LOSS)).ulp();
  }

  @Test
  void whatWasMeasuredAtTheSameInputsComesBeforeOtherSourcesInAnyOrder() {
    assertNull(accuracy.largest(LOSS));
    accuracy.addObservation(observation("-3.5"));
    assertEquals(3.5, largest(), "without its sign");
    accuracy.addError(error("vector", "0.9"));
    assertEquals(0.9, largest());
    accuracy.addCertificate(certificate());
    assertEquals(0.9, largest());
    assertEquals("3 logits", Objects.requireNonNull(accuracy.largest(LOSS)).over());
  }

  @Test
  void histogramsNameTheirBins() {
    accuracy.addCertificate(certificate());
    accuracy.addError(error("vector", "0.9"));
    accuracy.addObservation(observation("1"));

    List<List<Bin>> bins = accuracy.histograms().stream().map(Accuracy.Histogram::bins).toList();
    assertEquals(
        List.of(
            new Bin("correctly rounded", 90),
            new Bin("1 float away", 9),
            new Bin("2 floats away", 0),
            new Bin("3 floats away or more", 1)),
        bins.get(0));
    assertEquals(List.of(new Bin("≤ 0.5 ULP", 2), new Bin("more", 1)), bins.get(1));
    assertEquals(List.of(new Bin("≤ 1 ULP", 3)), bins.get(2));
  }

  @Test
  void aCurveOfAnotherFileReplacesTheFirst() {
    accuracy.addError(error("vector", "0.9"));
    accuracy.addError(error("vector", "0.7"));
    accuracy.addError(error("jax-jit", "\"inf\""));

    assertEquals(
        List.of("vector", "jax-jit"),
        accuracy.curves().stream().map(curve -> curve.key().implementation()).toList());
    assertEquals(0.7, largest());
    assertEquals(2, accuracy.histograms().size());
    assertEquals(List.of(0.5, Double.POSITIVE_INFINITY, 0.25), accuracy.curves().getFirst().largest());
  }

  @Test
  void whatIsNoNumberIsRefused() {
    refused("its \"max_ulp\" is NaN", () -> accuracy.addError(error("vector", "\"NaN\"")));
    refused("its \"max_ulp\" holds true", () -> accuracy.addError(error("vector", "true")));
    refused("its \"ulp\" is NaN", () -> accuracy.addObservation(observation("\"NaN\"")));
    JsonObject certificate = certificate();
    certificate.addProperty("max_ulp", "NaN");
    refused("its \"max_ulp\" is NaN", () -> accuracy.addCertificate(certificate));
    JsonObject shorter = error("vector", "1");
    shorter.getAsJsonObject("curve").getAsJsonArray("median").remove(0);
    refused("not of one length", () -> accuracy.addError(shorter));
    JsonObject without = error("vector", "1");
    without.remove("curve");
    refused("its \"curve\" is not an object", () -> accuracy.addError(without));
    JsonObject histogram = error("vector", "1");
    histogram.addProperty("histogram", 3);
    refused("its \"histogram\" is not a list", () -> accuracy.addError(histogram));
  }

  private static void refused(String told, Runnable add) {
    String message = assertThrows(IllegalArgumentException.class, add::run).getMessage();
    assertTrue(message.contains(told), message);
  }
}
