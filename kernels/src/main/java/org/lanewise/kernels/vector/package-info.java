/**
 * The kernels on the Panama Vector API: what {@code scalar} computes, as many elements at a time as the machine has lanes.
 * The only package that uses {@code jdk.incubator.vector}. Depends on {@code spi}, {@code tensor} and the constants of
 * {@code scalar}.
 */
@NullMarked
package org.lanewise.kernels.vector;

import org.jspecify.annotations.NullMarked;
