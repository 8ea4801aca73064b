/**
 * Calls of kernels as values: their operands by name and by place, whatever the operation, and weights as kernels see
 * them. Depends on {@code kernels.spi} and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.conformance.calls;

import org.jspecify.annotations.NullMarked;
