package org.lanewise.bench.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.ExitCode;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.ResultFile;

/** {@code compare} on files whose curves are known. */
class CompareCommandTest {
  private static final String GPU = "Some GPU";

  @TempDir private Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int compare(Object... arguments) {
    List<String> command = new ArrayList<>(List.of("compare"));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return Main.run(new PrintWriter(out), new PrintWriter(err), command.toArray(String[]::new));
  }

  private static Work work(int batch, String dtype) {
    return new Work("bce_with_logits", dtype, "binary", batch, 1, "mean", "forward", "normal");
  }

  private static List<MeasuredRow> rows(Implementation who, String dtype, DoubleUnaryOperator nanos, int... batches) {
    List<MeasuredRow> rows = new ArrayList<>();
    for (int batch : batches) {
      double median = nanos.applyAsDouble(batch);
      Time time = new Time(median, 0.98 * median, 1.02 * median, 10);
      rows.add(MeasuredRow.measured(work(batch, dtype), who, time, null));
    }
    return rows;
  }

  private Path file(String name, String kind, String environment, List<MeasuredRow> rows) {
    Path file = folder.resolve(name);
    JsonObject facts = JsonParser.parseString(environment).getAsJsonObject();
    new ResultFile(kind, facts, rows.stream().map(MeasuredRow::toJson).toList()).write(file);
    return file;
  }

  /** 0.4 ns a logit; two threads half of that from 65,536 on. */
  private Path cpu() {
    List<MeasuredRow> rows = rows(Implementation.kernel("vector"), "float32", n -> 0.4 * n, 256, 4096, 65536, 1 << 20);
    rows.addAll(rows(Implementation.kernel("vector", 2), "float32", n -> 0.2 * n, 65536, 1 << 20));
    return file("cpu.json", "bench", "{\"read_bandwidth_bytes_per_s\": 2.5e10}", rows);
  }

  /** A launch of 8 µs and nothing else, so that it takes over at 20,000; with transfers it never does. */
  private Path gpu(String dtype) {
    List<MeasuredRow> rows = new ArrayList<>();
    rows.addAll(
        rows(
            new Implementation("pytorch-compile", GPU, 1, "launch"), dtype, n -> 80 * Math.sqrt(n) / Math.sqrt(2),
            256, 4096, 65536, 1 << 20, 1 << 24));
    rows.addAll(
        rows(
            new Implementation("pytorch-compile", GPU, 1, "pageable"), dtype, n -> 1e6 + 4 * n,
            256, 4096, 65536, 1 << 20));
    return file("gpu.json", "peers", "{\"bandwidth\": {\"device_copy\": {\"gb_per_s\": 4000}}}", rows);
  }

  /** What was printed, without the ends of lines at 80 columns. */
  private String unwrapped() {
    return out.toString().replaceAll("\\s+", " ");
  }

  @Test
  void theCrossoverOfEachTransferAndNumberOfThreads() {
    assertEquals(ExitCode.GOOD, compare(cpu(), gpu("float32")), err.toString());

    String text = unwrapped();
    assertTrue(text.contains("logits/s; pytorch-compile on Some GPU"), text);
    // 0.4 n = 56.57 sqrt(n) at n = 20,000; 0.2 n at 80,000.
    assertTrue(text.contains("launch against vector: faster is launch from batch 20,000 on (18,000 to 22,000)."), text);
    assertTrue(
        text.contains("launch against vector, 2 threads: faster is launch from batch 80,000 on (74,000 to 87,000)."), text);
    assertTrue(text.contains("pageable does not overtake vector at the 4 batch sizes measured."), text);
    assertTrue(
        text.contains(
            "pytorch-compile, Some GPU, launch: 1 point without a partner, and not compared: bce_with_logits float32 of 16777216."),
        text);
    assertFalse(text.contains("No file holds measurements of a GPU"), text);
  }

