package org.lanewise.bench.results;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lanewise.bench.baseline.MachineSpeed;
import org.lanewise.kernels.Kernels;
import org.lanewise.kernels.spi.KernelProvider;

/**
 * Where results were made: everything that changes numbers and that a reader on another machine cannot see. A fact
 * that this machine does not tell is null, never guessed.
 */
public final class Environment {
  /** Instruction sets that matter to these kernels, as Linux names them on x86 and on Arm. */
  private static final Set<String> ISA =
      Set.of(
          "sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512_bf16",
          "avx512_fp16", "avx512_vnni", "asimd", "asimdhp", "asimdfhm", "bf16", "sve", "sve2");

  /** The size of a cache, as Linux tells it. */
  private static final Pattern SIZE = Pattern.compile(" (\\d+)([KMG])$");

  /** The key of what one thread reads from memory a second. */
  private static final String READ_BANDWIDTH = "read_bandwidth_bytes_per_s";

  /** The key of the clock, as dependent additions tell it. */
  private static final String DEPENDENT_ADDS = "dependent_add_hz";

  private Environment() {}

  /** The environment of this JVM, now, and what the machine can do at best: takes up to a second. */
  public static JsonObject measured() {
    JsonObject environment = current();
    environment.addProperty(READ_BANDWIDTH, MachineSpeed.readBandwidth(lastLevelCache(environment)));
    environment.addProperty(DEPENDENT_ADDS, MachineSpeed.dependentAdds());
    return environment;
  }

  /** The environment of this JVM, now. */
  public static JsonObject current() {
    Runtime runtime = Runtime.getRuntime();
    List<String> cpuinfo = lines(Path.of("/proc/cpuinfo"));
    JsonObject environment = new JsonObject();
    environment.addProperty("program", "lanewise");
    environment.addProperty("lanewise", version());
    environment.addProperty("git_commit", commit());
    environment.addProperty("utc", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    environment.addProperty(
        "os",
        "%s %s %s"
            .formatted(System.getProperty("os.name"), System.getProperty("os.version"), System.getProperty("os.arch")));
    environment.addProperty("cpu", cpuModel(cpuinfo));
    environment.addProperty("cpu_count", runtime.availableProcessors());
    environment.add("cpu_caches", strings(caches(Path.of("/sys/devices/system/cpu/cpu0/cache"))));
    environment.add("cpu_flags", strings(isaFlags(cpuinfo)));
    environment.addProperty("jdk", "%s %s".formatted(System.getProperty("java.vendor"), Runtime.version()));
    environment.addProperty("jvm", System.getProperty("java.vm.name"));
    environment.add(
        "jvm_flags", Portable.json(strings(ManagementFactory.getRuntimeMXBean().getInputArguments())));
    Integer lanes = vectorLanes();
    environment.addProperty("vector_lanes", lanes);
    environment.addProperty("vector_bits", lanes == null ? null : lanes * Float.SIZE);
    environment.addProperty("max_heap_bytes", runtime.maxMemory());
    return environment;
  }

  /** The version of the jar that this class came from; null where it came from a folder of classes. */
  private static @Nullable String version() {
    return Environment.class.getPackage().getImplementationVersion();
  }

  /**
   * The commit of the working tree that holds this program, with {@code -dirty} where it has changes; null where the
   * program does not lie in its own working tree: the commit of another project must not pass for ours.
   */
  public static @Nullable String commit() {
    CodeSource source = Environment.class.getProtectionDomain().getCodeSource();
    if (source == null) {
      return null;
    }
    Path root;
    try {
      root = Path.of(source.getLocation().toURI()).toAbsolutePath().getParent(); // bench/target
    } catch (URISyntaxException | IllegalArgumentException e) {
      return null;
    }
    for (int up = 0; up < 2 && root != null; up++) {
      root = root.getParent();
    }
    if (root == null || !Files.exists(root.resolve("bench/grid.json")) || !Files.exists(root.resolve(".git"))) {
      return null;
    }
    String commit = output(root, "git", "rev-parse", "HEAD");
    // What measuring itself writes does not make the program another one.
    String changes =
        output(
            root, "git", "status", "--porcelain", "--", ".",
            ":(exclude)reference-data/results", ":(exclude)reference-data/hard", ":(exclude)docs/accuracy");
    return commit == null || changes == null ? null : changes.isEmpty() ? commit : commit + "-dirty";
  }

  /** What the command prints; null where it cannot be run or fails. */
  private static @Nullable String output(Path folder, String... command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0 ? output : null;
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  static String cpuModel(List<String> cpuinfo) {
    return cpuinfo.stream()
        .filter(line -> line.startsWith("model name"))
        .map(Environment::value)
        .findFirst()
        .orElse(System.getProperty("os.arch"));
  }

  static List<String> isaFlags(List<String> cpuinfo) {
    return cpuinfo.stream()
        .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
        .findFirst()
        .map(line -> Arrays.stream(value(line).split(" ")).filter(ISA::contains).sorted().toList())
        .orElse(List.of());
  }

  /** The caches that one core sees, such as {@code L1d 48K}, smallest first. */
  static List<String> caches(Path folder) {
    Set<String> caches = new TreeSet<>();
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path cache : entries.filter(path -> path.getFileName().toString().startsWith("index")).toList()) {
        String type = Files.readString(cache.resolve("type")).strip();
        if (!type.equals("Instruction")) {
          caches.add(
              "L%s%s %s"
                  .formatted(
                      Files.readString(cache.resolve("level")).strip(),
                      type.equals("Data") ? "d" : "",
                      Files.readString(cache.resolve("size")).strip()));
        }
      }
    } catch (IOException | UncheckedIOException notTold) {
      return List.of();
    }
    return List.copyOf(caches);
  }

