/** Builds that are worse on purpose and by a known amount: what the gate's self-test has to find. */
@NullMarked
package org.lanewise.bench.gate.inject;

import org.jspecify.annotations.NullMarked;
