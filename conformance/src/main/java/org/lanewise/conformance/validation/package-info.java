/** The whole verdict on somebody else's implementation: rules, levels, and the checks that go beyond stored cases. */
@NullMarked
package org.lanewise.conformance.validation;

import org.jspecify.annotations.NullMarked;