  /** Peers that are many stand in several tables, each beside the kernel, and one sentence tells of all that never win. */
  @Test
  void aTerminalOf80ColumnsShowsAll() {
    List<MeasuredRow> rows = new ArrayList<>();
    for (String peer : List.of("pytorch-eager", "pytorch-compile", "jax-jit", "onnxruntime")) {
      for (int threads : List.of(1, 2)) {
        rows.addAll(rows(Implementation.kernel(peer, threads), "float32", n -> n, 256, 4096, 65536, 1 << 20));
      }
    }
    assertEquals(ExitCode.GOOD, compare(cpu(), file("peers.json", "peers", "{}", rows)), err.toString());
    out.toString().lines().forEach(line -> assertTrue(line.length() <= 80, line));
    List<String> heads = out.toString().lines().filter(line -> line.matches(" +batch .*")).toList();
    assertEquals(3, heads.size(), out.toString());
    heads.forEach(head -> assertTrue(head.matches(" +batch +vector +2 threads .*"), head));
    assertEquals(3, out.toString().lines().filter(line -> line.matches(" *65,536 +2.50 G +5.00 G( +1.00 G)+")).count());
    assertTrue(
        unwrapped().contains(
            "None of pytorch-eager; pytorch-eager, 2 threads; pytorch-compile; pytorch-compile, 2 threads; jax-jit; jax-jit, 2"
                + " threads; onnxruntime; onnxruntime, 2 threads overtakes vector at the 4 batch sizes measured."),
        out.toString());
  }

  /** Clearly slower once, and otherwise as fast as can be told: that is not "never overtakes". */
  @Test
  void slowerAtOneIsNotSlowerThroughout() {
    List<MeasuredRow> rows = rows(Implementation.kernel("jax-jit"), "float32", n -> n == 256 ? n : 0.39 * n, 256, 4096, 65536);
    rows.addAll(rows(Implementation.kernel("pytorch-eager"), "float32", n -> 5 * n, 256, 4096, 65536));
    rows.addAll(rows(Implementation.kernel("pytorch-compile"), "float32", n -> 6 * n, 256, 4096, 65536));
    assertEquals(ExitCode.GOOD, compare(cpu(), file("peers.json", "peers", "{}", rows)), err.toString());
    String text = unwrapped();
    assertTrue(
        text.contains("jax-jit is slower than vector at 1 of the 3 batch sizes measured, and clearly faster at none."), text);
    assertTrue(text.contains("Neither pytorch-eager nor pytorch-compile overtakes vector at the 3 batch sizes measured."), text);
  }

  @Test
  void whatCouldNotBeMeasuredIsNamed() {
    Implementation launch = new Implementation("pytorch-eager", GPU, 1, "launch");
    List<MeasuredRow> rows = rows(launch, "float32", n -> 5000, 256, 4096);
    rows.add(MeasuredRow.failed(work(65536, "float32"), launch, "out of memory at 65536 x 1 logits in float32"));
    assertEquals(ExitCode.GOOD, compare(cpu(), file("one.json", "peers", "{}", rows)), err.toString());
    assertTrue(
        unwrapped().startsWith(
            "pytorch-eager, Some GPU, launch: 1 point could not be measured: out of memory at 65536 x 1 logits in float32."),
        out.toString());
    out.getBuffer().setLength(0);

    List<MeasuredRow> none = List.of(rows.getLast(), MeasuredRow.failed(work(256, "float32"), launch, "Else."));
    assertEquals(ExitCode.ENVIRONMENT, compare(cpu(), file("none.json", "peers", "{}", none)));
    assertEquals(
        "pytorch-eager, Some GPU, launch: 2 points could not be measured, the first for this reason: out of memory at 65536 x 1"
            + " logits in float32. ",
        unwrapped());
  }

