package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;

class StylesTest {
  private static Styles of(Implementation... all) {
    return of("A CPU", all);
  }

  private static Styles of(String second, Implementation... all) {
    Curves curves = new Curves();
    for (int i = 0; i < all.length; i++) {
      JsonObject environment = new JsonObject();
      environment.addProperty("cpu", i == all.length - 1 ? second : "A CPU");
      Work work = new Work("bce_with_logits", "float32", "binary", 1, 1, "mean", "forward", "normal");
      curves.add(MeasuredRow.failed(work, all[i], "no"), environment, false);
    }
    return new Styles(curves, List.of());
  }

  private static Who who(Implementation implementation) {
    return new Who(implementation, "A CPU");
  }

  @Test
  void aKernelLooksTheSameWhateverStandsBesideItAndItsThreadsAreHollow() {
    Implementation one = Implementation.kernel("vector");
    Implementation two = Implementation.kernel("vector", 2);
    List<Implementation> others = new ArrayList<>();
    IntStream.range(0, 9).forEach(i -> others.add(Implementation.kernel("mine-" + i)));
    others.add(two);
    others.add(one);

    Style alone = of(one).of(who(one));
    Styles many = of(others.toArray(Implementation[]::new));
    assertEquals(alone, many.of(who(one)));
    assertFalse(alone.hollow());
    assertEquals(new Style(alone.slot(), true), many.of(who(two)));
    assertEquals(alone, many.of("vector"), "its errors too");
  }

  @Test
  void noTwoShareColourAndMarker() {
    List<Implementation> all = new ArrayList<>();
    IntStream.range(0, 64 - 10).forEach(i -> all.add(Implementation.kernel("mine-" + i)));
    Styles styles = of(all.toArray(Implementation[]::new));

    Set<String> looks = new HashSet<>();
    for (Implementation implementation : all) {
      Style style = styles.of(who(implementation));
      assertFalse(style.hollow());
      assertTrue(looks.add(style.css() + style.dotSwatch()), implementation.name());
    }
    String definitions = Style.definitions(styles.used());
    all.forEach(
        implementation -> {
          String marker = styles.of(who(implementation)).markers().replaceAll(".*url\\(#(\\w+)\\).*", "$1");
          assertTrue(definitions.contains("<marker id=\"%s\"".formatted(marker)), marker);
        });
  }

  @Test
  void theSecondMachineAndEachTransferLookDifferent() {
    Implementation vector = Implementation.kernel("vector");
    Styles two = of("Another", vector, vector);
    Style first = two.of(who(vector));
    Style second = two.of(new Who(vector, "Another"));
    assertEquals(first.css(), second.css(), "the colour is the kernel's");
    assertFalse(first.dotSwatch().equals(second.dotSwatch()), "the marker is the machine's");
    Implementation resident = new Implementation("jax-jit", "A GPU", 1, "resident");
    Implementation pinned = new Implementation("jax-jit", "A GPU", 1, "pinned");
    Styles gpu = of(resident, pinned);
    assertFalse(gpu.of(who(resident)).equals(gpu.of(who(pinned))));
  }
}
