/**
 * The whole verdict as JUnit tests, for projects of other people. JUnit Jupiter is theirs: an optional dependency.
 * Depends on {@code cases}, {@code validation}, {@code verdict} and {@code kernels.spi}.
 */
@NullMarked
package org.lanewise.conformance.junit;

import org.jspecify.annotations.NullMarked;
