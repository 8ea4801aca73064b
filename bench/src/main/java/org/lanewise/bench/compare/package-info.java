/**
 * The same work on several devices: who is faster from which batch size on. Depends on {@code bench}, {@code grid} and
 * {@code results}.
 */
@NullMarked
package org.lanewise.bench.compare;

import org.jspecify.annotations.NullMarked;
