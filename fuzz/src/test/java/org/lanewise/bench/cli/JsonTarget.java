package org.lanewise.bench.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.lanewise.bench.UserError;
import org.lanewise.bench.compare.Comparison;
import org.lanewise.bench.compare.Prices;
import org.lanewise.bench.gate.GateFile;
import org.lanewise.bench.gate.GatePolicy;
import org.lanewise.bench.gate.GateResult;
import org.lanewise.bench.gate.fork.ForkFiles;
import org.lanewise.bench.grid.Grid;
import org.lanewise.bench.report.HtmlReport;
import org.lanewise.bench.results.ResultFile;
import org.lanewise.conformance.cases.DataException;
import org.lanewise.conformance.cases.ReferenceData;
import org.lanewise.conformance.cases.Safetensors;
import org.lanewise.fuzz.Choices;
import org.lanewise.fuzz.JsonEdits;
import org.lanewise.fuzz.Sentences;
import org.lanewise.fuzz.Target;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/**
 * Every reader of JSON that a user names: reference data, result files with all that is made of them (page, tables, verdicts),
 * grids, policies; and the files of the gate's forks. Each is given the input, whatever format that claims to have, and once
 * more a right file that the input, taken for choices, has edited.
 */
public final class JsonTarget implements Target {
  private static final String CASES = "cases/x.json";
  private static final String TENSORS = "tensors/x.safetensors";

  private static final Pattern REFERENCE_DATA = Pattern.compile("lanewise/(cases|rules|reference-data)");

  private final Path folder;
  private final Path file;
  private final byte[] tensors;
  private final ResultFile kernels;
  private final List<String> texts = new ArrayList<>();

