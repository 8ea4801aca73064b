"""Judges the data as the checker of implementations will: is PyTorch's tolerance tight enough to prove anything?

The checker allows an implementation twice PyTorch's own error. Where PyTorch is far off in all of a tensor, that would
let a kernel pass which returns zero. So every case is tried with four straw outputs. Where one passes that is not
right by itself, or where PyTorch has no finite value for a finite truth, the case names a deviation: then values that
PyTorch gets badly wrong no longer count for the tolerance. If a straw still passes, the data is at fault.
"""

import numpy as np

from . import DataFault
from .tensors import HALVES

# dtype -> (bits of the fraction, least exponent, largest exponent)
_LAYOUT = {"float64": (52, -1022, 1023), "float32": (23, -126, 127), "float16": (10, -14, 15), "bfloat16": (7, -126, 127)}
BADLY_WRONG = 64  # ULP of the truth
# A scalar whose relative error is larger has too little room below the straw that is 1 % too large.
SCALAR_LIMIT = 0.0049


def ulp(exact, dtype):
    """The spacing of the dtype at these values."""
    fraction, least, largest = _LAYOUT[dtype]
    exponent = np.frexp(np.where(np.isfinite(exact), exact, 2.0**largest))[1] - 1
    exponent = np.where(exact == 0, least, np.clip(exponent, least, largest))
    return np.ldexp(1.0, exponent - fraction)


def overflows(exact, dtype):
    """Whether rounding the truth to the dtype, to nearest even, gives an infinity."""
    fraction, _, largest = _LAYOUT[dtype]
    most = np.ldexp(2.0 - 2.0**-fraction, largest)
    with np.errstate(invalid="ignore"):
        return np.abs(exact) - most >= np.ldexp(1.0, largest - fraction - 1)


def expected(output):
    """The right values: the truth, and at infinite and NaN inputs NaN and infinity where PyTorch has them."""
    pytorch = output.pytorch.values
    truth = np.where(overflows(output.exact, output.dtype), np.copysign(np.inf, output.exact), output.exact)
    return np.where(output.finite | np.isfinite(pytorch), truth, pytorch)


def _error(output):
    with np.errstate(invalid="ignore", over="ignore"):
        return np.abs((output.pytorch.values - output.exact) - (output.low if output.dtype == "float64" else 0.0))


def badly_wrong(output):
    """Where PyTorch is not finite or more than 64 ULP off, though the inputs are finite and the truth fits the dtype."""
    with np.errstate(invalid="ignore"):
        far = ~(_error(output) <= BADLY_WRONG * ulp(output.exact, output.dtype))
    return far & output.finite & np.isfinite(expected(output))


def _missing(output):
    """Where PyTorch is not finite though the inputs are and the truth fits the dtype."""
    return output.finite & np.isfinite(expected(output)) & ~np.isfinite(output.pytorch.values)


def _largest_finite(values):
    return float(np.max(values, where=np.isfinite(values), initial=0.0))


def _relative(output):
    with np.errstate(all="ignore"):
        return _largest_finite(_error(output) / np.abs(output.exact))


def scalar_errors(cases):
    """PyTorch's largest finite relative error in a scalar result, by dtype and region; deviations do not count."""
    errors = {}
    for case in cases:
        for output in case.outputs.values():
            if output.shape == () and not case.deviations and output.dtype in _LAYOUT:
                key = output.dtype, case.region
                errors[key] = max(_relative(output), errors.get(key, 0.0))
    return errors


def base(output, values):
    return (1.0 if output.dtype in HALVES else 4.0) * ulp(values, output.dtype)


def allowed(case, output, errors):
    """What the `pytorch` contract allows an implementation to be off, value by value."""
    if output.shape == ():
        with np.errstate(invalid="ignore"):
            own = np.nan_to_num(np.abs(output.exact) * errors.get((output.dtype, case.region), 0.0))
    else:
        error = _error(output)
        own = _largest_finite(np.where(badly_wrong(output), 0.0, error) if case.deviations else error)
    return np.maximum(2.0 * own, base(output, expected(output)))