  /** The CPU there, or in whose machine the device is. */
  public static String cpu(JsonObject environment) {
    return environment.get("cpu") instanceof JsonPrimitive told ? told.getAsString().strip() : "unknown CPU";
  }

  /** What one thread reads from memory there, in bytes a second; NaN where the environment does not tell. */
  public static double readBandwidth(JsonObject environment) {
    return number(environment, READ_BANDWIDTH);
  }

  /** The clock there, in Hz, as dependent additions told it; NaN where the environment does not tell. */
  public static double clock(JsonObject environment) {
    return number(environment, DEPENDENT_ADDS);
  }

  /** The bytes, read and written, that a GPU copies within its memory in a second; NaN where the environment does not tell. */
  public static double deviceCopyBandwidth(JsonObject environment) {
    return environment.get("bandwidth") instanceof JsonObject bandwidth
            && bandwidth.get("device_copy") instanceof JsonObject copy
        ? 1e9 * number(copy, "gb_per_s")
        : Double.NaN;
  }

  private static double number(JsonObject environment, String key) {
    return environment.get(key) instanceof JsonPrimitive value && value.isNumber() ? value.getAsDouble() : Double.NaN;
  }

  /** The bytes of the largest cache that one core sees; null where the environment does not tell. */
  static @Nullable Long lastLevelCache(JsonObject environment) {
    return environment.getAsJsonArray("cpu_caches").asList().stream()
        .map(cache -> SIZE.matcher(cache.getAsString()))
        .filter(Matcher::find)
        .map(size -> Long.parseLong(size.group(1)) << (10 * "KMG".indexOf(size.group(2)) + 10))
        .max(Long::compare)
        .orElse(null);
  }

  private static @Nullable Integer vectorLanes() {
    return Kernels.all().stream()
        .filter(provider -> provider.id().equals("vector") && provider.availability().available())
        .map(KernelProvider::lanes)
        .findFirst()
        .orElse(null);
  }

  private static String value(String line) {
    return line.substring(line.indexOf(':') + 1).strip();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException | UncheckedIOException notThisSystem) {
      return List.of();
    }
  }

  private static JsonArray strings(List<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }
}
