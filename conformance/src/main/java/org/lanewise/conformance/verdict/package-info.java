/**
 * The judgement: which value is right, how far a result may be from it, and the verdict with its witness. Depends on
 * {@code cases}, {@code ulp} and {@code kernels}.
 */
@NullMarked
package org.lanewise.conformance.verdict;

import org.jspecify.annotations.NullMarked;
