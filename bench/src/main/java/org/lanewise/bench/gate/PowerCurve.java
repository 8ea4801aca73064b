package org.lanewise.bench.gate;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.lanewise.bench.gate.GateRecord.Entry;
import org.lanewise.bench.gate.rule.Judgement.Verdict;
import org.lanewise.bench.gate.statistics.Exact;
import org.lanewise.bench.gate.statistics.Exact.Interval;

/** A picture of a record: the share of slowdowns that were found over their size, each with its 95 % interval. */
final class PowerCurve {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 260;
  private static final int LEFT = 56;
  private static final int TOP = 34;
  private static final int RIGHT = WIDTH - 24;
  private static final int BOTTOM = HEIGHT - 48;

  private PowerCurve() {}

  /** An SVG file; without verdicts an empty frame. */
  static String of(List<Entry> entries) {
    Map<Double, List<Entry>> sizes =
        new TreeMap<>(
            RecordPage.by(
                entries.stream().filter(entry -> entry.isAa() || entry.injected().equals("work")).toList(), Entry::percent));
    double widest = Math.max(1, sizes.keySet().stream().mapToDouble(size -> size).max().orElse(1));
    StringBuilder svg =
        new StringBuilder(
            text(
                """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="Share of slowdowns found, over their size">
                <style>
                svg { font: 12px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; background: #fbfbf9 }
                text { fill: #1c2126 } .tick { fill: #59636e; font-size: 11px } .grid { stroke: #e8ebed }
                .found { stroke: #0068a8; fill: none; stroke-width: 1.6 } circle { fill: #0068a8 }
                @media (prefers-color-scheme: dark) { svg { background: #14171a } text { fill: #e7eaec } .tick { fill: #a3adb6 }
                .grid { stroke: #2a3036 } .found { stroke: #5cb8f5 } circle { fill: #5cb8f5 } }
                </style>
                <text x="%d" y="18">reported as regressed, with 95 %% intervals</text>
                <text class="tick" x="%d" y="%d" text-anchor="middle">more work in the candidate</text>
                """,
                WIDTH,
                HEIGHT,
                LEFT,
                (LEFT + RIGHT) / 2,
                HEIGHT - 8));
    for (int share : new int[] {0, 50, 80, 95}) {
      svg.append(text("<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n", LEFT, RIGHT, y(share / 100.0), y(share / 100.0)));
      svg.append(text("<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d %%</text>\n", LEFT - 8, y(share / 100.0) + 4, share));
    }
    StringBuilder points = new StringBuilder();
    StringBuilder marks = new StringBuilder();
    sizes.forEach(
        (size, group) -> {
          int found = RecordPage.count(group, Verdict.REGRESSED);
          Interval interval = Exact.clopperPearson(group.size(), found);
          double x = LEFT + 12 + size / widest * (RIGHT - LEFT - 24);
          double share = (double) found / group.size();
          points.append(text("%.1f,%.1f ", x, y(share)));
          marks.append(
              text(
                  "<line class=\"found\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", x, x, y(interval.low()), y(interval.high())));
          marks.append(
              text(
                  "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"><title>%s: %d of %d</title></circle>\n",
                  x, y(share), name(size), found, group.size()));
          marks.append(
              text("<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x, BOTTOM + 18, name(size)));
        });
    return svg.append(text("<polyline class=\"found\" points=\"%s\"/>\n", points.toString().trim())).append(marks).append("</svg>\n").toString();
  }

  private static double y(double share) {
    return BOTTOM - share * (BOTTOM - TOP);
  }

  private static String name(double size) {
    return size == 0 ? "none" : RecordPage.percent(size);
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
