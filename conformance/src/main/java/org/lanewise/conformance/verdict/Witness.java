package org.lanewise.conformance.verdict;

/**
 * The element of a case where an implementation is furthest from the truth, or breaks the contract.
 *
 * @param output the output tensor, such as {@code loss}
 * @param index the flat index in it
 * @param input the inputs that decide this element, numbers in hexadecimal
 * @param got the result
 * @param expected the value that is right
 * @param ulp the signed error in ULP
 */
public record Witness(String output, int index, String input, double got, double expected, double ulp) {}
