"""binary_cross_entropy of probabilities: its rules, its cases, its truth."""

import math
from functools import lru_cache

import numpy as np
from mpmath import mp, mpf

from .bce_with_logits import BROADCASTS
from .cases import Builder, Operation
from .tensors import DTYPES, FLOATS, HALVES, INTEGERS, Tensor
from .truth import INF, NAN, ONE, ZERO, product, reduce_loss

NAME = "bce"

RULES = {
    "formula.loss": "The loss of a probability p is -(t * log(p) + (1 - t) * log(1 - p)), the logarithms held at -100 or "
                    "above.",
    "formula.input_gradient": "The gradient of p is (p - t) / max(p * (1 - p), 1e-12), 1e-12 being rounded to float32.",
    "formula.target_gradient": "The gradient of t is log(1 - p) - log(p), which is not held.",
    "formula.weight": "A weight multiplies the loss of its element, and both gradients.",
    "reduction.none": "none returns one loss an element, in the shape of the input.",
    "reduction.mean": "mean divides the sum of the losses by the number of elements, weighted or not.",
    "reduction.sum": "sum returns the sum of the losses.",
    "reduction.invalid": "A reduction other than none, mean and sum is refused.",
    "shape.elementwise": "Input and target may have any number of dimensions, as long as the sizes are equal.",
    "shape.scalar": "A 0-d input with a 0-d target works.",
    "shape.empty": "Without elements none is empty, sum is 0 and mean is NaN.",
    "shape.mismatch": "Target and input must have equal sizes; there is no broadcasting.",
    "weight.broadcast": "The weight is broadcast to the shape of the input.",
    "weight.mismatch": "A weight that cannot be broadcast to the input is refused.",
    "range.input": "A probability outside [0, 1], or NaN, is refused.",
    "range.target": "A target outside [0, 1], or NaN, is refused.",
    "special.zero": "At p = 0, -0 included, the loss is 0 at t = 0 and 100 at t = 1.",
    "special.one": "At p = 1 the loss is 100 at t = 0 and 0 at t = 1.",
    "special.clamp": "The logarithm is held at -100, in float64 too: below p = 3.8e-44 the loss at t = 1 is 100.",
    "special.gradient_at_ends": "At p = 0 and p = 1 the gradient is (p - t) / 1e-12, and that of the target infinite.",
    "special.half_gradient": "In float16 PyTorch's 1e-12 is 0, and the gradient at p = 0 and p = 1 NaN or infinite.",
    "example.sigmoid": "The loss of a sigmoid beside that of its logits.",
    "order.reduction_before_size": "An invalid reduction is reported before different sizes are.",
    "order.size_before_weight": "Different sizes are reported before a weight of a wrong shape.",
    "order.weight_before_dtype": "A weight of a wrong shape is reported before different dtypes are.",
    "order.dtype_before_kind": "Different dtypes are reported before a dtype that is not floating-point.",
    "order.dtype_before_range": "A wrong dtype is reported before a probability out of range.",
    "order.input_before_target": "A probability out of range is reported before a target out of range.",
}
RULES |= {f"dtype.{x}.{t}": f"{x} probabilities with {t} targets " + (f"give a {x} loss." if x == t and x in FLOATS else
                                                                    "are refused.") for x in DTYPES for t in DTYPES}
RULES |= {f"dtype.weight.{w}": f"A weight of {w} leaves the loss in the dtype of the input." for w in DTYPES}
SECTIONS = {"formula": "1", "reduction": "1", "reduction.invalid": "3.1", "dtype": "2.2", "shape": "3.1", "weight": "3.1",
            "range": "4.3", "special": "4.3", "order": "3", "example": "8"}
BOTH = ("input", "target")


def cases(seed):
    build = Builder(NAME, seed, names=BOTH)
    _ordinary(build)
    _special(build)
    _refused(build)
    return build.cases


def _name(shape):
    return "x".join(map(str, shape)) or "scalar"


def _drawn(draw, n, kind, dtype):
    p, t = draw.uniform(n, 0.01, 0.99), draw.coin(n) * 1.0 if kind == "hard" else draw.uniform(n)
    if n:  # one loss that stands out, with powers of two
        p[0], t[0] = 2.0**-8, 1.0
    return p, t


def _values(build, region, detail, rules, p, t, dtype="float32", shape=None, **more):
    shape = p.shape if shape is None else shape
    build.values(region, detail, rules, Tensor.of(p, dtype, shape), Tensor.of(t, dtype, shape), shape, dtype=dtype,
                 gradients=BOTH, **more)


