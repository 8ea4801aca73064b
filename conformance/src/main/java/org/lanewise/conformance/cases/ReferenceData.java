package org.lanewise.conformance.cases;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.lanewise.kernels.tensor.DType;
import org.lanewise.kernels.tensor.Tensor;

/** The stored cases of all operations. Reading checks every file's size, SHA-256 and format before it is used. */
public final class ReferenceData {
  private static final int VERSION = 1;

  /** The tensors of a file; cases that name the same one have a copy each. */
  private static final class Stored {
    /** Of all copies of a file's tensors. A file of few bytes may name one often enough to exhaust any memory. */
    private static final long MOST_BYTES = 64L << 20;

    private final Safetensors file;
    private long bytes;

    Stored(Safetensors file) {
      this.file = file;
    }

    /** The tensor that an entry names. */
    Tensor tensor(Json entry, String key) {
      Tensor tensor = file.tensor(entry.string(key));
      bytes += (long) tensor.numel() * tensor.dtype().bytes();
      if (bytes > MOST_BYTES) {
        throw entry.wrong(
            key, "one of tensors of at most %d bytes together, each counted as often as it is named".formatted(MOST_BYTES));
      }
      return tensor;
    }
  }

  private final List<ReferenceCase> cases;
  private final List<TorchRule> rules;
  private final String torchVersion;

  private ReferenceData(List<ReferenceCase> cases, List<TorchRule> rules, String torchVersion) {
    this.cases = List.copyOf(cases);
    this.rules = List.copyOf(rules);
    this.torchVersion = torchVersion;
  }

  /**
   * The data that Lanewise ships.
   *
   * @throws DataException if it is not on the class path, or damaged
   */
  public static ReferenceData builtIn() {
    return read(new DataFolder(null), _ -> true);
  }

  /**
   * The data of one operation that Lanewise ships. Reads no file of another, which takes half the time: for a
   * program that wants one case.
   *
   * @throws DataException if it is not on the class path, or damaged
   */
  public static ReferenceData builtIn(String operation) {
    return read(new DataFolder(null), name -> name.matches("(cases|tensors)/" + Pattern.quote(operation) + "\\.\\w+"));
  }

  /**
   * The data of a folder that {@code generate.py} wrote.
   *
   * @throws DataException if it is missing or damaged
   */
  public static ReferenceData of(Path folder) {
    return read(new DataFolder(folder), _ -> true);
  }

  /** All cases, operation by operation. */
  public List<ReferenceCase> cases() {
    return cases;
  }

  /** The rules that the cases cover; none where the data has no {@code rules.json}. */
  public List<TorchRule> rules() {
    return rules;
  }

  /** The version of the PyTorch whose outputs are stored. */
  public String torchVersion() {
    return torchVersion;
  }

  /**
   * The case of the given id.
   *
   * @throws DataException if there is none
   */
  public ReferenceCase require(String id) {
    return cases.stream()
        .filter(c -> c.id().equals(id))
        .findFirst()
        .orElseThrow(() -> new DataException("The reference data has no case '%s'; write it anew.".formatted(id)));
  }

