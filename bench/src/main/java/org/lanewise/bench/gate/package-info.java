/**
 * The regression gate: two builds of a kernel, measured in pairs, and the rule that judges them. Depends on
 * {@code bench}, {@code grid}, {@code jmh}, {@code results}, {@code run}, {@code conformance.cases}, {@code kernels},
 * {@code kernels.spi} and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.gate;

import org.jspecify.annotations.NullMarked;
