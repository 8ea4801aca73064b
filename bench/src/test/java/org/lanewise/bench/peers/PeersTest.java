package org.lanewise.bench.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.UserError;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.Json;
import org.lanewise.bench.results.MeasuredRow;

/** The talk with the processes; a shell script stands in for Python, a small program for ONNX Runtime's. */
class PeersTest {
  private static final Work WORK =
      new Work("cross_entropy", "float32", "indices", 2, 10, "mean", "forward", "normal");
  private static final Work NEXT = WORK.withBatch(3);

  @TempDir private Path folder;

  @BeforeEach
  void theProjectHasTheProgram() throws IOException {
    Path program = folder.resolve("bench/peers/peers.py");
    Files.createDirectories(program.getParent());
    Files.createFile(program);
  }

  private Peers peers(String python) {
    return new Peers(List.of("jax-jit"), python, null, folder, 2, Duration.ofMillis(1500), folder.resolve("log/peers.log"));
  }

  private Peers script(String lines) throws IOException {
    Path script = folder.resolve("python");
    Files.writeString(script, "#!/bin/sh\n" + lines);
    assertTrue(script.toFile().setExecutable(true));
    return peers(script.toString());
  }

  @Test
  void oneProcessAnswersPointAfterPoint() throws IOException {
    String program =
        """
        echo started "$@" >>'%s/log/calls'
        echo '{"environment": {"jax": "9.9"}}'
        while read -r work; do
          row='"implementation": {"name": "jax-jit", "device": "cpu", "threads": 2, "transfer": "none"}'
          time='{"unit": "ns/call", "median": 20, "low": 10, "high": 30, "samples": 5}'
          echo '{"results": [{"work": '"$work, $row"', "time": '"$time"', "compile_s": 1.5}]}'
        done
        """
            .formatted(folder);
    try (Peers peers = script(program)) {
      assertNull(peers.environment());
      for (Work work : List.of(WORK, NEXT)) {
        MeasuredRow row = peers.measure(work).getFirst();
        assertNull(row.error());
        assertEquals(work, row.work());
        assertNotNull(row.time());
        assertEquals(20, row.time().median());
        assertEquals("1.5", String.valueOf(row.facts().get("compile_s")));
        assertEquals(row, MeasuredRow.of(row.toJson()), "what the peer says of a row is kept");
      }
      assertEquals("{\"jax\":\"9.9\"}", String.valueOf(peers.environment()));
    }
    List<String> calls = Files.readAllLines(folder.resolve("log/calls"));
    assertEquals(1, calls.size(), calls.toString());
    assertTrue(calls.getFirst().endsWith("--serve --peers jax-jit --threads 2 --seconds 1.500"), calls.getFirst());
  }

  @Test
  void withoutPythonEachPointSaysHowToGetIt() {
    try (Peers peers = peers("no-such-python")) {
      for (Work work : List.of(WORK, NEXT)) {
        MeasuredRow row = peers.measure(work).getFirst();
        assertEquals(work, row.work());
        assertEquals("jax-jit", row.implementation().name());
        assertEquals(2, row.implementation().threads());
        assertEquals(
            "no-such-python cannot be started; install Python 3, or name it with --python, and then:"
                + " python3 -m pip install numpy jax",
            row.error());
      }
    }
  }

  @Test
  void aProcessThatEndsAtOnceIsNotTriedAgain() throws IOException {
    try (Peers peers = script("echo x >>'%s/log/calls'; echo 'no module' >&2; exit 3".formatted(folder))) {
      String error = peers.measure(WORK).getFirst().error();
      assertNotNull(error);
      assertTrue(error.startsWith("bench/peers/peers.py ended with code 3 and said \"no module\"; see "), error);
      assertEquals(error, peers.measure(NEXT).getFirst().error());
    }
    assertEquals(1, Files.readAllLines(folder.resolve("log/calls")).size());
  }

  @Test
  void aPointThatEndsTheProcessCostsThatPointOnly() throws IOException {
    String program =
        """
        echo x >>'%s/log/calls'
        echo '{"environment": {}}'
        read -r work
        exit 9
        """
            .formatted(folder);
    try (Peers peers = script(program)) {
      for (Work work : List.of(WORK, NEXT)) {
        String error = peers.measure(work).getFirst().error();
        assertNotNull(error);
        assertTrue(error.contains("code 9"), error);
      }
    }
    assertEquals(2, Files.readAllLines(folder.resolve("log/calls")).size(), "a process for each point");
  }

