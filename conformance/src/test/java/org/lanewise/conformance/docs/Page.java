package org.lanewise.conformance.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A page of the documentation whose code is code that runs: each of its Java blocks is a region of a test's source, from
 * {@code // @start region=NAME} to {@code // @end} (the marks of javadoc's snippets), and the text block that may follow
 * it is what the region prints.
 *
 * @param name the file's name in {@code docs/}
 */
public record Page(String name, List<Example> examples) {
  /** A Java block, and the text block that follows it before the next Java block; null if there is none. */
  public record Example(String code, @Nullable String output) {}

  private static final String START = "// @start region=";
  private static final String END = "// @end";

  /** The page of the given name in {@code docs/}. */
  public static Page read(String name) {
    return parse(name, lines("docs/" + name));
  }

  static Page parse(String name, List<String> lines) {
    List<Example> examples = new ArrayList<>();
    String language = null;
    List<String> block = new ArrayList<>();
    for (String line : lines) {
      if (!line.strip().startsWith("```") && !line.strip().startsWith("~~~")) {
        block.add(line);
        continue;
      }
      if (language == null) {
        // Anything but these two could hide code that nothing compiles.
        if (!line.equals("```java") && !line.equals("```text")) {
          throw new IllegalArgumentException("%s has the fence '%s'; use ```java or ```text.".formatted(name, line));
        }
        language = line.substring(3);
      } else {
        if (!line.equals("```")) {
          throw new IllegalArgumentException("%s has a block that ends with '%s', not ```.".formatted(name, line));
        }
        String content = String.join("\n", block);
        if (language.equals("java")) {
          examples.add(new Example(content, null));
        } else if (examples.isEmpty() || examples.getLast().output != null) {
          throw new IllegalArgumentException("%s has a text block without code before it.".formatted(name));
        } else {
          examples.add(new Example(examples.removeLast().code, content));
        }
        language = null;
      }
      block.clear();
    }
    if (language != null) {
      throw new IllegalArgumentException("%s ends within a block.".formatted(name));
    }
    return new Page(name, List.copyOf(examples));
  }

  /** The regions of a test's source by name, in their order, each without its common indentation. */
  public static SequencedMap<String, String> regions(Class<?> test) {
    return regions(lines("conformance/src/test/java/" + test.getName().replace('.', '/') + ".java"));
  }

  static SequencedMap<String, String> regions(List<String> lines) {
    SequencedMap<String, String> regions = new LinkedHashMap<>();
    String name = null;
    List<String> region = new ArrayList<>();
    for (String line : lines) {
      String mark = line.strip();
      if (mark.startsWith(START) && name == null) {
        name = mark.substring(START.length());
        region.clear();
      } else if (mark.equals(END) && name != null) {
        if (regions.put(name, String.join("\n", region).stripIndent()) != null) {
          throw new IllegalArgumentException("There are two regions '%s'.".formatted(name));
        }
        name = null;
      } else if (mark.startsWith("// @")) {
        throw new IllegalArgumentException("'%s' does not fit the mark before it.".formatted(mark));
      } else {
        region.add(line);
      }
    }
    if (name != null) {
      throw new IllegalArgumentException("The region '%s' does not end.".formatted(name));
    }
    return regions;
  }

  /** What the page says that the given code prints. */
  public String outputOf(String code) {
    return examples.stream()
        .filter(example -> example.code.equals(code) && example.output != null)
        .map(Example::output)
        .findFirst()
        .orElseThrow(() -> new NoSuchElementException("docs/%s has no output for the code%n%s".formatted(name, code)));
  }

  /** The lines of a file of the repository. */
  public static List<String> lines(String file) {
    Path root = Path.of("").toAbsolutePath();
    while (root != null && !Files.exists(root.resolve("mvnw"))) {
      root = root.getParent();
    }
    if (root == null) {
      throw new IllegalStateException("The working directory does not lie in the repository.");
    }
    try {
      return Files.readAllLines(root.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
