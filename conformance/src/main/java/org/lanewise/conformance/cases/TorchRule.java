package org.lanewise.conformance.cases;

/**
 * One rule of PyTorch's behaviour that cases cover.
 *
 * @param id such as {@code bce_with_logits.shape.mismatch}; cases name it
 * @param section the part of PyTorch's behaviour that it belongs to, see {@code docs/file-formats.md}
 * @param text one sentence
 */
public record TorchRule(String id, String section, String text) {}
