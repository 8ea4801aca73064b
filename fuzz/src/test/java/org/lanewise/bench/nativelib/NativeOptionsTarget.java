package org.lanewise.bench.nativelib;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lanewise.fuzz.Choices;
import org.lanewise.fuzz.Sentences;
import org.lanewise.fuzz.Target;
import org.lanewise.kernels.spi.Declaration;

/**
 * The two structs between Java and C: what a library says of itself, read by Java; and the call, read by the native kernels of
 * {@code examples}, where they have been built.
 */
public final class NativeOptionsTarget implements Target {
  /** Names the folder of the built libraries. */
  public static final String FOLDER = "lanewise.fuzz.native";

  private static final long DECLARATIONS = 1 << 16;

  private final MemorySegment struct = Arena.global().allocate(NativeInfo.SIZE, 8);
  private final MemorySegment declarations = Arena.global().allocate(DECLARATIONS, 8);
  private final List<MemorySegment> texts =
      List.of(
          MemorySegment.NULL,
          Arena.global().allocateFrom("mine"),
          Arena.global().allocateFrom("One line for people, and Ünicode"),
          Arena.global().allocateFrom(""),
          Arena.global().allocateFrom(ValueLayout.JAVA_BYTE, (byte) 0x78, (byte) 0xC3, (byte) 0),
          Arena.global().allocate((1 << 16) + 8).fill((byte) 'x')); // without an end
  private final @Nullable NativeCalls calls = calls();

  private static @Nullable NativeCalls calls() {
    String folder = System.getProperty(FOLDER, "");
    if (!folder.isEmpty()) {
      for (String id : List.of("c-avx512", "c-avx2")) {
        Path file = Path.of(folder, System.mapLibraryName("lanewise-" + id));
        if (Files.isRegularFile(file) && new NativeKernelProvider(id, id, Path.of(folder)).availability().available()) {
          return new NativeCalls(file);
        }
      }
    }
    return null;
  }

  /** Whether native kernels take part. */
  public boolean callsKernels() {
    return calls != null;
  }

  @Override
  public void feed(byte[] input) throws Exception {
    Choices choices = new Choices(input);
    if (calls != null && choices.flag()) {
      calls.feed(choices);
      return;
    }
    try {
      NativeInfo info = NativeInfo.read(struct(choices));
      boolean sound = info.lanes() >= 0 && info.lanes() <= 1 << 16 && info.declarations().size() <= 2;
      for (Declaration declared : info.declarations()) {
        sound &= declared.lossUlp() >= 0 && declared.gradientUlp() >= 0;
        sound &= declared.mixedUlp() >= 0 && declared.reducedUlp() >= 0;
      }
      if (!sound || info.id() == null || info.description() == null) {
        throw new AssertionError("It was taken in: " + info);
      }
    } catch (IllegalArgumentException e) {
      if (e.getClass() != IllegalArgumentException.class) {
        throw e;
      }
      Sentences.check(e);
    }
  }

  /** The struct, right but for some of its fields. */
  private MemorySegment struct(Choices choices) {
    if (choices.below(64) == 63) {
      return MemorySegment.NULL;
    }
    long[] words = {NativeInfo.SIZE, 1, 0, 0, 0, 8, 1 + choices.below(2), 0, NativeInfo.DECLARATION_SIZE};
    for (int field : new int[] {0, 1, 5, 6, 8}) {
      words[field] = choices.oneIn(4) ? choices.integer() : words[field];
    }
    for (int field : new int[] {2, 3, 4}) {
      words[field] = texts.get(choices.oneIn(4) ? choices.below(texts.size()) : field < 4 ? 1 : 0).address();
    }
    words[7] = choices.oneIn(8) ? 0 : declarations.address();
    for (int i = 0; i < words.length; i++) {
      struct.setAtIndex(ValueLayout.JAVA_LONG, i, words[i]);
    }
    long size = Math.clamp(words[8], NativeInfo.DECLARATION_SIZE, 1024) & -Long.BYTES;
    for (int i = 0; i < 3; i++) {
      long first = i * size / Long.BYTES;
      for (int word = 0; word < 7; word++) {
        boolean number = word >= 2 && word < 6;
        long usual = number ? Double.doubleToRawLongBits(1.5) : word == 0 ? i : 0;
        long value =
            !choices.oneIn(8) ? usual : number ? Double.doubleToRawLongBits(choices.number()) : choices.integer();
        declarations.setAtIndex(ValueLayout.JAVA_LONG, first + word, value);
      }
    }
    return struct;
  }

  @Override
  public List<byte[]> seeds() {
    return Choices.random(64);
  }
}
