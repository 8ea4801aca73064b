package org.lanewise.fuzz;

import java.util.List;

/** One front door, and what hostile input for it looks like. */
public interface Target {
  /**
   * Feeds the input. Returns also where the input was refused as documented; whatever is thrown is a finding.
   *
   * @param input any bytes
   */
  void feed(byte[] input) throws Exception;

  /** Inputs to mutate, beside those of the corpus: valid ones. */
  List<byte[]> seeds() throws Exception;

  /** Words of the format, for mutations. */
  default List<String> words() {
    return List.of();
  }
}
