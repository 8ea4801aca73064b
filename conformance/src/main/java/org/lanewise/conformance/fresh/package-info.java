/** Stub. */
@NullMarked
package org.lanewise.conformance.fresh;

import org.jspecify.annotations.NullMarked;
