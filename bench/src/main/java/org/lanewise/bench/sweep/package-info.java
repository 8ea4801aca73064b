/** Sweeps over every float32 logit, and the accuracy certificates that they give. */
@NullMarked
package org.lanewise.bench.sweep;

import org.jspecify.annotations.NullMarked;
