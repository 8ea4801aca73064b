"""Real logits: two small networks trained on scikit-learn's handwritten digits.

The logits are inputs, and inputs must be the same bytes on every machine, though BLAS adds in an order of its own on
each. So every operand of a matrix product is first rounded to a multiple of a power of two, coarse enough for all the
products and partial sums to be exact in float64: then no order of additions changes a bit. Everything else is single
IEEE operations, element by element; exp is replaced by a power that they make up. Training does not mind.
"""

from functools import lru_cache

import numpy as np
from sklearn.datasets import load_digits

from . import DataFault
from .tensors import Stream

HELD_OUT = 360
STEPS = 150


def classes(seed):
    """Logits and labels of the ten digits, for samples held out of training."""
    return _model(seed, "digits", hidden=32)


def attributes(seed):
    """Logits and targets of four properties of a digit: even; prime; above four; written with a closed loop."""
    return _model(seed, "digits-attributes", hidden=32)


def _one_hot(labels):
    return (labels[:, None] == np.arange(10)).astype(np.float64)


def _attributes(labels):
    return np.stack([np.isin(labels, digits) for digits in
                     ((0, 2, 4, 6, 8), (2, 3, 5, 7), (5, 6, 7, 8, 9), (0, 6, 8, 9))], axis=1).astype(np.float64)


def _grid(values, bits):
    return np.rint(values * 2.0**bits) * 2.0**-bits


def _exp(x):
    """(1 + x/4096)^4096 by squaring, for x <= 0."""
    power = 1.0 + np.maximum(x, -40.0) / 4096.0
    for _ in range(12):
        power = power * power
    return power


def _softmax(logits):
    weights = _exp(logits - logits.max(axis=1, keepdims=True))
    total = weights[:, 0]
    for column in range(1, weights.shape[1]):
        total = total + weights[:, column]
    return weights / total[:, None]


def _sigmoid(logits):
    tail = _exp(-np.abs(logits))
    return np.where(logits > 0, 1.0, tail) / (1.0 + tail)


@lru_cache(maxsize=None)
def _model(seed, name, hidden):
    single_label = name == "digits"
    images, labels = load_digits(return_X_y=True)
    draw = Stream(seed, f"{name}/training")
    order = draw.order(len(labels))
    images, labels = _grid(images[order] / 16.0, 4), labels[order]
    targets = _one_hot(labels) if single_label else _attributes(labels)
    x, t = images[HELD_OUT:], targets[HELD_OUT:]
    outputs = targets.shape[1]

    weights = [draw.uniform(64 * hidden, -0.2, 0.2).reshape(64, hidden), np.zeros(hidden),
               draw.uniform(hidden * outputs, -0.3, 0.3).reshape(hidden, outputs), np.zeros(outputs)]
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]

    def forward(inputs):
        w1, b1, w2, b2 = (_grid(w, 12) for w in weights)
        activations = _grid(np.maximum(inputs @ w1 + b1, 0.0), 12)
        return activations, activations @ w2 + b2, w2

    decay1 = decay2 = 1.0
    for _ in range(STEPS):  # Adam on the whole training set
        activations, logits, w2 = forward(x)
        delta = _grid(((_softmax(logits) if single_label else _sigmoid(logits)) - t), 20)
        back = _grid((delta @ w2.T) * (activations > 0), 20)
        ones = np.ones(len(x))
        gradients = [x.T @ back, ones @ back, activations.T @ delta, ones @ delta]
        decay1, decay2 = decay1 * 0.9, decay2 * 0.999
        for i, gradient in enumerate(gradients):
            gradient = gradient / len(x)
            first[i] = 0.9 * first[i] + 0.1 * gradient
            second[i] = 0.999 * second[i] + 0.001 * gradient * gradient
            step = (first[i] / (1.0 - decay1)) / (np.sqrt(second[i] / (1.0 - decay2)) + 1e-8)
            weights[i] = weights[i] - 0.02 * step

    def accuracy(inputs, expected):
        logits = forward(inputs)[1]
        right = logits.argmax(axis=1) == expected.argmax(axis=1) if single_label else (logits > 0) == (expected > 0.5)
        return float(right.mean())

    trained, held_out = accuracy(x, t), accuracy(images[:HELD_OUT], targets[:HELD_OUT])
    print(f"{name}: accuracy {trained:.1%} in training, {held_out:.1%} on {HELD_OUT} held-out samples", flush=True)
    if trained < 0.95:
        raise DataFault(f"The model {name} reaches an accuracy of {trained:.1%} in training, where at least 95 % are "
                        "expected of one that has learnt; choose another --seed.")
    return (forward(images[:HELD_OUT])[1].astype("<f4"),
            labels[:HELD_OUT] if single_label else targets[:HELD_OUT])
