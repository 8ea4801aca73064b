/** The regression gate: two builds of a kernel, measured in pairs, and the rule that judges them. */
@NullMarked
package org.lanewise.bench.gate;

import org.jspecify.annotations.NullMarked;