  /** Where the times of both overlap nobody is said to be faster. */
  @Test
  void whatIsNotClearIsNotClaimed() {
    Implementation launch = new Implementation("pytorch-eager", GPU, 1, "launch");
    List<MeasuredRow> rows = rows(launch, "float32", n -> n < 65536 ? 0.4 * n : 0.1 * n, 256, 4096, 65536, 1 << 20);
    rows.addAll(rows(new Implementation("pytorch-eager", GPU, 1, "pageable"), "float32", n -> 0.4 * n, 256));
    assertEquals(ExitCode.GOOD, compare(cpu(), file("gpu.json", "peers", "{}", rows)), err.toString());
    String text = unwrapped();
    assertTrue(
        text.contains("launch is faster than vector at 2 of the 4 batch sizes measured, and clearly slower at none."), text);
    assertTrue(text.contains("launch is faster than vector, 2 threads at the 2 batch sizes measured."), text);
    assertTrue(text.contains("pageable and vector: neither is clearly faster at the one batch size measured."), text);
    assertTrue(text.contains("pageable and vector, 2 threads have no batch size in common."), text);
  }

  @Test
  void theShareOfEachDevicesOwnBandwidth() {
    assertEquals(ExitCode.GOOD, compare(cpu(), gpu("float32")), err.toString());
    // 8 bytes in 0.4 ns are 20 GB/s of 25; at 2^20, 8 MiB in 57.9 µs are 145 GB/s of 4000.
    assertTrue(out.toString().matches("(?s).*of bandwidth +80 % +- +4 % +0 %.*"), out.toString());
  }

  /** A bandwidth that is none gives no share. */
  @Test
  void noShareOfNothing() throws IOException {
    Path gpu = gpu("float32");
    for (String none : List.of("0", "-4", "\"x\"")) {
      Files.writeString(gpu, Files.readString(gpu).replaceFirst("\"gb_per_s\": ?[^}]+", "\"gb_per_s\":" + none));
      out.getBuffer().setLength(0);
      assertEquals(ExitCode.GOOD, compare(cpu(), gpu), err.toString());
      assertTrue(out.toString().matches("(?s).*of bandwidth +80 % +- +- +-\n.*"), out.toString());
    }
  }

  @Test
  void whatABillionLogitsCost() {
    assertEquals(ExitCode.GOOD, compare(cpu(), gpu("float32"), "--price", "cpu=0.09", "--price", "GPU=3.6"), err.toString());
    // 0.4 s of an hour at 0.09; at 2^20, 55.2 ns a thousand logits are 0.0552 s of an hour at 3.6.
    assertTrue(out.toString().matches("(?s).*per 10\\^9 +1.00e-05 +5.00e-06 +5.52e-05.*"), out.toString());
  }

  /** A price that is nobody's is a slip of the keyboard; of two that fit, the longer name is the closer one. */
  @Test
  void aPriceIsThatOfADevice() {
    for (String slip : List.of("gpu=3.6", "cpu=0.09,GPU=3.6")) {
      err.getBuffer().setLength(0);
      assertEquals(ExitCode.USAGE, compare(cpu(), gpu("float32"), "--price", slip));
      assertTrue(err.toString().endsWith("choose from cpu, Some GPU.\n"), err.toString());
    }
    assertEquals("", out.toString());
    assertEquals(ExitCode.GOOD, compare(cpu(), gpu("float32"), "--price", "G=1", "--price", "GPU=3.6", "--price", "GP=2"));
    assertTrue(out.toString().matches("(?s).*per 10\\^9 +- +- +5.52e-05.*"), out.toString());
    for (String none : List.of("=3", "cpu=", "cpu=0", "cpu=-1", "cpu=NaN", "cpu=1e999", "cpu=free", "0.09")) {
      err.getBuffer().setLength(0);
      assertEquals(ExitCode.USAGE, compare(cpu(), gpu("float32"), "--price", none));
      assertTrue(err.toString().contains("--price %s is no price".formatted(none)), err.toString());
    }
  }

