/**
 * The kernels in OpenCL C, on a GPU or whatever else has an OpenCL driver, called through the Foreign Function and
 * Memory API: no native code of ours, and none that must be there to build or to load these classes. Depends on
 * {@code grid}, {@code jmh}, {@code results}, {@code run}, {@code kernels}, {@code kernels.scalar}, {@code kernels.spi}
 * and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.opencl;

import org.jspecify.annotations.NullMarked;
