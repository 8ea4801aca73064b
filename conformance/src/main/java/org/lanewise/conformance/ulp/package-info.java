/** The measure of error: units in the last place. Depends on {@code kernels} for dtypes alone. */
@NullMarked
package org.lanewise.conformance.ulp;

import org.jspecify.annotations.NullMarked;
