/**
 * Values with a shape and a dtype: contiguous, row-major, backed by one Java array. Depends on nothing.
 */
@NullMarked
package org.lanewise.kernels.tensor;

import org.jspecify.annotations.NullMarked;
