package org.lanewise.conformance.cases;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The options of a case: strings, lists of strings, 64-bit integers and numbers by name. What is not stored has PyTorch's
 * default.
 */
public final class Options {
  private final String where;
  private final Map<String, Object> values;

  Options(String where, Map<String, Object> values) {
    this.where = where;
    this.values = Map.copyOf(values);
  }

  /**
   * Options that were not read from a file.
   *
   * @param where whose they are, for messages
   * @param values strings, lists of strings, {@link Long} and {@link Double} by name
   */
  public static Options of(String where, Map<String, Object> values) {
    return new Options(where, values);
  }

  /** The options by name: a {@link String}, a {@link Long}, a {@link Double}, or a list of strings. */
  public Map<String, Object> values() {
    return values;
  }

  /** The names that are stored. */
  public Set<String> names() {
    return values.keySet();
  }

  /** A string. */
  public String string(String name, String otherwise) {
    return typed(name, otherwise, String.class, "a string");
  }

  /** A 64-bit integer. */
  public long integer(String name, long otherwise) {
    return typed(name, otherwise, Long.class, "a 64-bit integer");
  }

  /** A number; {@code "NaN"}, {@code "inf"} and {@code "-inf"} are numbers too. */
  public double number(String name, double otherwise) {
    return switch (values.getOrDefault(name, otherwise)) {
      case Double number -> number;
      case Long integer -> integer;
      case String special when special.equals("NaN") -> Double.NaN;
      case String special when special.equals("inf") -> Double.POSITIVE_INFINITY;
      case String special when special.equals("-inf") -> Double.NEGATIVE_INFINITY;
      default -> throw wrong(name, "a number");
    };
  }

  /** A list of strings; empty where it is not stored. */
  public List<String> strings(String name) {
    List<?> list = typed(name, List.of(), List.class, "a list of strings");
    return list.stream().map(String.class::cast).toList();
  }

  private <T> T typed(String name, T otherwise, Class<T> type, String expected) {
    Object value = values.getOrDefault(name, otherwise);
    if (!type.isInstance(value)) {
      throw wrong(name, expected);
    }
    return type.cast(value);
  }

  private DataException wrong(String name, String expected) {
    return new DataException(
        "%s: option '%s' is %s, expected %s; write the data anew with generate.py."
            .formatted(where, name, values.get(name), expected));
  }
}
