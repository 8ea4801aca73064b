package org.lanewise.bench.cli;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lanewise.bench.errors.ErrorCurve;
import org.lanewise.kernels.spi.Operation;

/** The largest errors of what was measured, one line an implementation, one column an output. */
final class ErrorTable {
  /** Four columns have to fit a terminal. */
  private static final Map<String, String> SHORT =
      Map.of(Operation.BCE_WITH_LOGITS.id(), "BCE", Operation.CROSS_ENTROPY.id(), "CE");

  /** Rounding alone is never so far off. */
  private static final double FLUSHED = 1000;

  private ErrorTable() {}

  /** The table, ending in a line end; empty where nothing was judged. */
  static String of(List<ErrorCurve> curves) {
    if (curves.isEmpty()) {
      return "";
    }
    Set<String> outputs = new LinkedHashSet<>();
    Map<String, Map<String, Double>> lines = new LinkedHashMap<>();
    for (ErrorCurve curve : curves) {
      String output = "%s %s".formatted(SHORT.get(curve.operation()), curve.output().replace("logits_", ""));
      outputs.add(output);
      lines.computeIfAbsent(curve.implementation(), _ -> new LinkedHashMap<>()).put(output, curve.maxNormalUlp());
    }
    TextTable table =
        new TextTable(
            "l" + "r".repeat(outputs.size()),
            Stream.concat(Stream.of("largest error, ULP"), outputs.stream()).toArray(String[]::new));
    lines.forEach(
        (implementation, errors) ->
            table.row(
                Stream.concat(
                        Stream.of(implementation),
                        outputs.stream().map(output -> errors.containsKey(output) ? ulp(errors.get(output)) : "-"))
                    .toArray(String[]::new)));
    StringBuilder text = new StringBuilder(table.toString());
    String flushed =
        curves.stream()
            .filter(curve -> curve.maxUlp() > FLUSHED * curve.maxNormalUlp())
            .map(ErrorCurve::implementation)
            .distinct()
            .collect(Collectors.joining(", "));
    if (!flushed.isEmpty()) {
      text.append(
          Paragraph.of("Subnormal results, which are not in the table, lose all digits in: %s.".formatted(flushed)));
    }
    curves.stream().map(curve -> "%s: %s.".formatted(curve.operation(), curve.inputs())).distinct()
        .forEach(domain -> text.append(Paragraph.of(domain)));
    return text.toString();
  }

  private static String ulp(double error) {
    return Double.isInfinite(error) ? "inf" : String.format(Locale.ROOT, error < 1000 ? "%.2f" : "%.1e", error);
  }
}
