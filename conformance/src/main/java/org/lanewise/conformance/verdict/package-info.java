/**
 * The words of a verdict: the rules and contracts by which is judged, the outcome, and the element that decided it. Depends
 * on {@code cases}.
 */
@NullMarked
package org.lanewise.conformance.verdict;

import org.jspecify.annotations.NullMarked;
