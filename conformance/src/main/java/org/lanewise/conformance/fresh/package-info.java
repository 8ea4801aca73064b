/**
 * Cases that are drawn from a seed when they are needed, so that nobody can know them before: inputs, the truth from
 * the oracle, and what PyTorch's formulas give in the case's dtype. Depends on {@code cases}, {@code oracle},
 * {@code kernels.spi} and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.conformance.fresh;

import org.jspecify.annotations.NullMarked;