  @Test
  void aReportIsWritten() throws IOException {
    Path report = folder.resolve("r.html");
    assertEquals(ExitCode.GOOD, compare(cpu(), gpu("float32"), "--report", report), err.toString());
    String html = Files.readString(report);
    assertTrue(html.contains(GPU));
    // launch overtakes one thread and two; pageable, drawn as well, overtakes nobody.
    assertEquals(2, html.split("<circle class=\"ring\" cx=\"\\d+\\.\\d\" cy", -1).length - 1);
    assertTrue(html.contains("<li>launch against vector: faster is launch from batch 20,000 on (18,000 to 22,000).</li>"));
    assertTrue(html.contains("</svg>pageable</li>"));
    assertTrue(html.contains("What is timed: <b>launch</b>: "));
    assertTrue(html.contains("Without a partner, and not compared: pytorch-compile, Some GPU, launch (1 point)."));
    Matcher data =
        Pattern.compile("\\[\"vector\",\"([^\"]*)\",20000,([0-9.]+),([0-9.]+),\"([^\"]*)\"\\]").matcher(html);
    assertTrue(data.find(), "in the data of the page");
    assertEquals("pytorch-compile, Some GPU, launch", data.group(1));
    assertEquals(20000 / Math.pow(1.02 / 0.98, 2), Double.parseDouble(data.group(2)), 10);
    assertEquals(20000 * Math.pow(1.02 / 0.98, 2), Double.parseDouble(data.group(3)), 10);
    assertEquals(data.group(1), data.group(4), "the faster one");
  }

  @Test
  void ofOneBatchSizeThereIsNoPlot() throws IOException {
    Path report = folder.resolve("r.html");
    Path gpu = file("gpu.json", "peers", "{}", rows(new Implementation("pytorch-eager", GPU, 1, "launch"), "float32", n -> n, 4096));
    assertEquals(ExitCode.GOOD, compare(cpu(), gpu, "--report", report), err.toString());
    assertFalse(Files.readString(report).contains("id=\"crossover\""));
  }

  @Test
  void aReportNeverReplacesWhatItIsMadeFrom() throws IOException {
    Path cpu = cpu();
    String before = Files.readString(cpu);
    assertEquals(ExitCode.USAGE, compare(cpu, gpu("float32"), "--report", cpu));
    assertTrue(err.toString().contains("--report %s would overwrite".formatted(cpu)), err.toString());
    assertEquals(before, Files.readString(cpu));
  }

  @Test
  void otherWorkIsNotCompared() {
    assertEquals(ExitCode.ENVIRONMENT, compare(cpu(), gpu("bfloat16")));
    assertEquals(
        "lanewise: No point was measured by both 'vector' (bce_with_logits float32) and pytorch-compile"
            + " (bce_with_logits bfloat16): different work is not compared; measure the same preset and dtype.\n",
        err.toString());
  }

  @Test
  void withoutAGpuThePeersAreComparedAndTheTextSaysSo() {
    List<MeasuredRow> rows = rows(Implementation.kernel("vector"), "float32", n -> 0.4 * n, 256, 4096);
    rows.addAll(rows(Implementation.kernel("scalar"), "float32", n -> 4 * n, 256, 4096));
    rows.addAll(rows(Implementation.kernel("jax-jit"), "float32", n -> n + 1000, 256, 4096));
    assertEquals(ExitCode.GOOD, compare(file("cpu.json", "bench", "{}", rows)), err.toString());
    assertTrue(out.toString().contains("jax-jit does not overtake vector at the 2 batch sizes measured."), out.toString());
    assertFalse(out.toString().contains("scalar"), out.toString());
    assertTrue(out.toString().contains("No file holds measurements of a GPU"), out.toString());
  }

  /** Times of two machines are no curve, and have no ratio. */
  @Test
  void otherCpusAreNotCompared() {
    List<MeasuredRow> kernel = rows(Implementation.kernel("vector"), "float32", n -> 0.4 * n, 256, 4096);
    List<MeasuredRow> peer = rows(Implementation.kernel("jax-jit"), "float32", n -> n, 256, 4096);
    Path one = file("one.json", "bench", "{\"cpu\": \"A\"}", kernel);
    assertEquals(ExitCode.ENVIRONMENT, compare(one, file("peer.json", "peers", "{\"cpu\": \"B\"}", peer)));
    assertTrue(err.toString().contains("neither a GPU nor peers on the same CPU"), err.toString());
    err.getBuffer().setLength(0);
    assertEquals(ExitCode.ENVIRONMENT, compare(one, file("two.json", "bench", "{\"cpu\": \"B\"}", kernel), gpu("float32")));
    assertTrue(err.toString().contains("'vector' was measured on 2 CPUs (A, B)"), err.toString());
    assertEquals(1, err.toString().lines().count(), err.toString());
  }

