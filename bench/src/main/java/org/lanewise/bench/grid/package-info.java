/**
 * Which work is measured: the one list of shapes, shared with the programs that measure other implementations. Depends
 * on {@code bench}.
 */
@NullMarked
package org.lanewise.bench.grid;

import org.jspecify.annotations.NullMarked;
