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
 * same kernel on more threads differs in nothing but a hollow marker.
 */
final class Styles {
  private static final List<String> KNOWN =
      List.of(
          "scalar", "vector", "plain-math", "plain-vector", "pytorch-eager", "pytorch-compile", "jax-jit",
          "onnxruntime", "c-avx2", "c-avx512");

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
    curves.who().forEach(who -> looks.add(look(who)));
    looks.addAll(names);
    looks.forEach(look -> slots.putIfAbsent(look, slots.size()));
    curves.who().forEach(who -> used.add(of(who)));
    names.forEach(name -> used.add(of(name)));
  }

  Style of(Who who) {
    return new Style(slots.getOrDefault(look(who), 0), who.onCpu() && who.implementation().threads() > 1);
  }

  /** Whose errors are known, whoever measured. */
  Style of(String name) {
    return new Style(slots.getOrDefault(name, 0), false);
  }

  /** All that the page has. */
  Set<Style> used() {
    return used;
  }

  /** What threads do not change; the machine counts from the second on. */
  private String look(Who who) {
    Implementation implementation = who.implementation();
    String name =
        who.onCpu()
            ? implementation.name()
            : "%s, %s, %s".formatted(implementation.name(), implementation.device(), implementation.transfer());
    return curves.isOnFirst(who) ? name : "%s (%s)".formatted(name, who.cpu());
  }
}
