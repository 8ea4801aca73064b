package org.lanewise.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.FieldRefEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lanewise.kernels.Reduction;

/** One place decides the width: a species that comes from anywhere else is no constant to the JIT compiler, or another one. */
class SpeciesTest {
  private static final String SPECIES = "jdk/incubator/vector/VectorSpecies";

  @Test
  void speciesComeFromSpeciesAlone() throws Exception {
    Set<String> others = new TreeSet<>();
    boolean found = false;
    Path classes = Path.of(Reduction.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(file -> file.toString().endsWith(".class")).toList()) {
        Set<String> sources = sources(file);
        if (file.endsWith("Species.class")) {
          found = sources.size() > 2;
        } else {
          others.addAll(sources);
        }
      }
    }
    assertTrue(found);
    assertEquals(Set.of(), others);
  }

  /** Where a class gets species from, other than the constants: fields of its own, the Vector API's, and what makes them. */
  private static Set<String> sources(Path file) throws IOException {
    Set<String> sources = new TreeSet<>();
    ClassModel model = ClassFile.of().parse(Files.readAllBytes(file));
    String self = model.thisClass().asInternalName();
    model.fields().stream()
        .filter(field -> field.fieldType().stringValue().contains(SPECIES))
        .forEach(field -> sources.add(self + " has the field " + field.fieldName()));
    for (PoolEntry entry : model.constantPool()) {
      if (entry instanceof MemberRefEntry member
          && member.type().stringValue().endsWith("L" + SPECIES + ";")
          && !(member instanceof FieldRefEntry && member.owner().asInternalName().endsWith("/vector/Species"))) {
        sources.add("%s takes %s of %s".formatted(self, member.name(), member.owner().asInternalName()));
      }
    }
    return sources;
  }
}
