/**
 * The JMH benchmarks, the inputs that they draw, and the kernels that their forks know. Depends on {@code bench},
 * {@code nativelib}, {@code conformance.cases}, {@code kernels}, {@code kernels.spi} and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.jmh;

import org.jspecify.annotations.NullMarked;
