/**
 * Kernels in native libraries that offer the C form of the kernel call, {@code kernels/include/lanewise_kernel.h}, as
 * kernels of this JVM: called without a copy, on the arrays of the heap. Depends on {@code kernels.spi} and
 * {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.nativelib;

import org.jspecify.annotations.NullMarked;
