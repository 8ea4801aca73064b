/**
 * What all parts share: exit codes, the error that a user is told in one sentence, and the flags of a JVM. Depends on
 * {@code conformance.cases}.
 */
@NullMarked
package org.lanewise.bench;

import org.jspecify.annotations.NullMarked;
