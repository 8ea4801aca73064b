package org.lanewise.bench.jmh;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Param;

/** The values of a benchmark's parameters, read from its annotations: a value that is added is tested by itself. */
final class Params {
  private Params() {}

  /** All combinations of the values of the parameters, but for those of the one named. */
  static List<Map<String, String>> combinationsWithout(String left, Class<?> benchmark) {
    List<Map<String, String>> combinations = List.of(Map.of());
    for (Field field : benchmark.getFields()) {
      Param param = field.getAnnotation(Param.class);
      if (param == null || field.getName().equals(left)) {
        continue;
      }
      List<Map<String, String>> longer = new ArrayList<>();
      for (Map<String, String> combination : combinations) {
        for (String value : param.value()) {
          Map<String, String> with = new LinkedHashMap<>(combination);
          with.put(field.getName(), value);
          longer.add(with);
        }
      }
      combinations = longer;
    }
    return combinations;
  }

  /** The values of one parameter. */
  static List<String> values(String name, Class<?> benchmark) throws ReflectiveOperationException {
    return List.of(benchmark.getField(name).getAnnotation(Param.class).value());
  }

  /** Sets the parameters as JMH does. */
  static void set(Object benchmark, Map<String, String> values) throws ReflectiveOperationException {
    for (Map.Entry<String, String> entry : values.entrySet()) {
      Field field = benchmark.getClass().getField(entry.getKey());
      field.set(benchmark, field.getType() == int.class ? (Object) Integer.valueOf(entry.getValue()) : entry.getValue());
    }
  }
}
