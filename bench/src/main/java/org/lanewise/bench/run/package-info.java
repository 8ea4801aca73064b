/**
 * How points of the grid are measured: kernels by JMH in JVMs of their own, and what measures itself beside them. Depends on
 * {@code bench}, {@code grid}, {@code jmh}, {@code results}, {@code kernels.spi} and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.run;

import org.jspecify.annotations.NullMarked;
