/**
 * The front doors: one class a loss, which owns argument checks in PyTorch's order, the split into blocks, the sums
 * over blocks and the one rounding to the result's dtype, and leaves the arithmetic to a kernel. Depends on
 * {@code tensor}, {@code error} and {@code spi}; finds kernels through {@link java.util.ServiceLoader} alone.
 */
@NullMarked
package org.lanewise.kernels;

import org.jspecify.annotations.NullMarked;
