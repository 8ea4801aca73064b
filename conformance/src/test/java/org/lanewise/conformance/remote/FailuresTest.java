package org.lanewise.conformance.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanewise.conformance.calls.KernelCall;
import org.lanewise.kernels.spi.BceWithLogitsCall;
import org.lanewise.kernels.spi.KernelProvider;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** Whatever becomes of a process, a request ends in one sentence, the next is answered, and nothing is left behind. */
class FailuresTest {
  private static final Message DESCRIBE = Message.of("request", "describe");
  private static final String DESCRIPTION = "{\"answer\": \"description\"}";

  @AfterEach
  void nothingIsLeft() {
    // Within seconds: the system takes its time to end a process.
    List<ProcessHandle> left = ProcessHandle.current().descendants().toList();
    for (int i = 0; i < 100 && left.stream().anyMatch(ProcessHandle::isAlive); i++) {
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    assertEquals(List.of(), left.stream().filter(ProcessHandle::isAlive).map(p -> p.info().toString()).toList());
  }

  /** The sentence of a request that fails. */
  private static String failure(ChildProcess process) {
    return assertThrows(RemoteFailure.class, () -> process.ask(DESCRIBE)).getMessage();
  }

  private static ChildProcess raw(String... arguments) {
    return Children.of(RawChild.class, arguments);
  }

  private static void run(RemoteImplementation remote, String kernel) {
    BceWithLogitsCall<float[]> call = new BceWithLogitsCall<>();
    call.rows = 1;
    call.columns = 2;
    call.logits.set(new float[] {1, 2}, 0, 2, 1);
    call.target.set(new float[] {0, 1}, 0, 2, 1);
    call.loss.set(new float[2], 0, 2, 1);
    KernelProvider provider =
        remote.kernels().stream().filter(k -> k.provider().id().equals(kernel)).findFirst().orElseThrow().provider();
    KernelCall.of(DType.FLOAT32, call).on(provider).run();
    assertEquals(1.3132617f, call.loss.array[0]);
  }

  @Test
  void aKernelThatDoesNotReturnCostsOneCall() {
    try (ChildProcess process = new ChildProcess(Children.command(KernelChild.class), Duration.ofSeconds(2), 300L << 20)) {
      RemoteImplementation remote = RemoteImplementation.of(process, true);
      List<List<String>> ends =
          List.of(
              List.of("exits", "The process ended with exit code 0 (a call of exit) before it answered."),
              List.of("halts", "The process ended with exit code 7 before it answered."),
              List.of("says-and-halts", "The process ended with exit code 9 before it answered. It said: the last words"),
              List.of("throws", "The call ended with java.lang.IllegalStateException: I am sick."),
              List.of("eats", "The process used more memory than the limit of 300 MiB, and was ended."),
              List.of("loops", "There was no answer within 2 s, and the process was ended."));
      for (List<String> end : ends) {
        run(remote, "scalar"); // started again, and warm
        RemoteFailure failure = assertThrows(RemoteFailure.class, () -> run(remote, end.getFirst()));
        assertEquals(end.getLast(), failure.getMessage(), end.getFirst());
      }
      run(remote, "scalar");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text | Good morning, here is some text. | is something else printed to standard output?",
        "prints-first | Starting up, please wait. | ",
        "length | 4611686018427387904 | a frame of 4611686018427387904 bytes",
        "part-and-end | | The process ended with exit code 0",
        "closes-output | | The process closed its standard output without an answer, and was ended.",
      })
  void whatIsNoFrameIsASentence(String kind, String text, String expected) {
    try (ChildProcess process = raw(kind, text == null ? "" : text)) {
      String sentence = failure(process);
      assertTrue(sentence.contains(expected == null ? "standard output" : expected), sentence);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-1 | a frame of 18446744073709551615 bytes",
        "0 | Its frame cannot be read: The frame has 0 bytes, too few for a safetensors header.",
      })
  void aWrongLengthIsASentence(long length, String expected) {
    String sentence = unreadable(RawChild.length(length));
    assertTrue(sentence.contains(expected), sentence);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "not JSON | Its frame cannot be read: The frame is not valid JSON",
        "[] | Its frame cannot be read: The frame is not one JSON object.",
        "{} | Its frame cannot be read: The frame has no __metadata__.",
        "{\"__metadata__\": {\"lanewise\": 3}} | should be a string.",
        "{\"__metadata__\": {\"lanewise\": \"[1]\"}} | The message in its frame is no JSON object.",
        "{\"__metadata__\": {\"lanewise\": \"{\"}} | Its frame cannot be read: ",
        "{\"__metadata__\": {\"lanewise\": \"{}\"}, \"a\": {\"dtype\": \"F32\", \"shape\": [1073741824, 1073741824, 8], \"data_offsets\": [0, 0]}} | do not fit its shape",
        "{\"__metadata__\": {\"lanewise\": \"{}\"}, \"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]}} | do not fit its shape [4], or the file.",
      })
  void aWrongFrameIsASentence(String header, String expected) throws IOException {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.write(RawChild.length(Long.BYTES + header.length()));
    frame.write(RawChild.length(header.length()));
    frame.write(header.getBytes(StandardCharsets.UTF_8));
    String sentence = unreadable(frame.toByteArray());
    assertTrue(sentence.contains(expected), sentence);
  }

