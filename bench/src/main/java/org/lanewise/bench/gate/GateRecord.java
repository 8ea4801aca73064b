package org.lanewise.bench.gate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.lanewise.bench.UserError;
import org.lanewise.bench.gate.rule.Comparison;
import org.lanewise.bench.gate.rule.Judgement.Verdict;
import org.lanewise.bench.results.SafeFile;

/**
 * The gate's own error rates: every verdict of every self-test, where the right one was known. {@code verdicts.csv} holds
 * them, {@code README.md} and {@code power.svg} beside it are made from it.
 *
 * @param entries all verdicts, in the order they were given
 */
public record GateRecord(List<Entry> entries) {
  private static final String VERDICTS = "verdicts.csv";
  private static final String HEADER = "run,machine,load,injected,percent,benchmark,verdict,ratio,power,forks";

  /**
   * One verdict.
   *
   * @param run when the run began, in UTC; verdicts of one run over the suite have the same
   * @param machine processor, number of CPUs, JDK
   * @param load what else the machine did: {@code quiet}, {@code burners} of ours, {@code busy} with work of others, or {@code
   *     unwatched} where that cannot be told
   * @param injected what was done to the candidate: {@code nothing}, {@code work}, {@code allocation}, {@code pass}, {@code
   *     no-fma}
   * @param percent how much more work, 0 where that is not its measure
   * @param benchmark its name
   * @param verdict what the gate said
   * @param ratio the candidate's time over the base's; NaN if unmeasured
   * @param power the estimated one; NaN if unmeasured
   * @param forks how many it took
   */
  public record Entry(
      String run,
      String machine,
      String load,
      String injected,
      double percent,
      String benchmark,
      Verdict verdict,
      double ratio,
      double power,
      int forks) {

    /** Takes out of texts what would end a cell. */
    public Entry {
      run = cell(run);
      machine = cell(machine);
      load = cell(load);
      injected = cell(injected);
    }

    /** What {@link #injected} says where base and candidate are the same. */
    public static final String NOTHING = "nothing";

    /** The entry of a judged comparison. */
    public static Entry of(
        String run, String machine, String load, String injected, double percent, GateResult.Row row) {
      Comparison comparison = row.comparison();
      return new Entry(
          run,
          machine,
          load,
          injected,
          percent,
          comparison.benchmark().name(),
          row.judgement().verdict(),
          row.judgement().ratio(),
          row.judgement().power(),
          comparison.first().size() + comparison.confirmation().size());
    }

    private String line() {
      return String.join(
          ",",
          run,
          machine,
          load,
          injected,
          Double.toString(percent),
          benchmark,
          verdict.toString(),
          String.format(Locale.ROOT, "%.4f", ratio),
          String.format(Locale.ROOT, "%.3f", power),
          Integer.toString(forks));
    }

    private static String cell(String text) {
      return text.replaceAll("[,\\s]+", " ");
    }

    private static Entry parse(String line) {
      String[] cells = line.split(",", -1);
      if (cells.length != HEADER.split(",").length) {
        throw new IllegalArgumentException("%d cells".formatted(cells.length));
      }
      return new Entry(
          cells[0],
          cells[1],
          cells[2],
          cells[3],
          Double.parseDouble(cells[4]),
          cells[5],
          Verdict.valueOf(cells[6].toUpperCase(Locale.ROOT)),
          Double.parseDouble(cells[7]),
          Double.parseDouble(cells[8]),
          Integer.parseInt(cells[9]));
    }

    boolean isAa() {
      return injected.equals(NOTHING);
    }
  }

  /** Keeps a copy of the list. */
  public GateRecord {
    entries = List.copyOf(entries);
  }

  /** The record of a folder; empty where there is none yet. */
  public static GateRecord read(Path folder) {
    Path file = folder.resolve(VERDICTS);
    if (!Files.exists(file)) {
      return new GateRecord(List.of());
    }
    try {
      List<String> lines = Files.readAllLines(file);
      if (lines.isEmpty() || !lines.getFirst().equals(HEADER)) {
        throw UserError.environment("%s does not begin with '%s'; restore it.".formatted(file, HEADER));
      }
      List<Entry> entries = new ArrayList<>();
      for (String line : lines.subList(1, lines.size())) {
        try {
          entries.add(Entry.parse(line));
        } catch (IllegalArgumentException e) {
          throw UserError.environment(
              "%s: line %d is no verdict: '%s'; restore it.".formatted(file, entries.size() + 2, line));
        }
      }
      return new GateRecord(entries);
    } catch (IOException e) {
      throw UserError.unreadable(file, e);
    }
  }

  /** This record with more verdicts at its end. */
  public GateRecord with(Collection<Entry> more) {
    List<Entry> all = new ArrayList<>(entries);
    all.addAll(more);
    return new GateRecord(all);
  }

  /** Writes the verdicts, and what is made from them. */
  public void write(Path folder) {
    String lines = entries.stream().map(entry -> entry.line() + "\n").collect(Collectors.joining());
    SafeFile.write(folder.resolve(VERDICTS), HEADER + "\n" + lines);
    SafeFile.write(folder.resolve("power.svg"), PowerCurve.of(entries));
    SafeFile.write(folder.resolve("README.md"), RecordPage.of(entries));
  }
}
