package org.lanewise.conformance.verdict;

import org.jspecify.annotations.Nullable;
import org.lanewise.conformance.cases.ReferenceCase;

/**
 * The verdict on one implementation, case and contract.
 *
 * @param subject the id of the implementation
 * @param reference the case
 * @param contract the contract
 * @param rule what was judged: the rule that was broken, or the one that the case is about
 * @param verdict the verdict
 * @param worst the element with the largest error, or the one that broke the contract; null where no element was judged
 * @param reason one sentence; null if passed
 */
public record CaseResult(
    String subject,
    ReferenceCase reference,
    Contract contract,
    Rule rule,
    Verdict verdict,
    @Nullable Witness worst,
    @Nullable String reason) {
  /** The largest error in ULP without its sign; NaN where no element was judged. */
  public double maxUlp() {
    return worst == null ? Double.NaN : Math.abs(worst.ulp());
  }
}
