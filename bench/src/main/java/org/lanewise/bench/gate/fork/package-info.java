/**
 * How two builds are measured in pairs: both in one JVM, many JVMs one after the other. Depends on {@code bench},
 * {@code gate.rule}, {@code grid}, {@code jmh}, {@code results}, {@code run}, {@code kernels}, {@code kernels.spi} and
 * {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.gate.fork;

import org.jspecify.annotations.NullMarked;
