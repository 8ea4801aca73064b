package org.lanewise.bench.nativelib;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import org.lanewise.fuzz.Choices;

/**
 * Calls of a native library's functions as no Java caller makes them: structs of any size and version, operands absent or not,
 * pointers of the absent null. What the header asks of callers is kept, for C cannot check it: sizes, places and class indices
 * are right. Whatever happens, nothing but wanted outputs may be written, and nothing at all where the call is refused.
 */
final class NativeCalls {
  private static final int BCE_WORDS = 38;
  private static final int CROSS_ENTROPY_WORDS = 42;
  private static final int ELEMENTS = 640;

  /** Fills what must not be written. */
  private static final long PATTERN = 0x4B1D_4B1D_4B1D_4B1DL;

  /** Where the elements of an operand lie: in rows of columns of neighbours. */
  private record Layout(int rows, int rowStride, int columns, int columnStride, int neighbours) {
    BitSet elements(int offset) {
      BitSet elements = new BitSet();
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          int first = offset + row * rowStride + column * columnStride;
          elements.set(first, first + neighbours);
        }
      }
      return elements;
    }
  }

  private final MethodHandle bce;
  private final MethodHandle crossEntropy;
  private final MemorySegment struct = Arena.global().allocate(8L * (CROSS_ENTROPY_WORDS + 8), 8);
  private final MemorySegment[] data = new MemorySegment[8];

  @SuppressWarnings("restricted") // native access is what this class is for
  NativeCalls(Path library) {
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
    FunctionDescriptor signature =
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT, Collections.nCopies(9, ValueLayout.ADDRESS).toArray(ValueLayout[]::new));
    Linker linker = Linker.nativeLinker();
    bce = linker.downcallHandle(symbols.find("lanewise_bce_with_logits_f32").orElseThrow(), signature);
    crossEntropy = linker.downcallHandle(symbols.find("lanewise_cross_entropy_f32").orElseThrow(), signature);
    Arrays.setAll(data, _ -> Arena.global().allocate(8L * ELEMENTS, 8));
  }

  void feed(Choices choices) throws Exception {
    for (MemorySegment segment : data) {
      fill(segment);
    }
    fill(struct);
    if (choices.flag()) {
      bce(choices);
    } else {
      crossEntropy(choices);
    }
  }

  private void bce(Choices choices) throws Exception {
    int rows = choices.below(6);
    int columns = choices.below(41);
    word(2, rows);
    word(3, columns);
    word(24, Double.doubleToRawLongBits(choices.number()));
    BitSet[] wanted = new BitSet[8];
    boolean plain = choices.flag(); // takes the way of the vectors
    for (int operand = 0; operand < 8; operand++) {
      int at = operand < 5 ? 4 + 4 * operand : 25 + 4 * (operand - 5);
      boolean output = operand >= 5;
      boolean present = operand < 2 || (!plain && choices.flag()) || (plain && output && operand < 7 && choices.flag());
      int columnStride = plain ? 1 : output ? 1 + choices.below(2) : choices.below(3);
      int rowStride = plain ? columns : !output && choices.oneIn(4) ? 0 : columns * columnStride + choices.below(3);
      wanted[operand] = place(choices, at, operand, present, new Layout(rows, rowStride, columns, columnStride, 1));
    }
    call(choices, bce, BCE_WORDS, List.of(37), wanted);
  }

  private void crossEntropy(Choices choices) throws Exception {
    int outer = choices.below(5);
    int classes = choices.below(21);
    int inner = 1 + choices.below(3);
    boolean indices = choices.flag();
    word(2, outer);
    word(3, classes);
    word(4, inner);
    long ignored = choices.flag() ? -100 : choices.integer();
    word(25, ignored);
    word(26, Double.doubleToRawLongBits(choices.flag() ? 0 : choices.below(11) / 10.0));
    word(27, Double.doubleToRawLongBits(choices.number()));
    BitSet[] wanted = new BitSet[8];
    for (int operand = 0; operand < 8; operand++) {
      int at = operand < 5 ? 5 + 4 * operand : 28 + 4 * (operand - 5);
      boolean perRow = operand == 1 || operand == 4 || operand == 5;
      boolean present =
          switch (operand) {
            case 0 -> true;
            case 1 -> indices;
            case 2 -> !indices;
            case 7 -> !indices && choices.flag();
            default -> choices.flag();
          };
      if (operand == 3) {
        wanted[operand] = place(choices, at, operand, present, new Layout(1, 0, classes, 1, 1));
      } else if (perRow) {
        int rowStride = inner + choices.below(3);
        wanted[operand] = place(choices, at, operand, present, new Layout(outer, rowStride, inner, 1, 1));
      } else {
        int classStride = inner + choices.below(2);
        int rowStride = classes * classStride + choices.below(3);
        wanted[operand] = place(choices, at, operand, present, new Layout(outer, rowStride, classes, classStride, inner));
      }
    }
    if (indices) { // the operand is of 64 bits, and its values are right
      for (int i = 0; i < ELEMENTS; i++) {
        boolean skip = classes == 0 || choices.oneIn(6);
        data[1].setAtIndex(ValueLayout.JAVA_LONG, i, skip ? ignored : choices.any() % classes);
      }
    }
    call(choices, crossEntropy, CROSS_ENTROPY_WORDS, List.of(40, 41), wanted);
  }

  /** Writes an operand into the struct, and an input's values; gives the elements that may be written. */
  private BitSet place(Choices choices, int at, int operand, boolean present, Layout layout) {
    boolean output = operand >= 5;
    int offset = choices.below(9);
    word(at, present ? choices.oneIn(4) ? choices.integer() | 1 : 1 : 0);
    word(at + 1, present ? offset : choices.integer());
    word(at + 2, layout.rowStride);
    word(at + 3, layout.columnStride);
    BitSet elements = layout.elements(offset);
    if (!output) {
      float[] drawn = {(float) choices.number(), (float) choices.number(), (float) choices.number()};
      elements.stream().forEach(i -> data[operand].setAtIndex(ValueLayout.JAVA_FLOAT, i, drawn[i % 3]));
    }
    return present && output ? elements : new BitSet();
  }

  private void call(Choices choices, MethodHandle function, int words, List<Integer> sums, BitSet[] wanted) throws Exception {
    long size = choices.oneIn(4) ? choices.integer() : 8L * words;
    long version = choices.oneIn(4) ? choices.integer() : 1;
    word(0, size);
    word(1, version);
    MemorySegment[] pointers = new MemorySegment[8];
    for (int operand = 0; operand < 8; operand++) {
      pointers[operand] = isPresent(words, operand) ? data[operand] : choices.flag() ? MemorySegment.NULL : data[operand];
    }
    long[] structBefore = struct.toArray(ValueLayout.JAVA_LONG);
    int[][] before = new int[8][];
    Arrays.setAll(before, operand -> data[operand].toArray(ValueLayout.JAVA_INT));
    int answer;
    try {
      answer =
          (int)
              function.invokeExact(
                  struct, pointers[0], pointers[1], pointers[2], pointers[3], pointers[4], pointers[5], pointers[6], pointers[7]);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    boolean bad = size < 8L * words || version < 1;
    if (answer != (bad ? 2 : 0)) {
      throw new AssertionError("It answers %d to size %d and version %d.".formatted(answer, size, version));
    }
    long[] structAfter = struct.toArray(ValueLayout.JAVA_LONG);
    for (int i = 0; i < structAfter.length; i++) {
      if (structAfter[i] != structBefore[i] && (bad || !sums.contains(i))) {
        throw new AssertionError("It wrote word %d of the struct.".formatted(i));
      }
    }
    for (int operand = 0; operand < 8; operand++) {
      int[] after = data[operand].toArray(ValueLayout.JAVA_INT);
      for (int i = 0; i < after.length; i++) {
        if (after[i] != before[operand][i] && (bad || !wanted[operand].get(i))) {
          throw new AssertionError("It wrote element %d of operand %d.".formatted(i, operand));
        }
      }
    }
  }

  private boolean isPresent(int words, int operand) {
    boolean bce = words == BCE_WORDS;
    int at = operand < 5 ? (bce ? 4 : 5) + 4 * operand : (bce ? 25 : 28) + 4 * (operand - 5);
    return struct.getAtIndex(ValueLayout.JAVA_LONG, at) != 0;
  }

  private void word(int index, long value) {
    struct.setAtIndex(ValueLayout.JAVA_LONG, index, value);
  }

  private static void fill(MemorySegment segment) {
    for (long i = 0; i < segment.byteSize() / Long.BYTES; i++) {
      segment.setAtIndex(ValueLayout.JAVA_LONG, i, PATTERN);
    }
  }
}
