/**
 * What the kernels are measured against on the JVM: the loops that a Java user writes, a plain read of the same bytes,
 * and what the machine can do at best. As kernels they promise nothing, and only measurements take them unasked.
 * Depends on {@code kernels}, {@code kernels.spi} and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.baseline;

import org.jspecify.annotations.NullMarked;
