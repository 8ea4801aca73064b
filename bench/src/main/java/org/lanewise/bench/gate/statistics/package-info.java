/** Exact probabilities, medians and resampled intervals, the same bits on every machine. Depends on nothing. */
@NullMarked
package org.lanewise.bench.gate.statistics;

import org.jspecify.annotations.NullMarked;
