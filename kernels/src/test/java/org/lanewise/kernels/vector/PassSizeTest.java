package org.lanewise.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.InvokeInstruction;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A pass, a method that loops over vectors, is compiled by itself: C2 inlines a hot method of up to 325 bytecodes into its
 * caller, where passes share one limit of nodes, and past it every vector becomes an object. Never compiled at all is what
 * has more than 8,000.
 */
class PassSizeTest {
  private static final int LARGEST_INLINED = 325;
  private static final int LARGEST_COMPILED = 8000;

  /** Few operations each, for which a caller's limit has room: {@code AllocationTest} counts 0 bytes with them inlined. */
  private static final List<String> SMALL =
      List.of(
          "RowExponentials.max",
          "RowGradients.scale",
          "RowGradients.scaleRows",
          "SlotAdd.add",
          "VectorBceWithLogits.negate",
          "VectorBceWithLogitsFloat64.add",
          "VectorBceWithLogitsFloat64.positives",
          "VectorRowFloat64.differences",
          "VectorRowFloat64.scale",
          "VectorRowFloat64.shares",
          "VectorRowFloat64.sum",
          "VectorRowFloat64.sumProducts");

  @Test
  void passesStayOutOfLine() throws IOException, URISyntaxException {
    Map<String, Integer> passes = passes();
    assertTrue(passes.size() > 20, passes::toString);
    Map<String, Integer> small = new TreeMap<>(passes);
    small.values().removeIf(size -> size > LARGEST_INLINED);
    assertEquals(SMALL, List.copyOf(small.keySet()), () -> "Passes of up to 325 bytecodes (docs/numerics.md): " + small);
    passes.forEach((pass, size) -> assertTrue(size <= LARGEST_COMPILED, () -> "%s has %d bytecodes".formatted(pass, size)));
  }

  /** The bytecodes of all methods that call the Vector API. */
  private static Map<String, Integer> passes() throws IOException, URISyntaxException {
    Path folder = Path.of(Species.class.getResource("Species.class").toURI()).getParent();
    Map<String, Integer> sizes = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        ClassModel type = ClassFile.of().parse(file);
        for (MethodModel method : type.methods()) {
          method
              .code()
              .filter(PassSizeTest::callsVectors)
              .filter(code -> !method.methodName().equalsString("<clinit>"))
              .ifPresent(
                  code ->
                      sizes.put(
                          file.getFileName().toString().replace(".class", ".") + method.methodName().stringValue(),
                          ((CodeAttribute) code).codeLength()));
        }
      }
    }
    return sizes;
  }

  private static boolean callsVectors(CodeModel code) {
    return code.elementStream()
        .anyMatch(
            element ->
                element instanceof InvokeInstruction call
                    && call.owner().asInternalName().startsWith("jdk/incubator/vector/"));
  }
}