  @Test
  void whoDoesNotAnswerInTimeIsEnded() throws IOException {
    System.setProperty("lanewise.peers.limit", "1");
    try (Peers peers = script("echo '{\"environment\": {}}'\nread -r work\nexec sleep 300\n")) {
      assertEquals(
          "bench/peers/peers.py gave no answer within 1 s and was ended.", peers.measure(WORK).getFirst().error());
    } finally {
      System.clearProperty("lanewise.peers.limit");
    }
  }

  @Test
  void answersForSomethingElseAreRefused() throws IOException {
    try (Peers peers = script("echo '{}'; read -r work; echo '{\"results\": []}'; read -r work")) {
      assertEquals(
          "bench/peers/peers.py answered for other peers than it was asked for.",
          peers.measure(WORK).getFirst().error());
    }
    try (Peers peers = script("echo Python 3; read -r work")) {
      assertEquals(
          "%s/python answers \"Python 3\", which is no line of bench/peers/peers.py; install Python 3, or name it with"
              .formatted(folder) + " --python, and then: python3 -m pip install numpy jax",
          peers.measure(WORK).getFirst().error());
    }
  }

  @Test
  void closingEndsTheProcessAlsoWhereItIgnoresTheEndOfItsInput() throws IOException {
    String program =
        """
        echo $$ >'%s/pid'
        echo '{}'
        read -r work
        row='"implementation": {"name": "jax-jit", "device": "cpu", "threads": 2, "transfer": "none"}'
        echo '{"results": [{"work": '"$work, $row"', "error": "Not here."}]}'
        exec sleep 60
        """
            .formatted(folder);
    try (Peers peers = script(program)) {
      assertEquals("Not here.", peers.measure(WORK).getFirst().error());
    }
    long pid = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
    assertFalse(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
  }

  private static final Work VALUES =
      new Work("cross_entropy", "float32", "indices", 2, 2, "none", "forward_backward", "normal");
  private static final float[] LOGITS = {1, 2, -1, -2};
  private static final long[] TARGET = {0, 258};

  @Test
  void valuesAreThoseOfTheInputsBothInLittleEndianBytes() throws IOException {
    String program =
        """
        echo '{}'
        read -r request; echo "$request" >'%s/log/request'
        echo '{"values": [{"name": "jax-jit", "loss": "AACAPwAAAEA=", "logits_gradient": "AACAPwAAAEAAAIC/AAAAwA=="}]}'
        read -r request
        """
            .formatted(folder);
    try (Peers peers = script(program)) {
      PeerValues row = peers.values(VALUES, LOGITS, TARGET).getFirst();
      assertEquals("jax-jit", row.name());
      assertNull(row.error());
      assertArrayEquals(new float[] {1, 2}, row.loss());
      assertArrayEquals(LOGITS, row.gradient());
    }
    assertEquals(
        """
        {"values":{"work":%s,"logits":"AACAPwAAAEAAAIC/AAAAwA==","target":"AAAAAAAAAAACAQAAAAAAAA=="}}
        """
            .formatted(Json.line(VALUES.toJson())),
        Files.readString(folder.resolve("log/request")));
  }

  @Test
  void whereThereAreNoValuesTheRowSaysWhy() throws IOException {
    try (Peers peers = peers("no-such-python")) {
      PeerValues row = peers.values(VALUES, LOGITS, TARGET).getFirst();
      assertEquals("jax-jit", row.name());
      assertNull(row.loss());
      assertNull(row.gradient());
      assertNotNull(row.error());
      assertTrue(row.error().startsWith("no-such-python cannot be started"), row.error());
    }
    String missing = "echo '{}'; read -r work; echo '{\"values\": [{\"name\": \"jax-jit\", \"error\": \"No JAX.\"}]}'";
    try (Peers peers = script(missing)) {
      assertEquals("No JAX.", peers.values(VALUES, LOGITS, TARGET).getFirst().error());
    }
    String small = "echo '{}'; read -r work; echo '{\"values\": [{\"name\": \"jax-jit\", \"loss\": \"AACAPw==\"}]}'";
    try (Peers peers = script(small)) {
      assertEquals(
          "bench/peers/peers.py answered with a row that is none: its \"loss\" has 4 bytes, expected 8.",
          peers.values(VALUES, LOGITS, TARGET).getFirst().error());
    }
  }

  @Test
  void targetsOfAnotherKindOrSizeAreRefusedBeforeAnythingStarts() {
    try (Peers peers = peers("no-such-python")) {
      for (Object target : List.of(new long[3], new float[4], new int[2])) {
        assertThrows(IllegalArgumentException.class, () -> peers.values(VALUES, LOGITS, target));
      }
      assertThrows(IllegalArgumentException.class, () -> peers.values(VALUES, new float[3], TARGET));
    }
  }

  /** Answers as OnnxRuntime.java does, and tells the class path that it was given. */
  private static final String ONNX_RUNTIME =
      """
      class OnnxRuntime {
        public static void main(String[] args) throws Exception {
          var in = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
          String jar = System.getProperty("java.class.path").split(java.io.File.pathSeparator)[0];
          say("{'environment': {'jar': '%s', 'args': '%s'}}".formatted(jar, String.join(" ", args)));
          String who = "{'name': 'onnxruntime', 'device': 'cpu', 'threads': 2, 'transfer': 'none'}";
          for (String line = in.readLine(); line != null; line = in.readLine()) {
            say(line.contains("values")
                ? "{'values': [{'name': 'onnxruntime', 'loss': 'AACAPwAAAEA='}]}"
                : "{'results': [{'work': %s, 'implementation': %s, 'error': 'Not here.'}]}".formatted(line, who));
          }
        }

        static void say(String json) {
          System.out.println(json.replace("'", "\\""));
        }
      }
      """;

  private Peers withOnnxRuntime(@Nullable Path jar) throws IOException {
    Files.writeString(folder.resolve("bench/peers/OnnxRuntime.java"), ONNX_RUNTIME);
    return new Peers(
        List.of("onnxruntime", "jax-jit"),
        "no-such-python",
        jar,
        folder,
        2,
        Duration.ofMillis(1500),
        folder.resolve("log/peers.log"));
  }

  @Test
  void onnxRuntimeAnswersFromAJvmWithItsJarOnTheClassPath() throws IOException {
    Path jar = folder.resolve("some.jar");
    new ZipOutputStream(Files.newOutputStream(jar)).close();
    try (Peers peers = withOnnxRuntime(jar)) {
      List<MeasuredRow> rows = peers.measure(WORK);
      assertEquals(List.of("onnxruntime", "jax-jit"), rows.stream().map(row -> row.implementation().name()).toList());
      assertEquals("Not here.", rows.get(0).error());
      assertTrue(String.valueOf(rows.get(1).error()).startsWith("no-such-python cannot be started"));
      assertEquals(
          "{\"onnxruntime\":{\"jar\":\"%s\",\"args\":\"--serve --peers onnxruntime --threads 2 --seconds 1.500\"}}"
              .formatted(jar),
          String.valueOf(peers.environment()));
      List<PeerValues> values = peers.values(VALUES, LOGITS, TARGET);
      assertEquals(List.of("onnxruntime", "jax-jit"), values.stream().map(PeerValues::name).toList());
      assertArrayEquals(new float[] {1, 2}, values.getFirst().loss());
      assertNull(values.getFirst().gradient(), "it has none");
      assertNull(values.getFirst().error());
    }
  }

  @Test
  void withoutTheJarOfOnnxRuntimeEachPointSaysHowToGetIt() throws IOException {
    try (Peers peers = withOnnxRuntime(null)) {
      for (Work work : List.of(WORK, NEXT)) {
        assertEquals(
            "ONNX Runtime is missing (%s/target/lanewise/peers/onnxruntime-1.29.0.jar); get its 54 MB with: ./mvnw -N"
                    .formatted(folder)
                + " dependency:copy -Dartifact=com.microsoft.onnxruntime:onnxruntime:1.29.0"
                + " -DoutputDirectory=target/lanewise/peers",
            peers.measure(work).getFirst().error());
      }
    }
  }

  @Test
  void namesStandForPeers() {
    assertEquals(List.of("pytorch-eager", "pytorch-compile", "jax-jit"), Peers.named(List.of("pytorch", "jax")));
    assertEquals(List.of("onnxruntime", "jax-jit"), Peers.named(List.of("onnxruntime", "jax")));
    assertEquals(List.of("jax-jit", "pytorch-eager"), Peers.named(List.of("jax", "pytorch-eager", "jax-jit")));
    assertTrue(
        assertThrows(UserError.class, () -> Peers.named(List.of("tensorflow"))).getMessage().contains("tensorflow"));
  }

  @Test
  void aProgramThatIsNotThereIsNamed() throws IOException {
    Files.delete(folder.resolve("bench/peers/peers.py"));
    try (Peers peers = peers("python3")) {
      String error = peers.measure(WORK).getFirst().error();
      assertNotNull(error);
      assertTrue(error.contains("bench/peers/peers.py is missing"), error);
    }
  }
}
