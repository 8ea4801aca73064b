/**
 * True values of stated error, computed here and by nobody else: nothing in this package is shared with a kernel, and
 * nothing calls {@link java.lang.Math#exp}, whose error no specification bounds well enough. Depends on {@code ulp}
 * and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.conformance.oracle;

import org.jspecify.annotations.NullMarked;
