/**
 * How far from the truth what was measured is, over one set of logits that all kernels and peers compute. Depends on
 * {@code baseline}, {@code grid}, {@code peers}, {@code results}, {@code conformance.oracle}, {@code conformance.ulp},
 * {@code conformance.validation}, {@code kernels}, {@code kernels.spi} and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.errors;

import org.jspecify.annotations.NullMarked;
