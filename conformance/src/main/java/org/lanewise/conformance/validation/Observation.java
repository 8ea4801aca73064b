package org.lanewise.conformance.validation;

/**
 * Something seen that decides nothing: how well an identity of the mathematics holds.
 *
 * @param operation the operation
 * @param dtype the dtype
 * @param identity what should be equal, or hold
 * @param pairs how many values were compared
 * @param equal how many of them have the same bits, or hold
 * @param maxUlp the largest difference in ULP; NaN where differences have no size
 * @param allowed what two results within the declared bound may differ by, in ULP; infinite where no bound is declared
 * @param worst where the largest difference is, numbers in hexadecimal
 */
public record Observation(
    String operation,
    String dtype,
    String identity,
    int pairs,
    int equal,
    double maxUlp,
    double allowed,
    String worst) {}
