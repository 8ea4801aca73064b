/**
 * Evaluation of what a model predicts: predictions from probabilities, logits and class scores; accuracy; precision,
 * recall and F1 of each label with their averages; scikit-learn's classification report; thresholds; categories.
 *
 * <p>Everywhere the prediction comes first and the target second, as the losses take them; scikit-learn has them the
 * other way round. Bad arguments give an {@link IllegalArgumentException} of one sentence. Depends on {@code kernels}
 * and {@code tensor}.
 */
@NullMarked
package org.lanewise.kernels.metrics;

import org.jspecify.annotations.NullMarked;
