package org.lanewise.bench.opencl;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;
import org.lanewise.kernels.scalar.BceMath;
import org.lanewise.kernels.scalar.CrossEntropyMath;

/** What is made once for a device and kept: context, queue and the compiled program. */
final class Session {
  private static final int LARGEST_GROUP = 256;

  /** Enough groups for a GPU to hide the latency of its memory. */
  private static final int GROUPS_PER_UNIT = 32;

  final Device device;
  final MemorySegment context;
  final MemorySegment queue;

  /** The work items of a group, a power of two. */
  final int group;

  /** The most groups of a launch. */
  final int mostGroups;

  private final MemorySegment program;

  /**
   * Compiles the program; drivers keep what they compiled, so that the next process has it at once.
   *
   * @param edit what is done to the source before: nothing, but in a test that plants a fault
   */
  Session(Device device, UnaryOperator<String> edit) {
    this.device = device;
    group = group(device);
    mostGroups = device.computeUnits() * GROUPS_PER_UNIT;
    context = OpenCl.createContext(device.id());
    queue = OpenCl.createQueue(context, device.id());
    String options = "-cl-std=CL1.2" + (device.roundsDivisions() ? " -cl-fp32-correctly-rounded-divide-sqrt" : "");
    program = OpenCl.createProgram(context, device.id(), edit.apply(source(group)), options);
  }

  static int group(Device device) {
    return Math.min(LARGEST_GROUP, Integer.highestOneBit(device.largestGroup()));
  }

  /** A kernel object of its own, whose arguments nobody else sets. */
  MemorySegment kernel(String name) {
    return OpenCl.createKernel(program, name);
  }

  private static String source(int group) {
    StringBuilder source = new StringBuilder("#define GROUP %d\n".formatted(group));
    constants(source, "BCE_", BceMath.class);
    constants(source, "CE_", CrossEntropyMath.class);
    source.append(resource("common.cl"));
    twice(source, "WEIGHTED", resource("bce_with_logits.cl"));
    twice(source, "WIDE", resource("cross_entropy.cl"));
    return source.toString();
  }

  /** A text with a macro that is 0, and again with the macro 1. */
  private static void twice(StringBuilder source, String macro, String text) {
    for (int value = 0; value < 2; value++) {
      source.append("#undef %s\n#define %s %d\n".formatted(macro, macro, value)).append(text);
    }
  }

  /** The constants of the mathematics, so that they are written in one place. */
  private static void constants(StringBuilder source, String prefix, Class<?> from) {
    for (Field field : from.getFields()) {
      if (!Modifier.isStatic(field.getModifiers())) {
        continue;
      }
      try {
        Object value = field.get(null);
        String literal =
            switch (value) {
              case Float number -> Float.toHexString(number) + "f";
              case Double number -> Double.toHexString(number);
              case Long number -> number + "L";
              default -> value.toString();
            };
        source.append("#define %s%s (%s)\n".formatted(prefix, field.getName(), literal));
      } catch (IllegalAccessException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static String resource(String name) {
    try (InputStream in = Session.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
