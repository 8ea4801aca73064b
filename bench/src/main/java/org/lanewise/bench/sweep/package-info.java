/**
 * Sweeps over every float32 logit, and the accuracy certificates that they give. Depends on {@code bench},
 * {@code results}, {@code conformance.oracle}, {@code conformance.ulp}, {@code kernels}, {@code kernels.spi} and
 * {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.sweep;

import org.jspecify.annotations.NullMarked;
