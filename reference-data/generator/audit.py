"""Judges the data as the checker of implementations will: is PyTorch's tolerance tight enough to prove anything?

The checker allows an implementation twice PyTorch's own error. Where PyTorch is far off in all of a tensor, that would
let a kernel pass which returns zero. So every case is tried with four straw outputs, and one that lets a straw pass
that is not right by itself is a fault of the data.
"""

import numpy as np

from . import DataFault

FLOAT32_MAX = float(np.finfo(np.float32).max)


def ulp(exact):
    """The spacing of float32 at these values."""
    magnitude = np.clip(np.abs(np.nan_to_num(exact, posinf=FLOAT32_MAX, neginf=FLOAT32_MAX)), 2.0**-126, FLOAT32_MAX)
    return np.exp2(np.frexp(magnitude)[1] - 1 - 23.0)


def expected(output):
    """The right values: the truth, and at infinite and NaN inputs NaN and infinity where PyTorch has them."""
    pytorch = output.pytorch.astype(np.float64)
    return np.where(output.finite | np.isfinite(pytorch), output.exact, pytorch)


def _difference(output):
    with np.errstate(invalid="ignore"):
        return np.abs(output.pytorch.astype(np.float64) - output.exact)


def _largest_finite(values):
    return float(np.max(values, where=np.isfinite(values), initial=0.0))


def scalar_errors(cases):
    """PyTorch's largest finite relative error in a scalar result, by region."""
    errors = {}
    for case in cases:
        for output in case.outputs.values():
            if output.shape == ():
                with np.errstate(all="ignore"):
                    relative = _largest_finite(_difference(output) / np.abs(output.exact))
                errors[case.region] = max(relative, errors.get(case.region, 0.0))
    return errors


def allowed(case, output, errors):
    """What the `pytorch` contract allows an implementation to be off, value by value."""
    if output.shape == ():
        with np.errstate(invalid="ignore"):
            own = np.abs(output.exact) * errors[case.region]
    else:
        own = _largest_finite(_difference(output))
    return np.maximum(2.0 * own, 4.0 * ulp(output.exact))


def within(values, right, tolerance):
    """Whether float32 values hit float64 ones; a value above float32 is hit by infinity, its rounding."""
    values = values.astype(np.float64)
    with np.errstate(all="ignore"):
        rounded = right.astype(np.float32).astype(np.float64)
        same = (values == rounded) | (np.isnan(values) & np.isnan(rounded))
        return bool(np.all(same | (np.isfinite(rounded) & (np.abs(values - right) <= tolerance))))


def _straws(values):
    with np.errstate(over="ignore"):
        return {"all zero": np.zeros_like(values), "negated": -values, "times 1.01": (values * 1.01).astype(np.float32),
                "shifted by one element": np.roll(values.ravel(), 1).reshape(values.shape)}


def _deviates(output):
    """Whether PyTorch has NaN or infinity, at finite inputs, where the truth is a float32."""
    with np.errstate(over="ignore"):
        truth = output.exact.astype(np.float32)
    return bool(np.any(output.finite & ~np.isfinite(output.pytorch) & np.isfinite(truth)))


def check(operation, cases):
    errors = scalar_errors(cases)
    seen = set()
    for case in cases:
        if case.id in seen:
            raise DataFault(f"The case id {case.id} is given twice.")
        seen.add(case.id)
        for rule in case.rules:
            if rule.removeprefix(operation.name + ".") not in operation.rules:
                raise DataFault(f"The case {case.id} names the rule {rule}, which does not exist.")
        if any(map(_deviates, case.outputs.values())) != bool(case.deviations):
            raise DataFault(f"The case {case.id} names the deviations {case.deviations}, but PyTorch's values say "
                            "otherwise: name one where PyTorch has NaN or infinity for a finite truth, and only there.")
        for name, output in case.outputs.items():
            right = expected(output)
            with np.errstate(over="ignore"):
                values = right.astype(np.float32)
            tolerance = allowed(case, output, errors)
            if not case.deviations and not within(output.pytorch, right, tolerance):
                raise DataFault(f"PyTorch's own {name} is outside the tolerance of the case {case.id}.")
            for straw, wrong in _straws(values).items():
                if within(wrong, right, tolerance) and not within(wrong, right, 4.0 * ulp(right)):
                    raise DataFault(f"The case {case.id} is MISTRUSTED: its tolerance for {name} accepts the values "
                                    f"{straw}; mix in elements that PyTorch gets right.")
    unused = set(operation.rules) - {r.removeprefix(operation.name + ".") for case in cases for r in case.rules}
    if unused:
        raise DataFault(f"The rule {operation.name}.{min(unused)} has no case.")
