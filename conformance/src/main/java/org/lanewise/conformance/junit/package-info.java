/** The whole verdict as JUnit tests, for projects of other people. JUnit Jupiter is theirs: an optional dependency. */
@NullMarked
package org.lanewise.conformance.junit;

import org.jspecify.annotations.NullMarked;