def within(name, output, values, tolerance):
    """Which float64 values keep to the right ones; see the checker's Tolerance."""
    right = expected(output)
    low = output.low if output.dtype == "float64" else 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        same = (values == right) | (np.isnan(values) & np.isnan(right))
        near = np.isfinite(right) & np.isfinite(values) & (np.abs((values - right) - low) <= tolerance)
    negative = np.signbit(values)
    sign = ~negative if name == "loss" else (right == 0) | (negative == (right < 0))
    return np.where(np.isfinite(right) & np.isfinite(values), near & ((values != 0) | sign), same)


def straw(case, name, output, errors):
    """The name of a wrong output that the case would accept, or None."""
    right, tolerance = expected(output), allowed(case, output, errors)
    with np.errstate(over="ignore", invalid="ignore"):
        straws = {"all zero": np.zeros_like(right), "negated": -right, "times 1.01": right * 1.01,
                  "shifted by one element": np.roll(right.ravel(), -1).reshape(right.shape)}
    for kind, wrong in straws.items():
        if (within(name, output, wrong, tolerance).all()
                and not within(name, output, wrong, base(output, right)).all()):
            return kind
    return None


def _unclear(case, name, output):
    """Whether PyTorch is so far off in this output that, without a deviation, it could not be judged by."""
    if _missing(output).any():
        return True
    if output.shape == ():
        return bool(output.finite) and _relative(output) > SCALAR_LIMIT
    return straw(case, name, output, {}) is not None


def name_deviations(operation, cases):
    """Names the deviations of the cases that would prove nothing, or ask for what PyTorch does not have, without."""
    for case in cases:
        names = set()
        for name, output in list(case.outputs.items()):
            case.deviations = []
            if output.dtype not in _LAYOUT or not _unclear(case, name, output):
                continue
            found = operation.deviation(case, name, badly_wrong(output))
            case.deviations = sorted(found)
            if output.dtype in HALVES and (not found or straw(case, name, output, {}) and output.shape):
                if name.endswith("_gradient"):
                    _leave_out(case, name)
                    continue
                found = {"half-rounding"}
            if not found:
                raise DataFault(f"PyTorch's {name} of the case {case.id} is too far off to judge by, and the operation "
                                "knows no deviation that says why; name one, or mix in elements that PyTorch gets right.")
            names |= found
        case.deviations = sorted(names)


def _leave_out(case, name):
    """In 16 bits a gradient that went through several of PyTorch's roundings can be too coarse to prove anything."""
    del case.outputs[name]
    case.gradients = tuple(g for g in case.gradients if f"{g}_gradient" != name)
    if not case.gradients:
        del case.inputs["upstream"]


def check(operation, cases):
    name_deviations(operation, cases)
    errors = scalar_errors(cases)
    seen = set()
    for case in cases:
        if case.id in seen:
            raise DataFault(f"The case id {case.id} is given twice.")
        seen.add(case.id)
        for rule in case.rules:
            if rule.removeprefix(operation.name + ".") not in operation.rules:
                raise DataFault(f"The case {case.id} names the rule {rule}, which does not exist.")
        if not case.rules:
            raise DataFault(f"The case {case.id} names no rule.")
        for name, output in case.outputs.items():
            if output.dtype not in _LAYOUT:
                if not np.array_equal(output.pytorch.values, output.exact):
                    raise DataFault(f"PyTorch's {name} of the case {case.id} is not the exact one.")
                continue
            if not case.deviations and not (_error(output) <= allowed(case, output, errors))[
                    np.isfinite(expected(output))].all():
                raise DataFault(f"PyTorch's own {name} is outside the tolerance of the case {case.id}.")
            accepted = straw(case, name, output, errors)
            if accepted:
                raise DataFault(f"The case {case.id} is MISTRUSTED: its tolerance for {name} accepts the values "
                                f"{accepted}; mix in elements that PyTorch gets right.")
    unused = set(operation.rules) - {r.removeprefix(operation.name + ".") for case in cases for r in case.rules}
    if unused:
        raise DataFault(f"The rule {operation.name}.{min(unused)} has no case.")