  private static ReferenceData read(DataFolder folder, Predicate<String> wanted) {
    Json index =
        Json.parse(folder.describe("index.json"), folder.read("index.json"))
            .requireFormat("lanewise/reference-data", VERSION);
    Json sums = index.object("files");
    Map<String, byte[]> files = new TreeMap<>();
    for (String name : sums.keys()) {
      if (wanted.test(name)) {
        Json sum = sums.object(name);
        files.put(name, folder.readChecked(name, sum.integer("bytes"), sum.string("sha256")));
      }
    }
    List<ReferenceCase> cases = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      if (!file.getKey().startsWith("cases/")) {
        continue;
      }
      String where = folder.describe(file.getKey());
      Json json = Json.parse(where, file.getValue()).requireFormat("lanewise/cases", VERSION);
      String operation = json.string("operation");
      String tensorFile = json.string("tensors");
      byte[] tensorBytes = files.get(tensorFile);
      if (tensorBytes == null) {
        throw json.wrong("tensors", "the name of a file that the index lists");
      }
      Stored tensors = new Stored(new Safetensors(folder.describe(tensorFile), tensorBytes));
      for (Json entry : json.objects("cases")) {
        ReferenceCase parsed = readCase(entry, operation, tensors);
        if (!parsed.id().matches("[a-z0-9_]+/[a-z0-9_]+/[A-Za-z0-9_.+-]+")) {
          throw entry.wrong("id", "operation/region/detail in letters, digits and _ . + -");
        }
        if (!ids.add(parsed.id())) {
          throw entry.wrong("id", "unique; '%s' occurs twice".formatted(parsed.id()));
        }
        cases.add(parsed);
      }
    }
    if (cases.isEmpty()) {
      throw new DataException("%s lists no cases; write the data anew.".formatted(folder.describe("index.json")));
    }
    List<TorchRule> rules = new ArrayList<>();
    if (files.containsKey("rules.json")) {
      Json json = Json.parse(folder.describe("rules.json"), files.get("rules.json")).requireFormat("lanewise/rules", VERSION);
      for (Json rule : json.objects("rules")) {
        rules.add(new TorchRule(rule.string("id"), rule.string("section"), rule.string("text")));
      }
    }
    return new ReferenceData(cases, rules, index.object("versions").string("torch"));
  }

  private static ReferenceCase readCase(Json entry, String operation, Stored tensors) {
    Json inputs = entry.object("inputs");
    Map<String, Tensor> stored = new LinkedHashMap<>();
    Map<String, Json> recipes = new LinkedHashMap<>();
    for (String name : inputs.keys()) {
      Json input = inputs.object(name);
      if (input.has("recipe")) {
        recipes.put(name, input);
      } else {
        stored.put(name, tensor(input, "tensor", tensors));
      }
    }
    return new ReferenceCase(
        entry.string("id"),
        operation,
        entry.string("region"),
        entry.strings("rules"),
        inputs.keys().isEmpty() ? "none" : dtype(inputs.object(inputs.keys().getFirst())).id(),
        () -> {
          Map<String, Tensor> all = new LinkedHashMap<>(stored);
          recipes.forEach((name, input) -> all.put(name, Recipe.tensor(input, dtype(input), shape(input))));
          return all;
        },
        new Options(entry.string("id"), entry.object("options").values()),
        readExpectation(entry.object("expect"), tensors),
        entry.strings("deviations"));
  }

  private static Expectation readExpectation(Json expect, Stored tensors) {
    if (expect.has("error")) {
      Json error = expect.object("error");
      return new Expectation.Error(error.string("class"), error.string("message"));
    }
    Json outputs = expect.object("outputs");
    Map<String, Expectation.Output> read = new LinkedHashMap<>();
    Map<String, String> texts = new LinkedHashMap<>();
    for (String name : outputs.keys()) {
      Json output = outputs.object(name);
      if (output.has("text")) {
        texts.put(name, output.string("text"));
        continue;
      }
      DType dtype = dtype(output);
      int[] shape = shape(output);
      int[] positions = output.has("positions") ? positions(output, shape, tensors) : null;
      int values = positions == null ? Tensor.numel(shape) : positions.length;
      Tensor pytorch = values(output, "pytorch", dtype, values, tensors);
      double[] exact = values(output, "exact", DType.FLOAT64, values, tensors).doubles();
      double[] exactLow =
          output.has("exact_low") ? values(output, "exact_low", DType.FLOAT64, values, tensors).doubles() : null;
      read.put(name, new Expectation.Output(dtype, shape, pytorch, exact, exactLow, positions));
    }
    if (read.isEmpty() && texts.isEmpty()) {
      throw expect.wrong("outputs", "at least one output");
    }
    return new Expectation.Outputs(read, texts);
  }

  private static Tensor values(Json output, String key, DType dtype, int count, Stored tensors) {
    Tensor tensor = tensors.tensor(output, key);
    if (tensor.dtype() != dtype || tensor.numel() != count) {
      throw output.wrong(key, "the name of a %s tensor of %d values".formatted(dtype.id(), count));
    }
    return tensor;
  }

  private static int @Nullable [] positions(Json output, int[] shape, Stored tensors) {
    Tensor tensor = tensors.tensor(output, "positions");
    int numel = Tensor.numel(shape);
    int[] positions = new int[tensor.numel()];
    for (int i = 0; i < positions.length; i++) {
      long position = tensor.getLong(i);
      if (position < 0 || position >= numel) {
        throw output.wrong("positions", "the name of a tensor of flat indices below %d".formatted(numel));
      }
      positions[i] = (int) position;
    }
    return positions;
  }

  /** A stored tensor, which must have the dtype and shape that the case names. */
  private static Tensor tensor(Json entry, String key, Stored tensors) {
    Tensor tensor = tensors.tensor(entry, key);
    int[] shape = shape(entry);
    if (tensor.dtype() != dtype(entry) || tensor.numel() != Tensor.numel(shape)) {
      throw entry.wrong(key, "the name of a tensor of the dtype and shape beside it");
    }
    return tensor.reshape(shape);
  }

  /** The sizes of a shape that a Java array can hold. */
  private static int[] shape(Json entry) {
    int[] shape = entry.sizes("shape");
    try {
      Tensor.numel(shape);
    } catch (IllegalArgumentException tooLarge) {
      throw entry.wrong("shape", "a shape of fewer than 2^31 values");
    }
    return shape;
  }

  private static DType dtype(Json entry) {
    try {
      return DType.of(entry.string("dtype"));
    } catch (IllegalArgumentException unknown) {
      throw entry.wrong("dtype", "a dtype such as 'float32'");
    }
  }
}
