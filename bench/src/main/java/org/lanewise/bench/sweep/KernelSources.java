package org.lanewise.bench.sweep;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.lanewise.bench.UserError;

/**
 * The source files that a certificate speaks of, and their SHA-256.
 *
 * <p>The class that computes is named in {@link #ROOTS}. To it belongs every class of the kernel packages whose name its
 * code or theirs mentions, comments apart: so a helper that is split off belongs by itself.
 */
public record KernelSources(List<String> files, String sha256) {
  private static final String FOLDER = "kernels/src/main/java/org/lanewise/kernels";

  /** Where kernels and what they share lie; front doors, interfaces and tensors compute nothing. */
  private static final List<String> PACKAGES = List.of("scalar", "vector");

  /** By {@code operation/kernel}: the class that computes it. */
  private static final Map<String, String> ROOTS =
      Map.of(
          "bce_with_logits/scalar", "scalar/ScalarBceWithLogits.java",
          "bce_with_logits/vector", "vector/VectorBceWithLogits.java",
          "cross_entropy/scalar", "scalar/ScalarCrossEntropy.java",
          "cross_entropy/vector", "vector/VectorCrossEntropy.java",
          "sigmoid/front-door", "Activations.java",
          "log_sigmoid/front-door", "Activations.java");

  private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|//[^\\n]*");
  private static final Pattern WORD = Pattern.compile("\\b[A-Z]\\w*");

  /** Whether the operation and kernel are ones whose sources are known: the project's own. */
  static boolean known(String operation, String kernel) {
    return ROOTS.containsKey(operation + "/" + kernel);
  }

  /** The pairs of operation and kernel that have certificates. */
  public static List<String> certified() {
    return ROOTS.keySet().stream().sorted().toList();
  }

  /**
   * The sources of a kernel.
   *
   * @param project the folder of the project
   */
  public static KernelSources of(Path project, String operation, String kernel) {
    Path folder = project.resolve(FOLDER);
    Map<String, Path> classes = new TreeMap<>();
    try {
      for (String name : PACKAGES) {
        try (Stream<Path> list = Files.list(folder.resolve(name))) {
          list.filter(file -> file.toString().endsWith(".java") && !file.endsWith("package-info.java"))
              .forEach(file -> classes.put(simpleName(file), file));
        }
      }
      classes.put("Rounding", folder.resolve("Rounding.java")); // what the activations share with other front doors
      Path root = folder.resolve(ROOTS.get(operation + "/" + kernel));
      TreeMap<String, byte[]> found = new TreeMap<>();
      TreeSet<String> seen = new TreeSet<>();
      Deque<Path> open = new ArrayDeque<>(List.of(root));
      while (!open.isEmpty()) {
        Path file = open.remove();
        byte[] content = Files.readString(file).replace("\r\n", "\n").getBytes(StandardCharsets.UTF_8);
        found.put(project.relativize(file).toString().replace('\\', '/'), content);
        Matcher word = WORD.matcher(COMMENT.matcher(Files.readString(file)).replaceAll(" "));
        while (word.find()) {
          if (classes.containsKey(word.group()) && seen.add(word.group())) {
            open.add(classes.get(word.group()));
          }
        }
      }
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      found.forEach(
          (name, content) -> {
            digest.update((name + "\n" + content.length + "\n").getBytes(StandardCharsets.UTF_8));
            digest.update(content);
          });
      return new KernelSources(List.copyOf(found.keySet()), HexFormat.of().formatHex(digest.digest()));
    } catch (IOException e) {
      throw UserError.unreadable(folder, e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }

  private static String simpleName(Path file) {
    return file.getFileName().toString().replace(".java", "");
  }
}
