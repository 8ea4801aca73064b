"""The true values, by mpmath, from the exact values of the stored inputs.

Formulas are arranged so that nothing cancels except where the mathematics itself does (sigma(x) - t with a soft t);
240 bits leave more than 100 correct ones there. The only rounding that shows is the last one, to float64.
"""

import math

import numpy as np
from mpmath import mp, mpf

mp.prec = 240

NAN, INF, ZERO, ONE = mpf("nan"), mpf("inf"), mpf(0), mpf(1)

# Stands for "tends to zero from above": positive, and below every float there is.
TINY = mp.ldexp(ONE, -(2**20))
SMALLEST = math.ldexp(1.0, -1074)


def to_float(value):
    """Rounds once, to nearest even, subnormal results included. What is not zero stays visible as +-2^-1074."""
    sign, mantissa, exponent, bits = value._mpf_
    if not mantissa:
        return float(value)  # 0, NaN, infinities
    if exponent + bits > 1100:
        magnitude = math.inf
    elif exponent + bits < -1100:
        magnitude = 0.0
    else:
        mantissa = int(mantissa)
        # Python's integer division rounds correctly, which mpmath's own conversion does not for subnormals.
        try:
            magnitude = float(mantissa << exponent) if exponent >= 0 else mantissa / (1 << -exponent)
        except OverflowError:
            magnitude = math.inf
    return math.copysign(magnitude or SMALLEST, -1.0 if sign else 1.0)


def floats(values, shape):
    """The values as float64, and what that rounding left: two arrays."""
    high = [to_float(v) for v in values]
    low = [_left(v, h) for v, h in zip(values, high)]
    return np.array(high, dtype="<f8").reshape(shape), np.array(low, dtype="<f8").reshape(shape)


def _left(value, high):
    if not math.isfinite(high) or abs(high) == SMALLEST:
        return 0.0
    left = to_float(value - mpf(high))
    return 0.0 if abs(left) == SMALLEST else left


def product(*factors):
    """The product, read as a limit: nothing times infinity is nothing, as long as no factor is NaN."""
    if any(f != f for f in factors):
        return NAN
    if any(f == 0 for f in factors):
        return ZERO
    result = ONE
    for f in factors:
        result = result * f
    return result


def reduce_loss(terms, reduction, count):
    """The true sum or mean of the true terms; the mean of nothing is NaN."""
    total = mp.fsum(terms)
    if reduction == "sum":
        return total
    return total / count if count else NAN
