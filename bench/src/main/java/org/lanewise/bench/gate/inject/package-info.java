/**
 * Builds that are worse on purpose and by a known amount: what the gate's self-test has to find. Depends on
 * {@code bench} and {@code kernels.spi}.
 */
@NullMarked
package org.lanewise.bench.gate.inject;

import org.jspecify.annotations.NullMarked;
