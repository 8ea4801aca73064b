package org.lanewise.bench.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.GateRecord.Entry;
import org.lanewise.bench.gate.rule.Judgement.Verdict;

class GateRecordTest {
  @TempDir private Path folder;

  private static Entry entry(String run, String injected, double percent, Verdict verdict) {
    double ratio = verdict == Verdict.UNMEASURED ? Double.NaN : 1 + percent / 100;
    return new Entry(
        run, "A CPU, 2 CPUs, JDK 25", "quiet", injected, percent, "vector/bce_with_logits/x", verdict, ratio, 0.99, 14);
  }

  private static GateRecord record() {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      Verdict verdict = i == 7 ? Verdict.INCONCLUSIVE : i == 8 ? Verdict.UNMEASURED : Verdict.PASS;
      entries.add(entry("run " + i / 24, Entry.NOTHING, 0, verdict));
    }
    for (int i = 0; i < 60; i++) {
      entries.add(entry("run 99", "work", 5, i < 57 ? Verdict.REGRESSED : Verdict.PASS));
    }
    entries.add(entry("run 99", "allocation", 0, Verdict.REGRESSED));
    return new GateRecord(entries);
  }

  @Test
  void ratesHaveTheirIntervals() {
    String page = RecordPage.of(record().entries());

    assertTrue(page.contains("| verdicts | 300 | 0 | 0.00 % (0.00 to 1.22) | 0 | 1 | 1 |"), page);
    assertTrue(page.contains("| runs of 24 benchmarks | 12 | 0 | 0.00 % (0.00 to 26.46) | 0 | 1 | 1 |"), page);
    assertTrue(
        page.contains("| 5 % | 60 | 57 | 95.00 % (86.08 to 98.96) | `███████████████████·` | 0 | 3 | 1.050 |"), page);
    assertTrue(page.contains("| vector bce_with_logits | 5 % | 60 | 57 | 95.00 % (86.08 to 98.96) |"), page);
    assertTrue(page.contains("| allocation | 1 | 1 | 100.00 % (2.50 to 100.00) |"), page);
  }

  @Test
  void theCurveHasAPointForEachSizeAndNothingElse() throws IOException {
    record().write(folder);
    String curve = Files.readString(folder.resolve("power.svg"));

    assertTrue(curve.contains("<title>none: 0 of 300</title>"), curve);
    assertTrue(curve.contains("<title>5 %: 57 of 60</title>"), curve);
    assertEquals(2, curve.split("<circle", -1).length - 1, curve);
    // 57 of 60: the mark lies at 95 % between the lines of 0 and 100 %, its interval from 86.08 to 98.96 %.
    assertTrue(curve.contains("y1=\"58.8\" y2=\"35.9\""), curve);
  }

  @Test
  void whatIsWrittenIsReadAndGrows() {
    record().write(folder);
    GateRecord again = GateRecord.read(folder);

    assertEquals(361, again.entries().size());
    assertEquals(RecordPage.of(record().entries()), RecordPage.of(again.entries()));
    again.with(List.of(entry("run 100", "work", 5, Verdict.REGRESSED))).write(folder);
    assertEquals(362, GateRecord.read(folder).entries().size());
    assertTrue(RecordPage.of(GateRecord.read(folder).entries()).contains("| 5 % | 61 | 58 |"));
  }

  @Test
  void noRecordIsAnEmptyOneAndASpoiltOneIsRefused() throws IOException {
    assertEquals(0, GateRecord.read(folder).entries().size());

    record().write(folder);
    Path file = folder.resolve("verdicts.csv");
    String text = Files.readString(file);
    Files.writeString(file, text + "run,machine\n");
    UserError error = assertThrows(UserError.class, () -> GateRecord.read(folder));
    assertTrue(error.getMessage().contains("line 363 is no verdict: 'run,machine'"), error.getMessage());
    Files.writeString(file, text.substring(text.indexOf('\n') + 1));
    assertThrows(UserError.class, () -> GateRecord.read(folder));
  }
}
