package org.lanewise.conformance.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged, foreign and incomplete data: each fault is one sentence, found before anything large is allocated. */
class DamagedDataTest {
  @TempDir Path folder;
  private DataBuilder builder;

  @BeforeEach
  void smallFolder() {
    builder =
        new DataBuilder(folder)
            .floats("x", 1, 2)
            .floats("t", 0, 1)
            .floats("p", 1.3132616f, 0.126928f)
            .doubles("e", 1.3132616875182228, 0.12692801104297252)
            .elementwiseCase("bce_with_logits/test/two", 2, "");
  }

  private String fault() {
    String message = assertThrows(DataException.class, () -> ReferenceData.of(builder.write())).getMessage();
    assertTrue(message.lines().count() == 1 && message.endsWith("."), message);
    return message;
  }

  private void expect(String... parts) {
    String message = fault();
    for (String part : parts) {
      assertTrue(message.contains(part), () -> "«" + part + "» is not in: " + message);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void theUndamagedFolderIsRead() {
    ReferenceData data = ReferenceData.of(builder.write());
    assertEquals(1, data.cases().size());
    assertEquals(2, data.cases().get(0).inputs().get("logits").numel());
  }

  @Test
  void aFlippedByteInATensorFile() throws IOException {
    builder.write();
    Path file = folder.resolve("tensors/x.safetensors");
    byte[] content = Files.readAllBytes(file);
    content[content.length - 3] ^= 1;
    Files.write(file, content);
    String message = assertThrows(DataException.class, () -> ReferenceData.of(folder)).getMessage();
    assertTrue(message.contains("x.safetensors is damaged") && message.contains("SHA-256"), message);
  }

  @Test
  void aTensorFileCutShort() {
    builder.replace("tensors/x.safetensors", Arrays.copyOf(builder.safetensors(), 5));
    expect("x.safetensors", "5 bytes");
  }

  @Test
  void aHeaderCutShort() {
    builder.replace("tensors/x.safetensors", Arrays.copyOf(builder.safetensors(), 40));
    expect("x.safetensors", "claims a header of", "only 32 follow");
  }

  @Test
  void aHeaderThatClaimsMoreThanThereIs() {
    byte[] content = builder.safetensors();
    ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putLong(1L << 60);
    builder.replace("tensors/x.safetensors", content);
    expect("claims a header of 1152921504606846976 bytes");
    ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putLong(-1);
    builder.replace("tensors/x.safetensors", content);
    expect("claims a header of 18446744073709551615 bytes");
  }

  @Test
  void aTensorThatClaimsMoreThanThereIs() {
    String huge = "{\"x\":{\"dtype\":\"F32\",\"shape\":[1073741824,4],\"data_offsets\":[0,8]}}";
    builder.replace("tensors/x.safetensors", safetensors(huge, 8));
    expect("'x'", "do not fit its shape [1073741824, 4]");
    builder.replace("tensors/x.safetensors", safetensors(huge.replace("[0,8]", "[0,2000000000]"), 8));
    expect("offsets [0, 2000000000]");
    builder.replace("tensors/x.safetensors", safetensors(huge.replace("[0,8]", "[8,0]"), 8));
    expect("offsets [8, 0]");
    builder.replace("tensors/x.safetensors", safetensors(huge.replace("F32", "F8"), 8));
    expect("dtype", "one of F32");
  }

  private static byte[] safetensors(String header, int valueBytes) {
    byte[] json = utf8(header);
    return ByteBuffer.allocate(8 + json.length + valueBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }

  @Test
  void jsonCutInHalf() {
    byte[] whole = utf8(builder.casesJson());
    builder.replace("cases/x.json", Arrays.copyOf(whole, whole.length / 2));
    expect("x.json is not valid JSON");
  }

  @Test
  void jsonNestedWithoutEnd() {
    builder.replace("cases/x.json", utf8("{\"a\":" + "[".repeat(100_000)));
    expect("x.json is not valid JSON");
  }

  @Test
  void aCaseThatNamesAMissingTensor() {
    builder.replace("cases/x.json", utf8(builder.casesJson().replace("\"tensor\":\"x\"", "\"tensor\":\"nowhere\"")));
    expect("no tensor 'nowhere'");
  }

  @Test
  void aTensorOfAnotherShapeThanTheCaseSays() {
    builder.replace("cases/x.json", utf8(builder.casesJson().replace("\"shape\":[2],\"tensor\":\"x\"", "\"shape\":[3],\"tensor\":\"x\"")));
    expect("/inputs/logits/tensor", "dtype and shape");
  }

  @Test
  void tensorsThatOverlap() {
    String twice = "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"y\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[7,8]}}";
    builder.replace("tensors/x.safetensors", safetensors(twice, 8));
    expect("tensors of 9 bytes and values of 8");
  }

  @Test
  void aTensorNamedMoreOftenThanMemoryHolds() {
    int n = 1 << 18;
    builder = new DataBuilder(folder).floats("x", new float[n]).floats("t", new float[n]).floats("p", new float[n]);
    builder.doubles("e", new double[n]);
    for (int i = 0; i < 14; i++) {
      builder.elementwiseCase("bce_with_logits/test/" + i, n, "");
    }
    expect("at most 67108864 bytes together");
  }

  @Test
  void aNameThatIsNoneForATerminal() {
    builder.replace("cases/x.json", utf8(builder.casesJson().replace("\"tensor\":\"x\"", "\"tensor\":\"\\u001b[2J\\n\"")));
    expect("no tensor '?[2J?'");
    builder.replace("cases/x.json", utf8(builder.casesJson().replace("\"tensor\":\"x\"", "\"tensor\":\"%s\"".formatted("x".repeat(5000)))));
    assertTrue(fault().length() <= 2000, "a sentence of a sensible length");
  }

  @Test
  void anUnknownVersion() {
    builder.replace("cases/x.json", utf8(builder.casesJson().replace("\"version\":1", "\"version\":7")));
    expect("version 7", "reads version 1");
  }

  @Test
  void anUnknownFormat() {
    builder.replace("cases/x.json", utf8(builder.casesJson().replace("lanewise/cases", "something/else")));
    expect("'something/else'", "expected 'lanewise/cases'");
  }

  @Test
  void aVersionThatIsNotAnInteger() {
    builder.replace("cases/x.json", utf8(builder.casesJson().replace("\"version\":1", "\"version\":1.5")));
    expect("/version", "64-bit integer");
  }

  @Test
  void twoCasesOfOneId() {
    builder.elementwiseCase("bce_with_logits/test/two", 2, "");
    expect("'bce_with_logits/test/two' occurs twice");
  }

  @Test
  void aFolderThatDoesNotExist() {
    String message =
        assertThrows(DataException.class, () -> ReferenceData.of(folder.resolve("nowhere"))).getMessage();
    assertTrue(message.contains("nowhere' does not exist"), message);
  }

  @Test
  void anEmptyFolder() {
    String message = assertThrows(DataException.class, () -> ReferenceData.of(folder)).getMessage();
    assertTrue(message.contains("index.json' is missing"), message);
  }

  @Test
  void theWorkingFolder() {
    for (String here : new String[] {".", "", "src/.."}) {
      String message = assertThrows(DataException.class, () -> ReferenceData.of(Path.of(here))).getMessage();
      assertTrue(message.contains("index.json' is missing"), message);
    }
  }

  @Test
  void anIndexThatNamesAFileOutside() {
    builder.replace(
        "index.json",
        utf8(
            "{\"format\":\"lanewise/reference-data\",\"version\":1,\"versions\":{\"torch\":\"2\"},"
                + "\"files\":{\"../../secret\":{\"bytes\":1,\"sha256\":\"00\"}}}"));
    expect("../../secret", "leads out of");
  }
}