def _ordinary(build):
    for dtype in FLOATS:
        for shape in ((), (1,), (16,), (7, 3), (2, 3, 4)) if dtype == "float32" else ((16,), (3, 5)):
            for kind in ("hard", "soft"):
                detail = f"{_name(shape)}-{dtype}-{kind}"
                p, t = _drawn(build.stream("ORDINARY", detail), int(np.prod(shape)), kind, dtype)
                _values(build, "ORDINARY", detail, ["formula.loss", f"dtype.{dtype}.{dtype}", "shape.elementwise" if shape
                                                    else "shape.scalar"], p, t, dtype, shape)
    turn = 0
    for shape, weights in BROADCASTS.items():
        for weight in weights:
            turn += 1
            detail = f"{_name(shape)}-by-{_name(weight)}"
            draw = build.stream("WEIGHTED", detail)
            p, t = _drawn(draw, int(np.prod(shape)), ("hard", "soft")[turn % 2], "float32")
            _values(build, "WEIGHTED", detail, ["formula.weight", "weight.broadcast"], p, t, shape=shape,
                    more={"weight": Tensor.of(draw.uniform(np.prod(weight), 0.1, 4.0), shape=weight)},
                    reductions=("none", ("mean", "sum")[turn % 2]))
    for w in DTYPES:
        detail = f"9-{w}"
        draw = build.stream("MIXED_DTYPE", detail)
        p, t = _drawn(draw, 9, "hard", "float32")
        _values(build, "MIXED_DTYPE", detail, ["formula.weight", f"dtype.weight.{w}"], p, t,
                more={"weight": Tensor.of(draw.uniform(9, 0.1, 4.0) if w in FLOATS else 1 - draw.coin(9) * draw.coin(9), w)},
                reductions=(Builder.REDUCTIONS[len(build.cases) % 3],))
    for shape in ((0,), (0, 3)):
        _values(build, "EMPTY_BATCH", _name(shape), ["shape.empty"], np.zeros(0), np.zeros(0), shape=shape)
    draw = build.stream("WORKED_EXAMPLE", "sigmoid")
    logits = [0.4962566, 0.7682218, 0.0884774]
    _values(build, "WORKED_EXAMPLE", "sigmoid", ["example.sigmoid"], 1 / (1 + np.array([0.6088064, 0.4638371, 0.9153238])),
            np.array([0.0, 1.0, 1.0]))


def _special(build):
    for dtype in FLOATS:
        tiny = {"float64": [1e-300, 2.0**-1074, 1e-43], "float32": [1e-45, 1e-43, 2.0**-149], "float16": [2.0**-24] * 3,
                "bfloat16": [2.0**-133, 1e-38, 2.0**-126]}[dtype]
        top = 1.0 - {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}[dtype]
        draw = build.stream("SPECIAL_VALUE", dtype)
        rows = [(p, t) for p in (0.0, -0.0, 1.0) for t in (0.0, 1.0, 0.5)]
        rows += [(p, t) for p in (*tiny, top) for t in (0.0, 1.0)]
        rows = [rows[i] for i in draw.order(len(rows))]
        rules = ["special.zero", "special.one", "special.clamp", "special.gradient_at_ends"]
        _values(build, "SPECIAL_VALUE", dtype, rules + ["special.half_gradient"] * (dtype == "float16"),
                np.array([(0.25, 1.0), *rows])[:, 0], np.array([(0.25, 1.0), *rows])[:, 1], dtype, reductions=("none",))
        _values(build, "SATURATED", f"8-{dtype}", ["special.clamp", "formula.loss"],
                np.concatenate([[2.0**-4], draw.pick(7, [2.0**-10, 2.0**-12, 2.0**-9, 1.0 - 2.0**-8])]),
                np.concatenate([[1.0], draw.coin(7)]), dtype)


