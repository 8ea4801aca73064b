/**
 * What every command shares: exit codes, and the error that a user is told in one sentence. Depends on
 * {@code conformance.cases}.
 */
@NullMarked
package org.lanewise.bench;

import org.jspecify.annotations.NullMarked;
