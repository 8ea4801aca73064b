package org.lanewise.bench.compare;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.UserError;
import org.lanewise.bench.results.MeasuredRow;

/** What an hour of each device costs, as the user says: nobody else's prices are known here. */
public final class Prices {
  private static final double NANOS_PER_HOUR = 3600e9;

  /** By device, the longest name first: of two that fit, it is the closer one. */
  private final Map<String, Double> anHour =
      new TreeMap<>(Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()));

  /**
   * Prices of the form {@code DEVICE=PRICE}: a device as the results name it, or a part of its name, and what an hour costs in
   * any currency.
   */
  public Prices(List<String> texts) {
    for (String text : texts) {
      int equals = text.lastIndexOf('=');
      double price;
      try {
        price = Double.parseDouble(text.substring(equals + 1));
      } catch (NumberFormatException e) {
        price = Double.NaN;
      }
      if (equals < 1 || !(price > 0) || Double.isInfinite(price)) {
        throw UserError.usage(
            "--price %s is no price; expected DEVICE=PRICE, such as cpu=0.09 or H100=2.5, with a price above 0.".formatted(text));
      }
      if (anHour.put(text.substring(0, equals), price) != null) {
        throw UserError.usage("--price names the device '%s' twice; give it one price.".formatted(text.substring(0, equals)));
      }
    }
  }

  /** Refuses a price of what is none of the devices. */
  public void requireDevices(Collection<String> devices) {
    for (String told : anHour.keySet()) {
      if (devices.stream().noneMatch(device -> device.contains(told))) {
        throw UserError.usage(
            "--price names the device '%s', and none compared has that in its name; choose from %s."
                .formatted(told, String.join(", ", devices)));
      }
    }
  }

  /** Whether there is none. */
  public boolean isEmpty() {
    return anHour.isEmpty();
  }

  /**
   * What 10^9 logits cost at the speed of the row; null where there is no price of its device. The price is that of the whole
   * device: a row on one thread of a CPU pays for all of it.
   */
  public @Nullable Double ofBillion(MeasuredRow row) {
    for (Map.Entry<String, Double> price : anHour.entrySet()) {
      if (row.time() != null && row.implementation().device().contains(price.getKey())) {
        return row.time().median() * 1e9 / row.work().elements() / NANOS_PER_HOUR * price.getValue();
      }
    }
    return null;
  }
}
