/**
 * What a kernel is: the call it answers and what its provider declares. A third party implements these types and
 * depends on nothing else. Depends on {@code tensor} for {@link org.lanewise.kernels.tensor.DType} alone.
 */
@NullMarked
package org.lanewise.kernels.spi;

import org.jspecify.annotations.NullMarked;