def _refused(build):
    def refuse(region, detail, rules, x=(4,), t=(4,), x_dtype="float32", t_dtype="float32", weight=None, p=None, q=None,
               reduction=None, w="float32"):
        draw = build.stream(region, detail)
        values = draw.uniform(np.prod(x)) if p is None else np.array(p)
        target = draw.coin(np.prod(t)) if q is None else np.array(q)
        if x_dtype not in FLOATS:
            values = values > 0.5
        build.error(region, detail, rules, Tensor.of(values, x_dtype, x), Tensor.of(target, t_dtype, t),
                    reduction or Builder.REDUCTIONS[len(build.cases) % 3],
                    more={} if weight is None else {"weight": Tensor.of(draw.uniform(np.prod(weight)), w, weight)})

    for x, t in (((4, 1), (4,)), ((4,), (4, 1)), ((4, 3), (3,)), ((3,), (4,)), ((), (1,)), ((2, 3), (3, 2)), ((0,), (1,))):
        refuse("SHAPE_ERROR", f"{_name(x)}-{_name(t)}", ["shape.mismatch"], x, t)
    for x, w in (((2, 3), (2,)), ((2, 3), (4,)), ((2, 3), (3, 1)), ((2, 3), (1, 2, 3)), ((5,), (3,)), ((1, 3), (2, 1)), ((), (2,))):
        refuse("SHAPE_ERROR", f"weight-{_name(x)}-{_name(w)}", ["weight.mismatch"], x, x, weight=w)
    for x in DTYPES:
        for t in DTYPES:
            if x != t or x not in FLOATS:
                refuse("DTYPE_ERROR", f"{x}-{t}", [f"dtype.{x}.{t}"], x_dtype=x, t_dtype=t)
    for name, p in (("above", [0.5, 1.5, 0.25, 0.0]), ("below", [0.5, 0.25, 0.0, -2.0**-20]), ("nan", [math.nan, 0.5, 0.25, 0.0]),
                    ("inf", [0.5, math.inf, 0.25, 0.0])):
        for dtype in FLOATS:
            refuse("RANGE_ERROR", f"input-{name}-{dtype}", ["range.input"], x_dtype=dtype, t_dtype=dtype, p=p)
            refuse("RANGE_ERROR", f"target-{name}-{dtype}", ["range.target"], x_dtype=dtype, t_dtype=dtype, q=p)
    for name in ("bad", "Mean"):
        refuse("OPTION_ERROR", f"reduction-{name.lower()}", ["reduction.invalid"], reduction=name)
    order = "CHECK_ORDER"
    refuse(order, "reduction-before-size", ["order.reduction_before_size"], t=(3,), reduction="bad")
    refuse(order, "size-before-weight", ["order.size_before_weight"], t=(3,), weight=(7,))
    refuse(order, "size-before-dtype", ["order.size_before_weight"], t=(3,), t_dtype="int64")
    refuse(order, "weight-before-dtype", ["order.weight_before_dtype"], t_dtype="int64", weight=(7,))
    refuse(order, "weight-before-range", ["order.weight_before_dtype"], p=[2.0] * 4, weight=(7,))
    refuse(order, "dtype-before-kind", ["order.dtype_before_kind"], x_dtype="int64", t_dtype="int32")
    refuse(order, "dtype-before-range", ["order.dtype_before_range"], t_dtype="float64", p=[2.0] * 4)
    refuse(order, "input-before-target", ["order.input_before_target"], p=[0.5, 2.0, 0.5, 0.5], q=[3.0, 0.0, 0.0, 0.0])
    refuse(order, "target-of-an-earlier-element", ["order.input_before_target"], p=[0.5, 0.5, 0.5, 2.0],
           q=[3.0, 0.0, 0.0, 0.0])


def call(functional, inputs, options):
    return functional.binary_cross_entropy(**inputs, **options)


EPSILON = mpf(float(np.float32(1e-12)))


@lru_cache(maxsize=None)
def _element(p, t):
    p, t = mpf(p), mpf(t)
    log, other = (mp.log(p) if p else -INF), (mp.log1p(-p) if p < 1 else -INF)
    loss = -product(t, max(log, mpf(-100))) - product(ONE - t, max(other, mpf(-100)))
    return loss, (p - t) / max((ONE - p) * p, EPSILON), other - log


def truth(case):
    tensors, reduction = case.inputs, case.options["reduction"]
    shape, count = tensors["input"].shape, tensors["input"].array.size
    spread = lambda name: np.broadcast_to(tensors[name].values if name in tensors else 1.0, shape).ravel().tolist()
    weight = [mpf(w) for w in spread("weight")]
    elements = [_element(*pair) for pair in zip(spread("input"), spread("target"))]
    finite = np.ones(count, bool)
    losses = [product(w, e[0]) for w, e in zip(weight, elements)]
    results = {"loss": (losses, finite) if reduction == "none" else
               ([reduce_loss(losses, reduction, count)], np.array(True))}
    scale = [mpf(s) / (count if reduction == "mean" else 1) for s in spread("upstream")]
    for part, name in ((1, "input"), (2, "target")):
        results[f"{name}_gradient"] = [product(s, w, e[part]) for s, w, e in zip(scale, weight, elements)], finite
    return results


def deviation(case, name, wrong):
    if name == "input_gradient" and case.inputs["input"].dtype in HALVES:
        return {"bce-half-gradient"}
    return set()


OPERATION = Operation(NAME, RULES, SECTIONS, cases, call, truth, deviation)
