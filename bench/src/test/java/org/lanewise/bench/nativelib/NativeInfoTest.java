package org.lanewise.bench.nativelib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Of what a library says of itself, nothing is believed that can be checked; each fault is one sentence. */
class NativeInfoTest {
  private final MemorySegment struct = Arena.ofAuto().allocate(NativeInfo.SIZE, 8);
  private final MemorySegment declaration = Arena.ofAuto().allocate(NativeInfo.DECLARATION_SIZE, 8);
  private final MemorySegment id = Arena.ofAuto().allocateFrom("mine");
  private final MemorySegment endless = Arena.ofAuto().allocate(1 << 16).fill((byte) 'x');

  NativeInfoTest() {
    long[] words = {NativeInfo.SIZE, 1, id.address(), id.address(), 0, 8, 1, declaration.address(), NativeInfo.DECLARATION_SIZE};
    for (int i = 0; i < words.length; i++) {
      struct.setAtIndex(ValueLayout.JAVA_LONG, i, words[i]);
    }
  }

  private void refuses(String sentence, int word, long value) {
    long before = struct.getAtIndex(ValueLayout.JAVA_LONG, word);
    struct.setAtIndex(ValueLayout.JAVA_LONG, word, value);
    assertEquals(sentence, assertThrows(IllegalArgumentException.class, () -> NativeInfo.read(struct)).getMessage());
    struct.setAtIndex(ValueLayout.JAVA_LONG, word, before);
  }

  @Test
  void whatIsRightIsRead() {
    NativeInfo info = NativeInfo.read(struct);
    assertEquals("mine", info.id());
    assertEquals(8, info.lanes());
    assertEquals(null, info.unavailable());
    assertEquals(0, info.declarations().getFirst().lossUlp());
  }

  @Test
  void sizesAndCountsThatCannotBe() {
    refuses("Its lanewise_info has size 64, expected 72 to 65536.", 0, 64);
    refuses("It is of version 0 of the C form; expected 1 or later.", 1, 0);
    refuses("Its lanewise_info has lanes -1, expected 0 to 65536.", 5, -1);
    refuses("Its lanewise_info has declaration_count 65, expected 0 to 64.", 6, 65);
    refuses("Its lanewise_info has declaration_count -1, expected 0 to 64.", 6, -1);
    refuses("Its lanewise_info has declaration_size 48, expected 56 to 1024.", 8, 48);
    refuses("Its lanewise_info has declaration_size 4294967352, expected 56 to 1024.", 8, (1L << 32) + 56);
    refuses("Its lanewise_info has declaration_size 57, expected a multiple of 8.", 8, 57);
  }

  @Test
  void pointersToNothing() {
    assertEquals(
        "Its lanewise_kernel_info() gives no struct.",
        assertThrows(IllegalArgumentException.class, () -> NativeInfo.read(MemorySegment.NULL)).getMessage());
    refuses("Its lanewise_info has no id.", 2, 0);
    refuses("Its lanewise_info has no description.", 3, 0);
    refuses("Its description does not end within 65536 bytes.", 3, endless.address());
    refuses("It has 1 declarations, but no pointer to them.", 7, 0);
  }

  @Test
  void declarationsOfNothingKnown() {
    declaration.set(ValueLayout.JAVA_LONG, 0, 7);
    refuses("It declares operation 7; version 1 of the C form knows 0 to 1.", 1, 1);
    declaration.set(ValueLayout.JAVA_LONG, 0, 0);
    declaration.set(ValueLayout.JAVA_DOUBLE, 16, Double.NaN);
    refuses("It declares loss_ulp NaN, expected a number from 0 up.", 1, 1);
    declaration.set(ValueLayout.JAVA_DOUBLE, 16, 1);
    MemorySegment two = Arena.ofAuto().allocate(2 * NativeInfo.DECLARATION_SIZE, 8);
    struct.setAtIndex(ValueLayout.JAVA_LONG, 6, 2);
    refuses("It declares bce_with_logits twice.", 7, two.address());
  }
}
