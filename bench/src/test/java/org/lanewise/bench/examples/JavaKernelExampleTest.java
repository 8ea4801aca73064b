package org.lanewise.bench.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.lanewise.bench.JvmFlags;
import org.lanewise.bench.cli.Main;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.kernels.Kernels;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Builds examples/java-kernel with the Maven of this build, as a project of its own: in a copy, where a second test class has a
 * kernel that is wrong, and with Lanewise's artifacts in a repository under target.
 */
class JavaKernelExampleTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path PROJECT = Path.of("target", "java-kernel").toAbsolutePath();
  private static final Path REPOSITORY = Path.of("target", "java-kernel-repository").toAbsolutePath();
  private static final String HONEST = "com.example.kernel.ExampleProviderTest";
  private static final String BROKEN = "com.example.kernel.BrokenTest";

  /** The loss of the second element of each block is 1 % too large, if it is wanted. */
  private static final String BROKEN_TEST =
      """
      package com.example.kernel;

      import org.lanewise.conformance.junit.KernelConformanceTest;
      import org.lanewise.kernels.spi.BceWithLogitsKernel;
      import org.lanewise.kernels.spi.KernelProvider;
      import org.lanewise.kernels.tensor.DType;

      class BrokenTest extends KernelConformanceTest {
        @Override
        protected KernelProvider kernel() {
          return new ExampleProvider() {
            @Override
            public <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype) {
              BceWithLogitsKernel<A> right = super.bceWithLogits(dtype);
              return call -> {
                right.compute(call);
                if (call.loss.array instanceof float[] loss && call.columns > 1) {
                  loss[call.loss.at(0, 1)] *= 1.01f;
                }
              };
            }
          };
        }
      }
      """;

  @Test
  void itsOwnBuildShowsEveryCaseByNameAndSaysWhatIsWrongWithAKernel() throws Exception {
    installLanewise();
    copyExample();
    Files.writeString(PROJECT.resolve("src/test/java/com/example/kernel/BrokenTest.java"), BROKEN_TEST);

    String log = maven("test", "-Dlanewise.level=smoke", "-Dlanewise.seed=5", "-Dmaven.test.failure.ignore=true");

    assertTrue(log.contains("java-example, level smoke, seed 5"), log);
    Map<String, String> honest = tests(HONEST);
    honest.forEach((name, failure) -> assertEquals("", failure, name));
    List<String> rules = new ArrayList<>();
    for (Rule rule : Rule.values()) {
      if (honest.keySet().stream().anyMatch(name -> name.contains("bce_with_logits " + rule.id() + ": " + rule.sentence()))) {
        rules.add(rule.id());
      }
    }
    assertEquals(
        List.of(
            "completion", "special_values", "agreement", "fresh", "call_forms", "memory", "inputs", "repeat", "threads", "bound",
            "allocation"),
        rules);
    assertTrue(honest.keySet().stream().anyMatch(name -> name.endsWith(" bce_with_logits/ordinary/1x1-hard-sum")), log);
    assertTrue(honest.keySet().stream().anyMatch(name -> name.contains("skipped: The kernel does not supply cross_entropy")), log);

    Map<String, String> broken = tests(BROKEN);
    String failure = broken.entrySet().stream()
        .filter(test -> test.getKey().contains("agreement") && !test.getValue().isEmpty())
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow(() -> new AssertionError("The broken kernel passed.\n" + log));
    Matcher message = Pattern.compile(
            """
            FAILED (bce_with_logits/\\S+), rule agreement \\(values agree with stored results of PyTorch\\)
              'loss' .*
              loss\\[\\d+\\]: got 0x[0-9a-fp.-]+ \\([0-9.E-]+\\), expected 0x[0-9a-fp.-]+ \\([0-9.E-]+\\), \\S+ ULP; inputs logits=-?0x\\S+ target=0x\\S+.*
              repeat: mvn test (-Dtest=BrokenTest -Dlanewise.level=smoke -Dlanewise.seed=5 -Dlanewise.case='(\\S+)')
              or:     ./lanewise validate KERNEL.jar --kernel java-example --level smoke --seed 5 --case '\\3'""")
        .matcher(failure);
    assertTrue(message.find(), failure);

    List<String> repeat = new ArrayList<>(List.of("surefire:test", "-Dmaven.test.failure.ignore=true"));
    repeat.addAll(List.of(message.group(2).replace("'", "").split(" ")));
    maven(repeat.toArray(String[]::new));

    Map<String, String> again = tests(BROKEN);
    assertTrue(again.keySet().stream().allMatch(name -> name.endsWith(" " + message.group(1))), again.keySet().toString());
    assertTrue(again.values().stream().anyMatch(text -> text.contains(message.group())), again.toString());

    Path jar = PROJECT.resolve("target/java-kernel.jar");
    jar(PROJECT.resolve("target/classes"), jar);
    String verdict = lanewise("validate", jar.toString(), "--level", "smoke", "--seed", "5", "--case", "*/float32*");
    assertTrue(verdict.endsWith("java-example: PASSED\n"), verdict);
  }

  /** Name and failure text, empty if none, of each test in a report. */
  private static Map<String, String> tests(String testClass) throws Exception {
    Path report = PROJECT.resolve("target/surefire-reports/TEST-" + testClass + ".xml");
    NodeList cases =
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(report.toFile()).getElementsByTagName("testcase");
    Map<String, String> tests = new TreeMap<>();
    for (int i = 0; i < cases.getLength(); i++) {
      Element test = (Element) cases.item(i);
      StringBuilder failure = new StringBuilder();
      for (String kind : List.of("failure", "error")) {
        NodeList found = test.getElementsByTagName(kind);
        for (int j = 0; j < found.getLength(); j++) {
          failure.append(found.item(j).getTextContent());
        }
      }
      tests.merge(test.getAttribute("name"), failure.toString(), String::concat);
    }
    assertFalse(tests.isEmpty(), () -> report + " names no tests");
    return tests;
  }

  /** Runs the Maven that runs this test, with what it has downloaded already. */
  private static String maven(String... arguments) throws IOException, InterruptedException {
    String home = System.getProperty("lanewise.maven.home", "");
    String downloaded = System.getProperty("lanewise.maven.repository", "");
    assumeTrue(!home.isEmpty() && !downloaded.isEmpty(), "this test runs in Maven's own build alone");
    assumeTrue(knowsSecondRepository(), "Maven before 3.9 reads one local repository alone");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(home, "bin", "mvn").toString(),
                "-o",
                "-B",
                "-Dmaven.repo.local=" + REPOSITORY,
                "-Dmaven.repo.local.tail=" + downloaded));
    command.addAll(List.of(arguments));
    return output(command);
  }

  /** Runs the command line. */
  private static String lanewise(String... arguments) throws IOException, InterruptedException {
    List<String> command = JvmFlags.command();
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(arguments));
    return output(command);
  }

  /** What a command prints that succeeds. */
  private static String output(List<String> command) throws IOException, InterruptedException {
    Path log = PROJECT.resolveSibling("java-kernel.log");
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(PROJECT.toFile()).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("MAVEN_ARGS"); // those of the build around this one
    builder.environment().put("MAVEN_OPTS", "-XX:TieredStopAtLevel=1"); // Maven itself does little
    Process process = builder.start();
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    String text = Files.readString(log);
    assertEquals(0, process.waitFor(), text);
    return text;
  }

  private static boolean knowsSecondRepository() {
    String[] version = System.getProperty("lanewise.maven.version", "0.0").split("\\.");
    return Integer.parseInt(version[0]) > 3 || Integer.parseInt(version[1]) >= 9;
  }

  private static void copyExample() throws IOException {
    deleteTree(PROJECT);
    Path example = ROOT.resolve("examples/java-kernel");
    copyTree(example.resolve("src"), PROJECT.resolve("src"));
    Files.copy(example.resolve("pom.xml"), PROJECT.resolve("pom.xml"));
  }

  /** What {@code install} does, without a build inside the build: this build's own classes and POMs. */
  private static void installLanewise() throws Exception {
    deleteTree(REPOSITORY);
    String pom = Files.readString(ROOT.resolve("pom.xml"));
    Matcher version = Pattern.compile("<artifactId>lanewise-parent</artifactId>\\s*<version>(.*?)</version>").matcher(pom);
    assertTrue(version.find());
    Files.copy(ROOT.resolve("pom.xml"), artifact("lanewise-parent", version.group(1), "pom"));
    Map<String, Class<?>> modules = Map.of("kernels", Kernels.class, "conformance", ReferenceData.class);
    for (String module : List.of("kernels", "reference-data", "conformance")) {
      String name = "lanewise-" + module;
      Files.copy(ROOT.resolve(module).resolve("pom.xml"), artifact(name, version.group(1), "pom"));
      Class<?> type = modules.get(module);
      Path built = type == null
          ? resourceRoot("lanewise/reference-data/index.json")
          : Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
      jar(built, artifact(name, version.group(1), "jar"));
    }
  }

  /** The jar or folder that a resource is in. */
  private static Path resourceRoot(String resource) throws Exception {
    String url = ReferenceData.class.getClassLoader().getResource(resource).toString();
    String root = url.substring(0, url.length() - resource.length() - 1);
    return Path.of(URI.create(root.replaceFirst("^jar:", "").replaceFirst("!$", "")));
  }

  private static Path artifact(String name, String version, String extension) throws IOException {
    Path folder = Files.createDirectories(REPOSITORY.resolve("org/lanewise").resolve(name).resolve(version));
    return folder.resolve("%s-%s.%s".formatted(name, version, extension));
  }

  /** A jar of a jar or of a folder of classes: what is on the class path depends on how far the build goes. */
  private static void jar(Path built, Path jar) throws IOException {
    if (Files.isRegularFile(built)) {
      Files.copy(built, jar);
      return;
    }
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
        Stream<Path> files = Files.walk(built)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new ZipEntry(built.relativize(file).toString().replace('\\', '/')));
        Files.copy(file, out);
      }
    }
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = to.resolve(from.relativize(file));
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static void deleteTree(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException e) throws IOException {
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
