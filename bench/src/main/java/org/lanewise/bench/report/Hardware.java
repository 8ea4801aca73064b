package org.lanewise.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lanewise.bench.results.Environment;

/**
 * What a machine allows, as far as its environment tells.
 *
 * @param caches of one core, smallest first
 * @param readBandwidth in bytes a second; NaN where it was not measured
 */
record Hardware(List<Cache> caches, double readBandwidth) {
  private static final Pattern CACHE = Pattern.compile("(L\\d)\\w? ([1-9]\\d{0,8})([KMG]?)");

  /** What is outside these was not measured on any machine. */
  private static final double LEAST_BANDWIDTH = 1e6;

  private static final double MOST_BANDWIDTH = 1e16;

  /** A cache, such as L2 of 1 MiB. */
  record Cache(String name, long bytes) {}

  static Hardware of(JsonObject environment) {
    List<Cache> caches = new ArrayList<>();
    if (environment.get("cpu_caches") instanceof JsonArray told) {
      for (JsonElement element : told) {
        Matcher matcher = CACHE.matcher(Fields.shown(element));
        if (matcher.matches()) {
          caches.add(new Cache(matcher.group(1), Long.parseLong(matcher.group(2)) << shift(matcher.group(3))));
        }
      }
    }
    double bandwidth = Environment.readBandwidth(environment);
    boolean believed = bandwidth >= LEAST_BANDWIDTH && bandwidth <= MOST_BANDWIDTH;
    return new Hardware(List.copyOf(caches), believed ? bandwidth : Double.NaN);
  }

  private static int shift(String prefix) {
    return switch (prefix) {
      case "K" -> 10;
      case "M" -> 20;
      case "G" -> 30;
      default -> 0;
    };
  }
}
