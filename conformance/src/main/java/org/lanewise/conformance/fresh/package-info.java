/**
 * Cases that are drawn from a seed when they are needed, so that nobody can know them before: inputs, the truth from the
 * oracle, and what PyTorch's formulas give in the case's dtype.
 */
@NullMarked
package org.lanewise.conformance.fresh;

import org.jspecify.annotations.NullMarked;
