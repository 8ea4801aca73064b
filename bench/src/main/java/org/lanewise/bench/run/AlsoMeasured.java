package org.lanewise.bench.run;

import java.util.List;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;

/** What {@link BenchmarkRunner} measures on each point after the kernels, by other means than JMH. */
public interface AlsoMeasured {
  /** What is measured; empty where nothing is. */
  List<String> names();

  /** A row a name, in their order. Nothing of it runs when this returns. */
  List<MeasuredRow> measure(Work work);

  /** Nothing. */
  static AlsoMeasured nothing() {
    return new AlsoMeasured() {
      @Override
      public List<String> names() {
        return List.of();
      }

      @Override
      public List<MeasuredRow> measure(Work work) {
        return List.of();
      }
    };
  }
}
