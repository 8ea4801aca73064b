package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The colours of the plots, as the style sheet has them. */
class PaletteTest {
  /** What WCAG asks of graphics. */
  private static final double LEAST_CONTRAST = 3;

  private static String css() {
    try (InputStream css = Objects.requireNonNull(HtmlReport.class.getResourceAsStream("report.css"))) {
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** The colours of one of the two schemes; the dark one overrides the light one. */
  private static Map<String, Integer> colours(String scheme) {
    int dark = css().indexOf("prefers-color-scheme: dark");
    int end = css().indexOf("* {");
    String part = scheme.equals("dark") ? css().substring(dark, end) : css().substring(0, dark);
    Map<String, Integer> colours = new HashMap<>();
    Matcher matcher = Pattern.compile("--(\\w+): #([0-9a-f]{3,6});").matcher(part);
    while (matcher.find()) {
      String digits = matcher.group(2);
      colours.put(
          matcher.group(1), Integer.parseInt(digits.length() == 6 ? digits : digits.replaceAll("(.)", "$1$1"), 16));
    }
    return colours;
  }

  @ParameterizedTest
  @ValueSource(strings = {"light", "dark"})
  void everyColourStandsOutFromThePageAndTheCards(String scheme) {
    Map<String, Integer> colours = colours(scheme);
    for (int i = 0; i < Style.DISTINCT; i++) {
      for (String background : List.of("page", "card")) {
        double contrast = contrast(colours.get("c" + i), colours.get(background));
        assertTrue(contrast >= LEAST_CONTRAST, "c%d on %s %s: %.2f".formatted(i, scheme, background, contrast));
      }
    }
  }

  @Test
  void everyStyleHasAColourADashPatternOfItsOwnOrNoneAndAMarkerOfItsOwn() {
    for (int i = 0; i < Style.DISTINCT; i++) {
      assertTrue(css().contains(".s%d { --c: var(--c%d); }".formatted(i, i)));
    }
    Matcher dashes = Pattern.compile("\\.s\\d \\.line \\{ (stroke-dasharray: [\\d ]+); }").matcher(css());
    assertEquals(6, dashes.results().map(dash -> dash.group(1)).distinct().count());
    Matcher shapes = Pattern.compile("id=\"m\\d\" d=\"([^\"]+)\"").matcher(Style.definitions(List.of()));
    assertEquals(Style.DISTINCT, shapes.results().map(shape -> shape.group(1)).distinct().count());
  }

  private static double contrast(int a, int b) {
    double brighter = Math.max(luminance(a), luminance(b));
    return (brighter + 0.05) / (Math.min(luminance(a), luminance(b)) + 0.05);
  }

  private static double luminance(int rgb) {
    return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8 & 255) + 0.0722 * linear(rgb & 255);
  }

  private static double linear(int channel) {
    double value = channel / 255.0;
    return value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
  }
}