  private static String unreadable(byte[] frame) {
    return assertThrows(RemoteFailure.class, () -> Message.read(new ByteArrayInputStream(frame))).getMessage();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"answer\": 3} | It answered 3, expected \"description\".",
        "{\"answer\": \"failed\"} | The process failed and does not say why.",
        "{\"answer\": \"description\", \"kernels\": 3} | 'kernels': 3, expected a list.",
        "{\"answer\": \"description\", \"kernels\": [3]} | the kernel 3, expected an object with an id.",
        "{\"answer\": \"description\", \"kernels\": [{\"id\": \"a\"}, {\"id\": \"a\"}]} | two kernels 'a'",
        "{\"answer\": \"description\", \"kernels\": [{\"id\": \"a\", \"lanes\": 1e9}]} | 'lanes': 1e9, expected an integer from 0 to 65536.",
        "{\"answer\": \"description\", \"kernels\": [{\"id\": \"a\", \"lanes\": 1.5}]} | 'lanes': 1.5, expected an integer",
        "{\"answer\": \"description\", \"kernels\": [{\"id\": \"a\", \"declarations\": [{\"operation\": \"bce_with_logits\", \"dtype\": \"float32\", \"loss_ulp\": \"NaN\"}]}]} | 'loss_ulp': \"NaN\", expected a number from 0 up",
        "{\"answer\": \"description\", \"kernels\": [{\"id\": \"a\", \"declarations\": [{\"operation\": \"bce_with_logits\", \"dtype\": \"float32\", \"reproducible_bits\": 1}]}]} | 'reproducible_bits': 1, expected true or false.",
        "{\"answer\": \"description\", \"operations\": [1]} | 1 among the operations, expected names.",
      })
  void aWrongDescriptionIsASentence(String json, String expected) {
    Message answer = new Message(JsonParser.parseString(json).getAsJsonObject(), Map.of());
    String sentence = assertThrows(RemoteFailure.class, () -> Description.of(answer)).getMessage();
    assertTrue(sentence.contains(expected), sentence);
  }

  @ParameterizedTest
  @CsvSource({"part", "never-reads"})
  void aProcessThatStopsHalfWayIsEndedInTime(String kind) {
    // More than a pipe holds, so that writing the request blocks too.
    Message large = Message.of("request", "large");
    large.tensors().put("a", Tensor.zeros(DType.FLOAT32, 1 << 20));
    RunningProcess running = RunningProcess.start(Children.command(RawChild.class, kind));
    RemoteFailure failure =
        assertThrows(RemoteFailure.class, () -> running.ask(large, Duration.ofMillis(1500), Children.MEMORY));
    running.kill();
    assertEquals("There was no answer within 1.5 s, and the process was ended.", failure.getMessage());
  }

  @Test
  void aSecondAnswerIsNotTakenForTheNext() {
    try (ChildProcess process = raw("twice", DESCRIPTION)) {
      process.ask(DESCRIBE);
      String sentence = failure(process);
      assertTrue(sentence.startsWith("It wrote to its standard output without being asked;"), sentence);
      process.ask(DESCRIBE); // of a new process
    }
  }

  @Test
  void aCommandThatDoesNotExistIsASentence() {
    try (ChildProcess process = new ChildProcess(List.of("/no/such/program", "x"), Children.TIME, Children.MEMORY)) {
      String sentence = failure(process);
      assertTrue(sentence.startsWith("The command '/no/such/program x' cannot be started: "), sentence);
    }
  }

  /** 64 MiB without a line end are neither kept nor left unread, which would hold the process up. */
  @Test
  void ofAFloodOnStandardErrorTheEndIsShown() {
    try (ChildProcess process = raw("floods-error", "the last words")) {
      String sentence = failure(process);
      assertTrue(sentence.startsWith("The process ended with exit code 5 before it answered. It said: …x"), sentence);
      assertTrue(sentence.endsWith("x / the last words"), sentence);
      assertTrue(sentence.length() < 400, sentence.length() + " characters");
    }
  }

  @Test
  void signalsHaveNames() {
    try (ChildProcess process = new ChildProcess(List.of("sh", "-c", "kill -SEGV $$"), Children.TIME, Children.MEMORY)) {
      assertEquals("The process ended with SIGSEGV (a crash on a memory access) before it answered.", failure(process));
    }
  }

  /** It holds the streams open, and no parent leads to it any more. */
  @Test
  void aGrandchildDoesNotOutliveItsParent() throws IOException {
    String seconds = Long.toString(1_000_000 + System.nanoTime() % 1_000_000);
    try (ChildProcess process = raw("grandchild", seconds)) {
      assertEquals("The process ended with exit code 5 before it answered.", failure(process));
    }
    for (int i = 0; i < 100 && runs(seconds); i++) {
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    assertFalse(runs(seconds));
  }

  private static boolean runs(String argument) {
    return ProcessHandle.allProcesses()
        .anyMatch(p -> p.info().commandLine().filter(line -> line.endsWith("sleep " + argument)).isPresent());
  }

  @Test
  void theMemoryOfItsOwnChildrenCounts() {
    List<String> shell = List.of("sh", "-c", "head -c 200m /dev/zero | tail -c 200m | sleep 60");
    try (ChildProcess process = new ChildProcess(shell, Children.TIME, 100L << 20)) {
      assertEquals("The process used more memory than the limit of 100 MiB, and was ended.", failure(process));
    }
  }

  @Test
  void closeEndsAProcessThatIgnoresTheEndOfItsInput() {
    ChildProcess process = raw("ignores-end", DESCRIPTION);
    process.ask(DESCRIBE);
    process.close();
    process.close();
    assertThrows(IllegalStateException.class, () -> process.ask(DESCRIBE));
  }

  @Test
  void closeDoesNotWaitForAnAnswer() throws InterruptedException {
    ChildProcess process = new ChildProcess(Children.command(RawChild.class, "never-reads"), Duration.ofHours(1), Children.MEMORY);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread asks = Thread.ofPlatform().start(() -> keep(thrown, process));
    Thread.sleep(300);
    process.close();
    asks.join(5000);
    assertFalse(asks.isAlive());
    assertTrue(thrown.get() instanceof RemoteFailure, String.valueOf(thrown.get()));
  }

  @Test
  void anInterruptEndsTheRequest() throws InterruptedException {
    try (ChildProcess process = new ChildProcess(Children.command(RawChild.class, "never-reads"), Duration.ofHours(1), Children.MEMORY)) {
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread asks = Thread.ofPlatform().start(() -> keep(thrown, process));
      Thread.sleep(100);
      asks.interrupt();
      asks.join(5000);
      assertEquals("Waiting for the answer was interrupted.", thrown.get().getMessage());
    }
  }

  private static void keep(AtomicReference<Throwable> thrown, ChildProcess process) {
    try {
      process.ask(DESCRIBE);
    } catch (Throwable e) {
      thrown.set(e);
    }
  }

  /** Threads and files of processes that failed are not kept. */
  @Test
  void manyFailuresLeaveNoThreads() {
    long before = talkers();
    try (ChildProcess process = new ChildProcess(List.of("true"), Children.TIME, Children.MEMORY)) {
      for (int i = 0; i < 20; i++) {
        failure(process);
      }
    }
    for (int i = 0; i < 100 && talkers() > before; i++) {
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    assertTrue(talkers() <= before);
  }

  private static long talkers() {
    return Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().endsWith("child")).count();
  }
}
