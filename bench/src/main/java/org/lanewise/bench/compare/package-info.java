/** The same work on several devices: who is faster from which batch size on. Depends on the result files alone. */
@NullMarked
package org.lanewise.bench.compare;

import org.jspecify.annotations.NullMarked;
