/**
 * What the kernels are measured against on the JVM: the loops that a Java user writes, and a plain read of the same
 * bytes. They promise nothing and are chosen by nobody who does not name them.
 */
@NullMarked
package org.lanewise.bench.baseline;

import org.jspecify.annotations.NullMarked;
