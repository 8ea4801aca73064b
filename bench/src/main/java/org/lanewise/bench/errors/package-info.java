/**
 * How far from the truth what was measured is, over one set of logits that all kernels and peers compute. Depends on the
 * oracle of {@code conformance}.
 */
@NullMarked
package org.lanewise.bench.errors;

import org.jspecify.annotations.NullMarked;
