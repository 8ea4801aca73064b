package org.lanewise.kernels.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.lanewise.kernels.metrics.Errors.assertRefused;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

class CategoriesTest {
  private static final Categories ANIMALS = Categories.of(List.of("dog", "cat", "dog", "bird"));

  @Test
  void numbersNamesInOrder() {
    assertEquals(List.of("bird", "cat", "dog"), ANIMALS.names());
    assertEquals(3, ANIMALS.size());
    assertEquals(1, ANIMALS.index("cat"));
    assertArrayEquals(new long[] {2, 2, 0}, ANIMALS.indices(List.of("dog", "dog", "bird")).longs());
  }

  @Test
  void orderIsThatOfCodePoints() {
    // In UTF-16 the emoji, a pair of surrogates, comes before U+FFE6.
    assertEquals(
        List.of("", "10", "9", "Z", "z", "é", "￦", "😀"),
        Categories.of(List.of("😀", "￦", "é", "z", "Z", "9", "10", "")).names());
  }

  @Test
  void givenOrderIsKept() {
    Categories categories = Categories.inOrder(List.of("low", "medium", "high"));
    assertArrayEquals(new long[] {2, 0}, categories.indices(List.of("high", "low")).longs());
    assertRefused("'low' occurs twice", () -> Categories.inOrder(List.of("low", "low")));
  }

  @Test
  void oneHotRows() {
    Tensor rows = ANIMALS.oneHot(List.of("dog", "bird"));
    assertArrayEquals(new int[] {2, 3}, rows.shape());
    assertArrayEquals(new long[] {0, 0, 1, 1, 0, 0}, rows.longs());
    assertEquals(List.of("dog", "bird"), ANIMALS.names(rows.argmax(1)));
    assertArrayEquals(new int[] {0, 3}, ANIMALS.oneHot(List.of()).shape());
  }

  @Test
  void oneCategory() {
    Categories single = Categories.of(List.of("a", "a"));
    assertArrayEquals(new long[] {1, 1}, single.oneHot(List.of("a", "a")).longs());
  }

  @Test
  void refusesWhatIsNoCategory() {
    assertRefused("no category 'fish'; the 3 categories are bird, cat, dog.", () -> ANIMALS.index("fish"));
    assertRefused("no category 'Dog'", () -> ANIMALS.indices(List.of("dog", "Dog")));
    assertRefused("no category 'null'", () -> ANIMALS.oneHot(Arrays.asList("dog", null)));
    assertRefused("Index 1 is 3, with 3 categories", () -> ANIMALS.names(Tensor.of(new long[] {0, 3}, 2)));
    assertRefused("Index 0 is -1", () -> ANIMALS.names(Tensor.of(new long[] {-1}, 1)));
    assertRefused("Element 0 of the indices is 0.5", () -> ANIMALS.names(Tensor.of(new double[] {0.5})));
    assertRefused("no categories", () -> Categories.of(List.of()));
    List<String> many = IntStream.range(0, 20).mapToObj(i -> "c" + i).toList();
    assertRefused("c8, c9, ….", () -> Categories.inOrder(many).index("x"));
    assertEquals(List.of(), ANIMALS.names(Tensor.zeros(DType.INT64, 0)));
  }
}
