/** The measure of error: units in the last place. Depends on {@code kernels.tensor}. */
@NullMarked
package org.lanewise.conformance.ulp;

import org.jspecify.annotations.NullMarked;
