package org.lanewise.kernels.metrics;

/**
 * The scores of one label, or the average over several. Scores lie in 0 to 1, or are NaN under {@link ZeroDivision#NAN}.
 *
 * @param precision the share of its predictions that are right
 * @param recall the share of its occurrences that are predicted
 * @param f1 the harmonic mean of both; in an average, the mean of the labels' F1
 * @param support the number of its occurrences in the target; in an average, that of all labels
 */
public record Scores(double precision, double recall, double f1, long support) {}
