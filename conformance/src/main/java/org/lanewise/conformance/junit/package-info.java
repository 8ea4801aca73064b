/**
 * The verdict on a kernel as JUnit 5 tests, for a third party's own test folder. The one package here that needs JUnit, which
 * is therefore an optional dependency.
 */
@NullMarked
package org.lanewise.conformance.junit;

import org.jspecify.annotations.NullMarked;
