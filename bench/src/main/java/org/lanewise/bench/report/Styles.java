package org.lanewise.bench.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lanewise.bench.results.MeasuredRow.Implementation;

/**
 * Who looks how. What reports usually show looks the same in each; others follow in the order in which they came. The
 * same kernel on more threads differs in nothing but a hollow marker, and on another machine in the marker's shape.
 */
final class Styles {
  private static final List<String> KNOWN =
      List.of(
          "scalar", "vector", "plain-math", "plain-vector", "pytorch-eager", "pytorch-compile", "jax-jit",
          "onnxruntime", "c-avx2", "c-avx512");

  private static final List<String> TRANSFERS = List.of("resident", "resident-cold", "launch", "pinned", "pageable");

  /** The first slot of a transfer: those before it are the CPU's, beside which transfers are drawn. */
  private static final int TRANSFERS_FROM = 2;

  /** As far apart are the slots of two machines: a multiple of the number of colours. */
  private static final int MACHINE = 3 * Style.DISTINCT;

  private final Curves curves;
  private final Map<String, Integer> slots = new HashMap<>();
  private final Set<Style> used = new LinkedHashSet<>();

  /**
   * The styles of a page.
   *
   * @param names of those whose errors are known
   */
  Styles(Curves curves, List<String> names) {
    this.curves = curves;
    List<String> looks = new ArrayList<>(KNOWN);
    curves.who().forEach(who -> looks.add(look(who.implementation())));
    looks.addAll(names);
    looks.forEach(look -> slots.putIfAbsent(look, slots.size()));
    curves.who().forEach(who -> used.add(of(who)));
    names.forEach(name -> used.add(of(name)));
  }

  Style of(Who who) {
    int slot = slots.getOrDefault(look(who.implementation()), 0) + MACHINE * curves.machine(who);
    return new Style(slot, who.onCpu() && who.implementation().threads() > 1);
  }

  /** Whose errors are known, whoever measured. */
  Style of(String name) {
    return new Style(slots.getOrDefault(name, 0), false);
  }

  /** A transfer, where all else of one implementation on a GPU is the same: alike in all plots of that kind. */
  Style ofTransfer(String transfer) {
    Style style = new Style(TRANSFERS_FROM + Math.floorMod(TRANSFERS.indexOf(transfer), TRANSFERS.size() + 1), false);
    used.add(style);
    return style;
  }

  /** All that the page has. */
  Set<Style> used() {
    return used;
  }

  /** What neither threads nor the machine change. */
  private static String look(Implementation implementation) {
    return implementation.device().equals("cpu")
        ? implementation.name()
        : "%s, %s, %s".formatted(implementation.name(), implementation.device(), implementation.transfer());
  }
}
