/**
 * The kernels in plain Java, one element at a time: the readable statement of what {@code vector} computes, bit for bit
 * the same. Holds the constants that both share. Depends on {@code spi} and {@code tensor}.
 */
@NullMarked
package org.lanewise.kernels.scalar;

import org.jspecify.annotations.NullMarked;
