package org.lanewise.kernels;

import org.lanewise.kernels.tensor.Tensor;

/**
 * What {@code forwardBackward} computes.
 *
 * @param loss the result, the same bits as {@code forward} gives
 * @param logitsGradient the gradient of the result with respect to the logits, of their shape and dtype
 */
public record LossAndGradient(Tensor loss, Tensor logitsGradient) {}
