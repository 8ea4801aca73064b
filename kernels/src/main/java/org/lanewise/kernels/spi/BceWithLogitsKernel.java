package org.lanewise.kernels.spi;

/**
 * Sigmoid binary cross-entropy of one block.
 *
 * <p>With c = (1 − t) + pos_weight · t, the loss of logit x and target t is weight · ((1 − t) · x + c · ln(1 + e^−x)),
 * and its gradient upstream · scale · weight · (c · σ(x) − pos_weight · t).
 *
 * @param <A> the class of the arrays
 */
@FunctionalInterface
public interface BceWithLogitsKernel<A> {
  /**
   * Computes one block. Several threads may call at once with calls of their own. The caller has checked everything;
   * an implementation checks nothing and allocates nothing.
   *
   * @throws UnsupportedOperationException with a message, if these outputs, operands or options are not supplied; nothing has
   *     been written then
   */
  void compute(BceWithLogitsCall<A> call);
}
