/**
 * The judgement: which value is right, how far a result may be from it, and the verdict with its witness. Depends on
 * {@code calls}, {@code cases}, {@code ulp}, {@code kernels}, {@code kernels.error}, {@code kernels.metrics},
 * {@code kernels.spi} and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.conformance.verdict;

import org.jspecify.annotations.NullMarked;
