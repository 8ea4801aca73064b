package org.lanewise.kernels.metrics;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.lanewise.kernels.OneHot;
import org.lanewise.kernels.tensor.Tensor;

/**
 * Named categories and their class indices, 0 to the number of categories − 1: what turns the strings of a data set into
 * targets for cross-entropy (indices) or BCE (one-hot rows, converted with {@code to(DType.FLOAT32)}), and predictions back
 * into names.
 */
public final class Categories {
  private static final Comparator<String> CODE_POINTS =
      Comparator.comparing((String name) -> name.codePoints().toArray(), Arrays::compare);

  private final List<String> names;
  private final Map<String, Integer> indices = new HashMap<>();

  private Categories(List<String> names) {
    this.names = names;
    if (names.isEmpty()) {
      throw new IllegalArgumentException("There are no categories; pass at least one.");
    }
    for (String name : names) {
      if (indices.putIfAbsent(name, indices.size()) != null) {
        throw new IllegalArgumentException("The category '%s' occurs twice; name each once.".formatted(name));
      }
    }
  }

  /**
   * The categories that occur in {@code values}, numbered in the order of their Unicode code points, as scikit-learn's
   * {@code LabelEncoder} does.
   *
   * @throws IllegalArgumentException if there is no value
   */
  public static Categories of(Collection<String> values) {
    return new Categories(values.stream().distinct().sorted(CODE_POINTS).toList());
  }

  /**
   * Categories numbered in the order given: that of the training data, for a model that is already trained.
   *
   * @throws IllegalArgumentException if there is none, or one occurs twice
   */
  public static Categories inOrder(List<String> names) {
    return new Categories(List.copyOf(names));
  }

  /** The names; that of class index i at position i. */
  public List<String> names() {
    return names;
  }

  /** The number of categories. */
  public int size() {
    return names.size();
  }

  /**
   * The class index of a category.
   *
   * @throws IllegalArgumentException if there is no such category
   */
  public int index(String name) {
    Integer index = indices.get(name);
    if (index == null) {
      throw new IllegalArgumentException(
          "There is no category '%s'; the %d categories are %s%s."
              .formatted(
                  name,
                  names.size(),
                  String.join(", ", names.subList(0, Math.min(10, names.size()))),
                  names.size() > 10 ? ", …" : ""));
    }
    return index;
  }

  /**
   * The class indices of values.
   *
   * @return int64, of shape [N]
   * @throws IllegalArgumentException if a value is no category
   */
  public Tensor indices(List<String> values) {
    return Tensor.of(values.stream().mapToLong(this::index).toArray(), values.size());
  }

  /**
   * A row a value, with 1 in the column of its category and 0 elsewhere.
   *
   * @return int64, of shape [N, {@link #size}]
   * @throws IllegalArgumentException if a value is no category
   */
  public Tensor oneHot(List<String> values) {
    return OneHot.of(indices(values), size());
  }

  /**
   * The names of class indices.
   *
   * @param indices whole numbers of any dtype and shape
   * @return in row-major order
   * @throws IllegalArgumentException if an index is not in 0 to {@link #size} − 1
   */
  public List<String> names(Tensor indices) {
    long[] values = Checks.wholes("indices", indices);
    return IntStream.range(0, values.length)
        .mapToObj(
            i -> {
              if (values[i] < 0 || values[i] >= size()) {
                throw new IllegalArgumentException(
                    "Index %d is %d, with %d categories; pass indices from 0 to %d."
                        .formatted(i, values[i], size(), size() - 1));
              }
              return names.get((int) values[i]);
            })
        .toList();
  }
}
