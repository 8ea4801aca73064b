package org.lanewise.kernels.spi;

import java.util.List;
import org.lanewise.kernels.tensor.DType;

/**
 * A family of kernels under one id, found through {@link java.util.ServiceLoader}.
 *
 * <p>The class is loaded on machines where its kernels cannot run, to ask why: nothing it links at load time may
 * depend on what {@link #availability()} checks for.
 *
 * <p>All methods may be called from several threads at once. Later versions add methods only with a default, so that a
 * provider compiled today goes on working.
 */
public interface KernelProvider {
  /** A short name, lower case, unique among the providers of a JVM; users ask for the kernels by it. */
  String id();

  /** One line for people: how these kernels compute. */
  String description();

  /** Whether the kernels can run here, and if not, why and what to do. */
  Availability availability();

  /** The number of float32 elements that are computed at once, for people; 1 for scalar code. Asked only when available. */
  int lanes();

  /** What is supplied, one entry a kernel, with what is promised of it. A provider may supply any part. */
  List<Declaration> declarations();

  /**
   * The BCE kernel of the given dtype. Asked only when available and declared; may be the same object each time.
   *
   * @param dtype float32 or float64, in which the kernel computes; operands of 16 bits are converted before they reach it
   * @param <A> the class of the arrays, {@link DType#arrayClass()}
   */
  <A> BceWithLogitsKernel<A> bceWithLogits(DType dtype);

  /**
   * The cross-entropy kernel of the given dtype. Asked only when available and declared; may be the same object each time.
   *
   * @param dtype float32 or float64, in which the kernel computes; class indices are int64 whatever it is
   * @param <A> the class of the arrays, {@link DType#arrayClass()}
   */
  <A> CrossEntropyKernel<A> crossEntropy(DType dtype);
}
