package org.lanewise.conformance.validation;

import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.verdict.Rule;
import org.lanewise.conformance.verdict.Verdict;
import org.lanewise.conformance.verdict.Witness;

/**
 * What one check found.
 *
 * @param rule what was checked
 * @param id the case, or what else was done: {@code cross_entropy/NEAR_TIE/3}, {@code threads/bce_with_logits/float32}
 * @param operation the operation
 * @param dtype the dtype of its first operand
 * @param verdict the verdict
 * @param witness the element that broke the rule, or the worst that kept it; null where there is none
 * @param reason one sentence; null if passed
 */
public record Finding(
    Rule rule,
    String id,
    String operation,
    String dtype,
    Verdict verdict,
    @Nullable Witness witness,
    @Nullable String reason) {}
