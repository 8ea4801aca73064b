package org.lanewise.conformance.subject;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.conformance.cases.ReferenceCase;
import org.lanewise.kernels.metrics.Accuracy;
import org.lanewise.kernels.metrics.Average;
import org.lanewise.kernels.metrics.BestThreshold;
import org.lanewise.kernels.metrics.Categories;
import org.lanewise.kernels.metrics.ClassificationReport;
import org.lanewise.kernels.metrics.LabelScores;
import org.lanewise.kernels.metrics.Predictions;
import org.lanewise.kernels.metrics.Scores;
import org.lanewise.kernels.metrics.ZeroDivision;
import org.lanewise.kernels.tensor.Tensor;

/** Runs the cases of the operation {@code metrics}, by their option {@code metric}. */
final class MetricsCases {
  private MetricsCases() {}

  /** The outputs of a case by name, each a {@link Tensor} or a {@link String}. */
  static Map<String, Object> run(ReferenceCase reference, Map<String, Tensor> inputs) {
    String metric = reference.options().string("metric", "");
    return switch (metric) {
      case "binary_accuracy" -> binaryAccuracy(reference, inputs);
      case "argmax_accuracy" -> argmaxAccuracy(reference, inputs);
      case "precision_recall_f1" -> precisionRecallF1(reference, inputs);
      case "exact_match" -> {
        Pair pair = Pair.of("prediction", reference, inputs);
        yield Map.of("exact_match", scalar(Accuracy.exactMatch(pair.first, pair.target)));
      }
      case "hamming_loss" -> {
        Pair pair = Pair.of("prediction", reference, inputs);
        yield Map.of("hamming_loss", scalar(Accuracy.hammingLoss(pair.first, pair.target)));
      }
      case "classification_report" -> classificationReport(reference, inputs);
      case "best_threshold" -> bestThreshold(reference, inputs);
      case "categories" -> categories(reference, inputs);
      default -> throw unknown(reference, "metric", metric);
    };
  }

  private static Map<String, Object> binaryAccuracy(ReferenceCase reference, Map<String, Tensor> inputs) {
    Pair pair = Pair.of("scores", reference, inputs, "on", "threshold");
    double threshold = reference.options().number("threshold", 0.5);
    String on = reference.options().string("on", "");
    Tensor prediction =
        switch (on) {
          case "probabilities" -> Predictions.ofProbabilities(pair.first, threshold);
          case "logits" -> Predictions.ofLogits(pair.first, threshold);
          default -> throw unknown(reference, "on", on);
        };
    return accuracy(prediction, pair.target);
  }

  private static Map<String, Object> argmaxAccuracy(ReferenceCase reference, Map<String, Tensor> inputs) {
    Pair pair = Pair.of("scores", reference, inputs);
    return accuracy(Predictions.ofClassScores(pair.first), pair.target);
  }

  private static Map<String, Object> accuracy(Tensor prediction, Tensor target) {
    return Map.of("prediction", prediction, "accuracy", scalar(Accuracy.of(prediction, target)));
  }

  private static Map<String, Object> precisionRecallF1(ReferenceCase reference, Map<String, Tensor> inputs) {
    Pair pair = Pair.of("prediction", reference, inputs, "average", "zero_division");
    LabelScores labels = LabelScores.of(pair.first, pair.target, zeroDivision(reference));
    String average = reference.options().string("average", "none");
    Map<String, Object> outputs = new LinkedHashMap<>();
    if (average.equals("none")) {
      List<Scores> scores = labels.scores();
      outputs.put("precision", vector(scores, Scores::precision));
      outputs.put("recall", vector(scores, Scores::recall));
      outputs.put("f1", vector(scores, Scores::f1));
      outputs.put("support", Tensor.of(scores.stream().mapToLong(Scores::support).toArray(), scores.size()));
    } else {
      Scores scores = labels.average(average(reference, average));
      outputs.put("precision", scalar(scores.precision()));
      outputs.put("recall", scalar(scores.recall()));
      outputs.put("f1", scalar(scores.f1()));
    }
    return outputs;
  }

  private static Map<String, Object> classificationReport(ReferenceCase reference, Map<String, Tensor> inputs) {
    Pair pair = Pair.of("prediction", reference, inputs, "digits", "zero_division", "target_names");
    String report =
        ClassificationReport.create()
            .digits(Math.toIntExact(reference.options().integer("digits", 2)))
            .zeroDivision(zeroDivision(reference))
            .targetNames(reference.options().strings("target_names"))
            .text(pair.first, pair.target);
    return Map.of("report", report);
  }

  private static Map<String, Object> bestThreshold(ReferenceCase reference, Map<String, Tensor> inputs) {
    Pair pair = Pair.of("scores", reference, inputs, "objective");
    String objective = reference.options().string("objective", "f1");
    if (!objective.equals("f1")) {
      throw unknown(reference, "objective", objective);
    }
    BestThreshold best = BestThreshold.ofF1(pair.first, pair.target);
    return Map.of("threshold", scalar(best.threshold()), "f1", scalar(best.f1()));
  }

  private static Map<String, Object> categories(ReferenceCase reference, Map<String, Tensor> inputs) {
    FrontDoor.requireKnown(reference, inputs, Set.of(), Set.of("metric", "values"));
    List<String> values = reference.options().strings("values");
    Categories categories = Categories.of(values);
    return Map.of(
        "classes", String.join("\n", categories.names()),
        "indices", categories.indices(values),
        "one_hot", categories.oneHot(values));
  }

  private static ZeroDivision zeroDivision(ReferenceCase reference) {
    double value = reference.options().number("zero_division", 0);
    for (ZeroDivision zeroDivision : ZeroDivision.values()) {
      if (Double.compare(zeroDivision.value(), value) == 0) {
        return zeroDivision;
      }
    }
    throw unknown(reference, "zero_division", Double.toString(value));
  }

  private static Average average(ReferenceCase reference, String id) {
    try {
      return Average.of(id);
    } catch (IllegalArgumentException none) {
      throw unknown(reference, "average", id);
    }
  }

  private static DataException unknown(ReferenceCase reference, String option, String value) {
    return new DataException(
        "Case '%s' has the %s '%s', which this Lanewise does not know; use a matching release."
            .formatted(reference.id(), option, value));
  }

  private static Tensor scalar(double value) {
    return Tensor.of(new double[] {value});
  }

  private static Tensor vector(List<Scores> scores, ToDoubleFunction<Scores> score) {
    return Tensor.of(scores.stream().mapToDouble(score).toArray(), scores.size());
  }

  /** The two inputs of every metric but {@code categories}: scores or a prediction, and the target. */
  private record Pair(Tensor first, Tensor target) {
    static Pair of(String first, ReferenceCase reference, Map<String, Tensor> inputs, String... options) {
      List<String> known = new ArrayList<>(List.of(options));
      known.add("metric");
      FrontDoor.requireKnown(reference, inputs, Set.of(first, "target"), Set.copyOf(known));
      return new Pair(FrontDoor.input(reference, inputs, first), FrontDoor.input(reference, inputs, "target"));
    }
  }
}
