/**
 * The JMH benchmarks, what they run on, and how they are run. Depends on {@code bench}, {@code grid},
 * {@code nativelib}, {@code results}, {@code conformance.cases}, {@code kernels}, {@code kernels.spi} and
 * {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.jmh;

import org.jspecify.annotations.NullMarked;
