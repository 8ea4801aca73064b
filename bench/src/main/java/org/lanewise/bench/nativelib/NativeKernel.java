package org.lanewise.bench.nativelib;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.BceWithLogitsKernel;
import org.lanewise.kernels.spi.CrossEntropyCall;
import org.lanewise.kernels.spi.CrossEntropyKernel;
import org.lanewise.kernels.spi.Strided;

/**
 * The two calls of one library. They write the struct into a {@code long[]} of the thread, all of whose fields are eight
 * bytes wide, and pass it and the operands as they lie on the heap.
 *
 * <p><b>Why a hidden class.</b> The JIT compiler can see through a call, and keep the segments around the arrays off the heap,
 * only where the method handle is a constant. So each library gets a copy of this class, whose constants are its handles.
 */
final class NativeKernel implements BceWithLogitsKernel<float[]>, CrossEntropyKernel<float[]> {
  /** The version of the header that this class was written for. */
  static final int VERSION = 1;

  private static final int BCE_WORDS = 38;
  private static final int CROSS_ENTROPY_WORDS = 42;

  /** What an absent operand is passed as: its pointer is not looked at. One class of argument is what the JIT needs. */
  private static final float[] ABSENT = {};

  private static final long[] ABSENT_INDICES = {};

  private static final ThreadLocal<long[]> WORDS = ThreadLocal.withInitial(() -> new long[CROSS_ENTROPY_WORDS]);

  private static final MethodHandle BCE = handle(0);
  private static final MethodHandle CROSS_ENTROPY = handle(1);

  private NativeKernel() {}

  /**
   * A kernel of both operations.
   *
   * @param bce the address of {@code lanewise_bce_with_logits_f32}; null where the library does not have it
   * @param crossEntropy the address of {@code lanewise_cross_entropy_f32}; null where the library does not have it
   */
  @SuppressWarnings("restricted") // native access is what this class is for
  static Object over(@Nullable MemorySegment bce, @Nullable MemorySegment crossEntropy) {
    FunctionDescriptor signature =
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT, Collections.nCopies(9, ValueLayout.ADDRESS).toArray(ValueLayout[]::new));
    Linker.Option onHeap = Linker.Option.critical(true);
    MethodHandle missing =
        MethodHandles.dropArguments(
            MethodHandles.constant(int.class, 1), 0, Collections.nCopies(9, MemorySegment.class));
    Linker linker = Linker.nativeLinker();
    MethodHandle bceHandle = bce == null ? missing : linker.downcallHandle(bce, signature, onHeap);
    MethodHandle crossEntropyHandle =
        crossEntropy == null ? missing : linker.downcallHandle(crossEntropy, signature, onHeap);
    try (InputStream template = NativeKernel.class.getResourceAsStream("NativeKernel.class")) {
      MethodHandles.Lookup copy =
          MethodHandles.lookup()
              .defineHiddenClassWithClassData(template.readAllBytes(), List.of(bceHandle, crossEntropyHandle), true);
      return copy.findConstructor(copy.lookupClass(), MethodType.methodType(void.class)).invoke();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static MethodHandle handle(int index) {
    try {
      return MethodHandles.classDataAt(MethodHandles.lookup(), "_", MethodHandle.class, index);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void compute(BceWithLogitsCall<float[]> call) {
    long[] words = WORDS.get();
    words[0] = 8 * BCE_WORDS;
    words[1] = VERSION;
    words[2] = call.rows;
    words[3] = call.columns;
    operand(words, 4, call.logits);
    operand(words, 8, call.target);
    operand(words, 12, call.weight);
    operand(words, 16, call.posWeight);
    operand(words, 20, call.upstream);
    words[24] = Double.doubleToRawLongBits(call.gradientScale);
    operand(words, 25, call.loss);
    operand(words, 29, call.logitsGradient);
    operand(words, 33, call.targetGradient);
    int answer;
    try {
      answer =
          (int)
              BCE.invokeExact(
                  MemorySegment.ofArray(words),
                  floats(call.logits), floats(call.target), floats(call.weight), floats(call.posWeight),
                  floats(call.upstream), floats(call.loss), floats(call.logitsGradient), floats(call.targetGradient));
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    if (answer != 0) {
      throw refused("lanewise_bce_with_logits_f32", answer);
    }
    call.lossSum = Double.longBitsToDouble(words[37]);
  }

  @Override
  public void compute(CrossEntropyCall<float[]> call) {
    long[] words = WORDS.get();
    words[0] = 8 * CROSS_ENTROPY_WORDS;
    words[1] = VERSION;
    words[2] = call.outer;
    words[3] = call.classes;
    words[4] = call.inner;
    operand(words, 5, call.logits);
    operand(words, 9, call.target);
    operand(words, 13, call.probabilities);
    operand(words, 17, call.classWeight != null, call.classWeightOffset, 0, 1);
    operand(words, 21, call.upstream);
    words[25] = call.ignoreIndex;
    words[26] = Double.doubleToRawLongBits(call.labelSmoothing);
    words[27] = Double.doubleToRawLongBits(call.gradientScale);
    operand(words, 28, call.loss);
    operand(words, 32, call.logitsGradient);
    operand(words, 36, call.targetGradient);
    int answer;
    try {
      answer =
          (int)
              CROSS_ENTROPY.invokeExact(
                  MemorySegment.ofArray(words),
                  floats(call.logits),
                  MemorySegment.ofArray(call.target.array == null ? ABSENT_INDICES : call.target.array),
                  floats(call.probabilities),
                  MemorySegment.ofArray(call.classWeight == null ? ABSENT : call.classWeight),
                  floats(call.upstream), floats(call.loss), floats(call.logitsGradient), floats(call.targetGradient));
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    if (answer != 0) {
      throw refused("lanewise_cross_entropy_f32", answer);
    }
    call.lossSum = Double.longBitsToDouble(words[40]);
    call.weightSum = Double.longBitsToDouble(words[41]);
  }

  private static MemorySegment floats(Strided<float[]> operand) {
    return MemorySegment.ofArray(operand.array == null ? ABSENT : operand.array);
  }

  private static void operand(long[] words, int start, Strided<?> operand) {
    operand(words, start, operand.isPresent(), operand.offset, operand.rowStride, operand.columnStride);
  }

  private static void operand(long[] words, int start, boolean present, int offset, int rowStride, int columnStride) {
    words[start] = present ? 1 : 0;
    words[start + 1] = offset;
    words[start + 2] = rowStride;
    words[start + 3] = columnStride;
  }

  private static RuntimeException refused(String function, int answer) {
    return answer == 1
        ? new UnsupportedOperationException("%s does not supply these operands or options.".formatted(function))
        : new IllegalStateException("%s answered %d: it does not know this call.".formatted(function, answer));
  }
}