  @Test
  void pointsOfAnotherDtypeInTheSameFileHaveNoPartner() {
    List<MeasuredRow> rows = rows(new Implementation("pytorch-eager", GPU, 1, "launch"), "float32", n -> 5000, 256, 4096);
    rows.addAll(rows(new Implementation("pytorch-eager", GPU, 1, "launch"), "bfloat16", n -> 1, 256, 4096, 65536));
    assertEquals(ExitCode.GOOD, compare(cpu(), file("mixed.json", "peers", "{}", rows)), err.toString());
    assertTrue(out.toString().contains("launch does not overtake vector at the 2 batch sizes measured."), out.toString());
    assertTrue(
        unwrapped().contains("launch: 3 points without a partner, and not compared: bce_with_logits bfloat16 of 256, 4096, 65536."),
        out.toString());
  }

  @Test
  void badInputIsOneSentence() throws IOException {
    Path good = gpu("float32");
    String text = Files.readString(good);

    wrong("has version 7", text.replace("\"version\": 1", "\"version\": 7"));
    wrong("lacks \"environment\"", text.replace("\"environment\"", "\"surroundings\""));
    wrong("a time of it is -", text.replaceFirst("\"median\":", "\"median\":-"));
    wrong("a time of it is 0.0 ns", text.replaceFirst("\"low\":[0-9.]+", "\"low\":0"));
    wrong("a time of it is NaN", text.replaceFirst("\"low\":[0-9.]+", "\"low\":\"NaN\""));
    wrong("its times are not in order", text.replaceFirst("\"high\":[0-9.]+", "\"high\":0.5"));
    wrong("There is no dtype 'float31'", text.replace("float32", "float31"));
    wrong("its time is in \"s\", expected ns/call", text.replaceFirst("ns/call", "s"));
    wrong("holds results of kind 'verify'", text.replace("lanewise/peers", "lanewise/verify"));
    wrong("key \"threads\" is 1000000000000, expected an integer", text.replaceFirst("\"threads\":1", "\"threads\":1000000000000"));
    wrong("expected a text without control characters", text.replaceFirst("\"name\":\"", "\"name\":\"\\\\u001b"));
    wrong("key \"name\" is \"\"", text.replaceFirst("\"name\":\"[^\"]*", "\"name\":\""));
    wrong("is not JSON", text.substring(0, text.length() / 2));
    wrong("is empty", "");
    wrong("is not a result file", "{}");
    wrong("No file holds measurements of the kernel 'vector' on the CPU", text);
    assertEquals(ExitCode.USAGE, compare(cpu(), good, "--against", "nobody"));
    assertTrue(err.toString().endsWith("there is pytorch-compile.\n"), err.toString());
    assertEquals(ExitCode.USAGE, compare(cpu(), good, "--price", "cpu"));
    assertTrue(err.toString().contains("--price cpu is no price"), err.toString());
  }

  @Test
  void aWrongRowIsNamedWithItsFile() throws IOException {
    Path file = folder.resolve("wrong.json");
    Files.writeString(file, Files.readString(gpu("float32")).replaceFirst("\"low\":[0-9.]+", "\"low\":0"));
    assertEquals(ExitCode.ENVIRONMENT, compare(cpu(), file));
    assertTrue(err.toString().startsWith("lanewise: %s: Row 0 ".formatted(file)), err.toString());
  }

  private void wrong(String sentence, String text) throws IOException {
    err.getBuffer().setLength(0);
    Path file = folder.resolve("wrong.json");
    Files.writeString(file, text);
    assertEquals(ExitCode.ENVIRONMENT, compare(file), err.toString());
    assertTrue(err.toString().contains(sentence), err.toString());
    assertEquals(1, err.toString().lines().count(), err.toString());
  }
}
