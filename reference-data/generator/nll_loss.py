"""nll_loss of log-probabilities: its rules, its cases, its truth."""

import math

import numpy as np
from mpmath import mp, mpf

from .cases import Builder, Operation
from .cross_entropy import NOT_INDICES, by_rows
from .tensors import DTYPES, FLOATS, HALVES, INTEGERS, Tensor
from .truth import NAN, ZERO, product

NAME = "nll_loss"

RULES = {
    "formula.loss": "The loss of a row is -input[target], times the weight of the class.",
    "formula.mean": "mean divides the sum by the sum of the weights of the rows' classes.",
    "formula.input_gradient": "The gradient is -weight[target] times the upstream gradient at the target, 0 elsewhere.",
    "reduction.none": "none returns one loss a row.",
    "reduction.mean": "mean divides by the number of rows that are not ignored, or by their weights.",
    "reduction.sum": "sum returns the sum of the losses.",
    "reduction.invalid": "A reduction other than none, mean and sum is refused.",
    "shape.batch": "[N, C] takes an [N] target.",
    "shape.unbatched": "[C] takes a 0-d target.",
    "shape.spatial": "[N, C, d1, ..., dk] takes an [N, d1, ..., dk] target.",
    "shape.empty": "Without rows none is empty, sum is 0 and mean is NaN.",
    "shape.mismatch": "A target of another batch size, rank or inner size is refused.",
    "shape.scalar": "A 0-d input is refused.",
    "shape.weight": "The weight must have the number of classes.",
    "target.out_of_range": "An index below 0 or not below C is refused.",
    "ignore.rows": "Rows of the ignore_index add nothing, and their gradient is 0.",
    "ignore.all": "When all rows are ignored none is 0, sum 0, mean NaN, the gradient 0.",
    "special.infinite": "-inf at the target gives an infinite loss; elsewhere it has no effect.",
    "special.nan": "NaN at the target gives NaN; elsewhere it has no effect.",
    "special.zero_weight": "A zero weight on a class of -inf gives NaN.",
    "example.cross_entropy": "nll_loss of log_softmax is cross_entropy.",
    "order.target_dtype_before_range": "The dtype of the target is reported before an index out of range.",
    "order.batch_before_dtype": "A wrong batch size is reported before a wrong dtype of the target.",
    "order.weight_before_range": "A wrong weight is reported before an index out of range.",
}
RULES |= {f"dtype.{rank}.{x}.{t}": f"{shape} input of {x} with {t} indices "
          + (f"gives a {x} loss." if x in FLOATS and (t == "int64" or t == "uint8" and rank == "2d") else "is refused.")
          for rank, shape in (("2d", "[C] and [N, C]"), ("spatial", "[N, C, d1, ..., dk]")) for x in DTYPES for t in DTYPES}
RULES |= {f"dtype.weight.{w}": "The weight must have the dtype of the input; " +
          (f"{w} with {w} is taken." if w in FLOATS else f"{w} is refused.") for w in DTYPES}
SECTIONS = {"formula": "1", "reduction": "1", "reduction.invalid": "3.1", "dtype": "2.3", "shape": "3.2", "target": "3.2",
            "ignore": "3.2", "special": "4.3", "order": "3", "example": "8"}


def cases(seed):
    build = Builder(NAME, seed, names=("input", "target"))
    _values(build)
    _special(build)
    _refused(build)
    return build.cases


def _name(shape):
    return "x".join(map(str, shape)) or "scalar"


def _case(build, region, detail, rules, rows, target, dtype="float32", t_dtype="int64", shape=None, **more):
    shape = shape or rows.shape
    result = shape[:1] + shape[2:] if len(shape) > 1 else ()
    if len(shape) > 1:
        rows = np.moveaxis(rows.reshape(*result, shape[1]), -1, 1)
    build.values(region, detail, rules, Tensor.of(rows, dtype, shape), Tensor.of(target, t_dtype, result), result,
                 dtype=dtype, **more)


def _rows(draw, n, classes):
    """Log-probabilities of a kind; the first row's stands out and is a power of two."""
    rows, target = -draw.uniform(n * classes, 0.05, 8.0).reshape(n, classes), draw.below(n, classes)
    if n:
        rows[0, target[0]] = -64.0
    return rows, target


