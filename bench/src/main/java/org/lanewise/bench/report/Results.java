package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.bench.results.Units;

/** All that the files hold, in the form in which the sections want it. Every row is checked here and nowhere else. */
final class Results {
  /** The kinds of result files that the report understands. */
  static final List<String> KINDS = List.of("verify", "validate", "bench", "peers", "gate", "certificate");

  private final List<ResultFile> files;
  private final CheckedRows checked = new CheckedRows();
  private final ConformanceMatrix matrix = new ConformanceMatrix();
  private final Curves curves = new Curves();
  private final Accuracy accuracy = new Accuracy();
  private final Certificates certificates = new Certificates();
  private final GateRows gate = new GateRows();
  private final Styles styles;

  Results(List<ResultFile> files) {
    this.files = List.copyOf(files);
    for (ResultFile file : files) {
      each(file, "results", file.results(), row -> addResult(file, row));
      each(file, "errors", objects(file.errors()), accuracy::addError);
      if (file.kind().equals("validate")) {
        each(file, "counts", objects(file.counts()), row -> addObserved(file, row));
      }
    }
    checked.rows().forEach(matrix::add);
    List<String> names = new ArrayList<>(accuracy.implementations());
    gate.compared().forEach(row -> names.add(row.kernel()));
    styles = new Styles(curves, names);
  }

  private static void each(ResultFile file, String list, List<? extends JsonElement> rows, Consumer<JsonObject> add) {
    for (int i = 0; i < rows.size(); i++) {
      try {
        add.accept(Fields.object(rows.get(i), list));
      } catch (IllegalArgumentException e) {
        throw UserError.environment(
            "Row %d of the %s %s cannot be used: %s; make the file again."
                .formatted(i, file.kind(), list, e.getMessage()));
      }
    }
  }

  private static List<JsonElement> objects(@Nullable JsonArray array) {
    return array == null ? List.of() : array.asList();
  }

  private void addResult(ResultFile file, JsonObject row) {
    switch (file.kind()) {
      case "bench", "peers" -> addMeasured(file, row);
      case "gate" -> gate.add(row);
      case "certificate" -> {
        accuracy.addCertificate(row);
        certificates.add(row);
      }
      case "validate" -> checked.add(finding(row), file);
      default -> checked.add(row, file);
    }
  }

  /** Beside what it observed of errors, a validation measures. */
  private void addObserved(ResultFile file, JsonObject row) {
    if (row.has("work")) {
      addMeasured(file, row);
    } else {
      accuracy.addObservation(row);
    }
  }

  private void addMeasured(ResultFile file, JsonObject json) {
    MeasuredRow row = MeasuredRow.of(json);
    Samples.forks(row); // refuses what is no number
    Units.bytes(row.work()); // and what has no size
    // Only peers are checked where they are measured: kernels are by verify.
    boolean peer = file.kind().equals("peers") || row.facts().containsKey("check");
    curves.add(row, file.environment(), peer);
  }

  /** A finding of validate under the names of a checked row: its rule is what it was judged by. */
  private static JsonObject finding(JsonObject row) {
    JsonObject checked = new JsonObject();
    row.entrySet().forEach(field -> checked.add(field.getKey(), field.getValue()));
    checked.addProperty("kernel", Fields.text(row, "implementation"));
    checked.addProperty("contract", Fields.text(row, "rule"));
    // Not every rule is about errors that have a size.
    if (row.get("worst") instanceof JsonObject worst
        && worst.has("ulp")
        && !Double.isNaN(Fields.numberOrNan(worst, "ulp"))) {
      checked.add("max_ulp", worst.get("ulp"));
    }
    return checked;
  }

  List<ResultFile> files() {
    return files;
  }

  CheckedRows checked() {
    return checked;
  }

  ConformanceMatrix matrix() {
    return matrix;
  }

  Curves curves() {
    return curves;
  }

  Accuracy accuracy() {
    return accuracy;
  }

  Certificates certificates() {
    return certificates;
  }

  GateRows gate() {
    return gate;
  }

  /** How each implementation looks in every plot. */
  Styles styles() {
    return styles;
  }
}