  /** Works in a folder of its own. */
  public JsonTarget() {
    try {
      folder = Files.createTempDirectory(Files.createDirectories(Path.of("target", "json")), "of");
      file = folder.resolve("input.json");
      Files.createDirectories(folder.resolve("cases"));
      Files.createDirectories(folder.resolve("tensors"));
      Map<String, Tensor> stored = new LinkedHashMap<>();
      stored.put("x", Tensor.of(new float[] {1, 2}, 2));
      stored.put("t", Tensor.of(new float[] {0, 1}, 2));
      stored.put("e", Tensor.of(new double[] {1.3132616875182228, 0.12692801104297252}, 2));
      stored.put("i", Tensor.of(new long[] {1, 0}, 2));
      stored.put("n", Tensor.zeros(DType.FLOAT16, 0));
      tensors = Safetensors.write(stored, Map.of());
      Files.write(folder.resolve(TENSORS), tensors);
      Files.writeString(folder.resolve(CASES), resource("cases.json"));
      Path measured = folder.resolve("kernels.json");
      Files.writeString(measured, resource("kernels.json"));
      kernels = ResultFile.read(measured, Comparison.KINDS);
      for (byte[] seed : files()) {
        texts.add(new String(seed, StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void feed(byte[] input) throws Exception {
    read(input);
    read(JsonEdits.of(texts, new Choices(input)).getBytes(StandardCharsets.UTF_8));
  }

  private void read(byte[] input) throws Exception {
    write(file, input);
    String text = new String(input, StandardCharsets.UTF_8);
    if (REFERENCE_DATA.matcher(text).find()) { // three files, of which other inputs are none
      refusable(() -> referenceData(input, text));
    }
    refusable(
        () -> {
          ResultFile results = ResultFile.read(file, HtmlReport.KINDS);
          HtmlReport report = new HtmlReport(List.of(results));
          report.html();
          results.text();
        });
    refusable(
        () -> {
          List<ResultFile> results = List.of(kernels, ResultFile.read(file, Comparison.KINDS));
          Comparison comparison = Comparison.of(results, "vector", List.of());
          Objects.requireNonNull(new CompareTable(comparison, new Prices(List.of("cpu=0.09"))).toString());
          new HtmlReport(results, comparison).html();
        });
    refusable(
        () -> {
          GateResult result = GateFile.read(file);
          GateTable.of(result);
          GateSummary.of(result);
          GateJUnit.suite(result);
          GateFile.of(result).text();
        });
    refusable(() -> Grid.read(file));
    refusable(() -> GatePolicy.read(file).unmatched(List.of()));
    refusable(() -> ForkFiles.read(file));
  }

  /** Something that reads. */
  private interface Reading {
    void run() throws Exception;
  }

  private static void refusable(Reading reading) throws Exception {
    try {
      reading.run();
    } catch (UserError | DataException e) {
      Sentences.check(e);
    }
  }

  /** The input as the cases, the rules and the index of a folder whose other files are right. */
  private void referenceData(byte[] input, String text) throws IOException {
    if (text.contains("lanewise/reference-data")) {
      write(folder.resolve("index.json"), input);
    } else {
      String name = text.contains("lanewise/rules") ? "rules.json" : CASES;
      write(folder.resolve(name), input);
      String others = name.equals(CASES) ? "" : entry(CASES, Files.readAllBytes(folder.resolve(CASES))) + ",";
      String index =
          """
          {"format":"lanewise/reference-data","version":1,"versions":{"torch":"2"},"files":{%s%s,%s}}"""
              .formatted(others, entry(name, input), entry(TENSORS, tensors));
      write(folder.resolve("index.json"), index.getBytes(StandardCharsets.UTF_8));
    }
    ReferenceData data = ReferenceData.of(folder);
    data.cases().forEach(c -> c.inputs());
    data.cases().forEach(c -> c.reduction());
  }

  /** A new file each time: some file systems wait for the disk where one is written over. */
  private static void write(Path file, byte[] content) throws IOException {
    Files.deleteIfExists(file);
    Files.write(file, content);
  }

  private static String entry(String name, byte[] content) {
    try {
      String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
      return "\"%s\":{\"bytes\":%d,\"sha256\":\"%s\"}".formatted(name, content.length, sum);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String resource(String name) throws IOException {
    try (var stream = JsonTarget.class.getResourceAsStream("/seeds/" + name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Override
  public List<byte[]> seeds() throws IOException {
    List<byte[]> seeds = new ArrayList<>(files());
    seeds.addAll(Choices.random(24));
    return seeds;
  }

  /** A right file of each format. */
  private List<byte[]> files() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (String name :
        List.of(
            "cases.json", "rules.json", "kernels.json", "peers.json", "verify.json", "validate.json", "gate.json",
            "certificate.json", "grid.json", "policy.json", "fork.json")) {
      seeds.add(resource(name).getBytes(StandardCharsets.UTF_8));
    }
    seeds.add(
        "{\"format\":\"lanewise/reference-data\",\"version\":1,\"versions\":{\"torch\":\"2\"},\"files\":{%s}}"
            .formatted(entry(TENSORS, tensors))
            .getBytes(StandardCharsets.UTF_8));
    return seeds;
  }

  @Override
  public List<String> words() {
    return List.of(
        "\"format\":", "\"lanewise/bench\"", "\"lanewise/gate\"", "\"lanewise/verify\"", "\"lanewise/validate\"",
        "\"lanewise/certificate\"", "\"lanewise/peers\"", "\"lanewise/cases\"", "\"lanewise/grid\"", "\"results\":", "\"environment\":",
        "\"counts\":", "\"errors\":", "\"work\":", "\"implementation\":", "\"time\":", "\"jmh\":", "\"error\":", "\"worst\":",
        "\"max_ulp\":", "\"histogram\":", "\"curve\":", "\"rounds\":", "\"judgement\":", "\"only\":", "\"base\"", "\"waiver\":",
        "\"recipe\":", "\"positions\":", "\"text\":", "\"exact_low\":", "\"inputs\":", "\"expect\":", "\"outputs\":", "\"x\"", "\"i\"");
  }
}