def _values(build):
    for dtype in FLOATS:
        for shape in ((8, 5), (4,), (2, 3, 4), (2, 3, 2, 2), (4, 2, 2, 1, 2)):
            classes = shape[1] if len(shape) > 1 else shape[0]
            n = int(np.prod(shape)) // classes
            rule = {1: "shape.unbatched", 2: "shape.batch"}.get(len(shape), "shape.spatial")
            cell = f"dtype.{'2d' if len(shape) < 3 else 'spatial'}.{dtype}.int64"
            for weighted in (False, True):
                for ignored in (False, True):
                    detail = _name(shape) + f"-{dtype}" + "-weighted" * weighted + "-ignored" * ignored
                    region = "IGNORED_ROWS" if ignored else "WEIGHTED" if weighted else "ORDINARY"
                    draw = build.stream(region, detail)
                    rows, target = _rows(draw, n, classes)
                    weight, rules = draw.pick(classes, [0.25, 0.5, 0.75, 1.0]), ["formula.loss", rule, cell]
                    if n > 1:
                        weight[target[0]] = 4.0
                    ignore = int(draw.pick(1, [-100, -3, classes + 5])[0])
                    if ignored:
                        target[2::3] = ignore
                        rules.append("ignore.rows")
                    if weighted:
                        rules += ["formula.mean", f"dtype.weight.{dtype}"]
                    _case(build, region, detail, rules, rows, target, dtype, shape=shape,
                          more={"weight": Tensor.of(weight, dtype)} if weighted else {},
                          options={"ignore_index": ignore} if ignored and ignore != -100 else {},
                          reductions=("none", "sum") if dtype in HALVES and weighted else Builder.REDUCTIONS)
        rows, target = _rows(build.stream("ORDINARY", f"uint8-{dtype}"), 8, 5)
        _case(build, "ORDINARY", f"8x5-uint8-{dtype}", ["formula.loss", f"dtype.2d.{dtype}.uint8"], rows, target, dtype, "uint8")
    rows, _ = _rows(build.stream("ALL_IGNORED", "4x3"), 4, 3)
    _case(build, "ALL_IGNORED", "4x3", ["ignore.all"], rows, np.full(4, -100))
    for shape in ((0, 3), (2, 3, 0)):
        _case(build, "EMPTY_BATCH", _name(shape), ["shape.empty"], np.zeros((0, 3)), np.zeros(0), shape=shape)
    example = np.array([[0.9, 0.2, 0.8], [0.5, 0.2, 0.4], [0.4, 0.2, 0.9]])
    _case(build, "WORKED_EXAMPLE", "log-softmax", ["example.cross_entropy"],
          example - np.array([[1.7760613], [1.4729189], [1.6434200]]), np.arange(3))


def _special(build):
    inf = math.inf
    for dtype in FLOATS:
        for region, name, value in (("INFINITE", "minus", -inf), ("INFINITE", "plus", inf), ("NAN", "nan", math.nan)):
            rows, target = _rows(build.stream(region, f"{name}-{dtype}"), 6, 4)
            rows[2, target[2]] = value
            rows[4, (target[4] + 1) % 4] = value
            rows[5], target[5] = value, -100
            _case(build, region, f"6x4-{name}-{dtype}", ["special.nan" if name == "nan" else "special.infinite"], rows, target,
                  dtype, reductions=Builder.REDUCTIONS if dtype == "float32" else ("none",))
        rows, target = _rows(build.stream("INFINITE", f"zero-{dtype}"), 4, 3)
        rows[1:, 1], target[:] = -inf, [0, 1, 1, 2]
        rows[0, 0] = -64.0
        _case(build, "INFINITE", f"4x3-zero-weight-{dtype}", ["special.zero_weight"], rows, target, dtype,
              more={"weight": Tensor.of([1.0, 0.0, 2.0], dtype)}, reductions=("none",))


