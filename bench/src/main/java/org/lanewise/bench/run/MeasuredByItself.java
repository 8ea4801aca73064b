package org.lanewise.bench.run;

import com.google.gson.JsonObject;
import java.util.List;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;

/**
 * A provider that {@link BenchmarkRunner} asks to measure itself, for what a call takes on a device depends on where its
 * operands lie: one point gives several rows.
 */
public interface MeasuredByItself {
  /** The transfers that are measured, see {@link MeasuredRow.Implementation#transfer}. */
  List<String> transfers();

  /** A row a transfer, in their order. */
  List<MeasuredRow> measure(Work work, Effort effort);

  /** Adds what changes the numbers: the device and its bandwidths. */
  void describe(JsonObject environment);
}
