package org.lanewise.kernels.spi;

/**
 * Log-softmax cross-entropy of one block of rows.
 *
 * <p>With L = log_softmax over the classes, the loss of a row with class index t is −weight[t] · L[t], mixed by label
 * smoothing with the mean of −weight[c] · L[c]; with class probabilities q it is −Σ weight[c] · q[c] · L[c].
 *
 * @param <A> the class of the arrays, but for class indices
 */
@FunctionalInterface
public interface CrossEntropyKernel<A> {
  /**
   * Computes one block. Several threads may call at once with calls of their own. The caller has checked everything;
   * an implementation checks nothing and allocates nothing.
   *
   * @throws UnsupportedOperationException with a message, if these outputs, operands or options are not supplied; nothing has
   *     been written then
   */
  void compute(CrossEntropyCall<A> call);
}