def _refused(build):
    def refuse(region, detail, rules, x_shape=(4, 3), t_shape=(4,), x="float32", t="int64", weight=None, w="float32",
               target=None, reduction=None, **options):
        draw = build.stream(region, detail)
        rows = -draw.uniform(np.prod(x_shape)) if x in FLOATS else draw.coin(np.prod(x_shape))
        labels = draw.coin(np.prod(t_shape)) if target is None else target
        build.error(region, detail, rules, Tensor.of(rows, x, x_shape), Tensor.of(labels, t, t_shape),
                    reduction or Builder.REDUCTIONS[len(build.cases) % 3], options=options,
                    more={} if weight is None else {"weight": Tensor.of(draw.uniform(np.prod(weight), 1, 4), w, weight)})

    for x, t in (((4, 3), (5,)), ((4, 3), ()), ((4, 3), (4, 1)), ((4, 3), (4, 3)), ((5,), (3,)), ((5,), (5,)), ((2, 3, 4), (2, 5)),
                 ((2, 3, 4), (2,)), ((2, 3, 4, 5), (2, 5, 4)), ((2, 3, 4, 5), (2, 4)), ((2, 3, 4), (3, 4))):
        refuse("SHAPE_ERROR", f"{_name(x)}-{_name(t)}", ["shape.mismatch"], x, t)
    refuse("SHAPE_ERROR", "scalar-scalar", ["shape.scalar"], (), ())
    for weight in ((4,), (2,), (1, 3), ()):
        refuse("SHAPE_ERROR", f"weight-{_name(weight)}", ["shape.weight"], weight=weight)
    refuse("SHAPE_ERROR", "weight-4-spatial", ["shape.weight"], (2, 3, 4), (2, 4), weight=(4,))
    for rank, x_shape, t_shape in (("2d", (4, 3), (4,)), ("spatial", (2, 3, 4), (2, 4))):
        for x in DTYPES:
            for t in DTYPES:
                if x in FLOATS and (t == "int64" or t == "uint8" and rank == "2d"):
                    continue
                refuse("DTYPE_ERROR", f"{rank}-{x}-{t}", [f"dtype.{rank}.{x}.{t}"], x_shape, t_shape, x, t)
    for w in DTYPES:
        if w != "float32":
            refuse("DTYPE_ERROR", f"weight-{w}", [f"dtype.weight.{w}"], weight=(3,), w=w)
    for name, wrong in (("minus-one", [0, -1, 2, 1]), ("c", [0, 1, 3, 9]), ("2-to-40", [2**40, 1, 0, 0])):
        refuse("TARGET_RANGE_ERROR", name, ["target.out_of_range"], target=wrong)
        refuse("TARGET_RANGE_ERROR", f"{name}-spatial", ["target.out_of_range"], (2, 3, 2), (2, 2), target=wrong)
    for name in ("bad", "Mean"):
        refuse("OPTION_ERROR", f"reduction-{name.lower()}", ["reduction.invalid"], reduction=name)
    refuse("CHECK_ORDER", "target-dtype-before-range", ["order.target_dtype_before_range"], t="int32", target=[0, 9, 1, 1])
    refuse("CHECK_ORDER", "batch-before-dtype", ["order.batch_before_dtype"], t_shape=(5,), t="int32")
    refuse("CHECK_ORDER", "weight-before-range", ["order.weight_before_range"], weight=(4,), target=[0, 9, 1, 1])


def call(functional, inputs, options):
    return functional.nll_loss(inputs["input"], inputs["target"], inputs.get("weight"), **options)


def truth(case):
    values, reduction = case.inputs["input"].values, case.options["reduction"]
    rows, row_at, class_at = by_rows(values)
    n, classes = rows.shape
    weights = [mpf(w) for w in case.inputs["weight"].values.ravel()] if "weight" in case.inputs else [mpf(1)] * classes
    labels = case.inputs["target"].array.ravel().tolist()
    counted = [t != case.options.get("ignore_index", -100) for t in labels]
    losses = [product(-weights[t], mpf(rows[r, t])) if counted[r] else ZERO for r, t in enumerate(labels)]
    divisor = mp.fsum(weights[t] for t, c in zip(labels, counted) if c) if reduction == "mean" else mpf(1)
    finite = np.isfinite(rows).all(axis=1)
    if reduction == "none":
        loss = losses, finite
    else:
        loss = [mp.fsum(losses) / divisor if divisor else NAN], finite.all()
    scale = np.broadcast_to(case.inputs["upstream"].values.ravel(), n).tolist()
    gradient = [-mpf(scale[r]) * weights[c] / divisor if counted[r] and labels[r] == c else ZERO
                for r, c in zip(row_at.tolist(), class_at.tolist())]
    return {"loss": loss, "input_gradient": (gradient, finite[row_at])}


def deviation(case, name, wrong):
    return {"half-cross-entropy-mean"} if case.inputs["input"].dtype in HALVES and name == "loss" else set()


OPERATION = Operation(NAME, RULES, SECTIONS, cases, call, truth, deviation)
