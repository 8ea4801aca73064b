/**
 * What a kernel is: the call it answers and what its provider declares. A third party implements these types and
 * depends on nothing else. Later versions add methods with defaults, record components beside the constructors of today,
 * and operands that are absent unless wanted. Depends on {@code tensor} for {@link org.lanewise.kernels.tensor.DType} alone.
 */
@NullMarked
package org.lanewise.kernels.spi;

import org.jspecify.annotations.NullMarked;
