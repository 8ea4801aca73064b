package org.lanewise.bench.report;

import java.util.List;

/** Maps values to pixels, and chooses few, round ticks. */
interface Axis {
  double pixel(double value);

  /** Values within the axis; at least two. */
  List<Double> ticks();
}
