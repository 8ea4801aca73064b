"""cross_entropy with class indices: its rules, its cases, its truth."""

import math
from functools import lru_cache

import numpy as np
from mpmath import mp, mpf

from . import digits
from .cases import Builder, Operation
from .tensors import DTYPES, FLOATS, INTEGERS, Tensor, recipe
from .truth import INF, NAN, ONE, TINY, ZERO, reduce_loss

NAME = "cross_entropy"

RULES = {
    "formula.loss": "The loss of a row is log(sum over c of exp(x_c)) - x_t, t being the row's class index.",
    "formula.logits_gradient": "The gradient of a logit is (softmax(x)_c - [c = t]) times the row's upstream gradient, "
                               "divided by the number of rows for mean.",
    "reduction.none": "none returns one loss a row, in the shape of the target.",
    "reduction.mean": "mean divides the sum of the losses by the number of rows.",
    "reduction.sum": "sum returns the sum of the losses.",
    "reduction.invalid": "A reduction other than none, mean and sum is refused when the loss is called.",
    "shape.batch": "[N, C] logits take an [N] target.",
    "shape.unbatched": "[C] logits take a 0-d target; the result is 0-d for every reduction.",
    "shape.unbatched_one": "[C] logits take a [1] target too and the result is 0-d, but PyTorch's backward refuses it.",
    "shape.spatial": "[N, C, d1, ..., dk] logits take an [N, d1, ..., dk] target; the classes are dimension 1.",
    "shape.single_class": "With one class every loss and every gradient is 0.",
    "shape.empty": "Without rows none is empty, sum is 0 and mean is NaN; the gradient is empty.",
    "shape.no_class": "With rows but no class every index is out of bounds.",
    "shape.batch_mismatch": "The first dimension of logits and target must agree; a 0-d target counts as size 0.",
    "shape.multi_target": "[N, C] logits with a target of two dimensions are refused: multi-target is not supported.",
    "shape.same_shape_is_probabilities": "A target in the shape of the logits means class probabilities whatever its "
                                         "dtype, so integers in that shape are refused; [N, 1] labels against [N, 1] "
                                         "logits, [C] against [C] and 0-d against 0-d included.",
    "shape.unbatched_mismatch": "[C] logits with a 1-D target of another size than 1 and C are refused.",
    "shape.scalar": "0-d logits with a floating-point 0-d target are refused: there is no class dimension.",
    "shape.spatial_mismatch_3d": "[N, C, d1] logits with a target that is not [N, d1] are refused.",
    "shape.spatial_mismatch_4d": "[N, C, d1, d2] logits with a 3-D target of another size are refused.",
    "shape.spatial_rank": "[N, C, d1, d2] logits with a target that is not 3-D are refused.",
    "special.equal": "C equal logits give ln C and the gradient 1/C - [c = t].",
    "special.dominant": "A logit far above the others gives its class a loss near 0 and another class the gap.",
    "special.shift": "Adding one number to all logits of a row changes nothing but the rounding of the logits.",
    "special.zero": "Logits of +-0 and subnormal ones count as equal.",
    "special.huge": "Up to the largest float32 the loss is the gap to the largest logit; a gap above float32 is inf.",
    "special.negative_infinity": "One logit of -inf has probability 0: as the target's it gives the loss inf and the "
                                 "gradient -1, elsewhere it is as if absent.",
    "special.all_negative_infinity": "A row of -inf alone gives NaN for the loss and the whole gradient row.",
    "special.positive_infinity": "A logit of +inf gives NaN for the loss and the whole gradient row.",
    "special.nan": "A NaN logit gives NaN for the loss and the gradient of its row, and of no other row.",
    "target.out_of_range": "An index below 0 or not below C is refused, for every rank and reduction.",
    "target.first_out_of_range": "The message names the first index out of range in row order.",
    "order.reduction_first": "An invalid reduction is reported before anything else.",
    "order.logits_dtype_before_batch_size": "An unsupported dtype of the logits is reported before a wrong batch size.",
    "order.batch_size_before_target_rank": "A wrong batch size is reported before a target of two dimensions.",
    "order.target_rank_before_target_dtype": "A target of two dimensions is reported before its unsupported dtype.",
    "order.target_dtype_before_range": "An unsupported dtype of the target is reported before an index out of range.",
    "dtype.empty": "The dtype of the target is checked on empty tensors too.",
    "dtype.2d.float32.int64": "float32 logits with int64 indices give a float32 loss.",
    "dtype.2d.float32.uint8": "[C] and [N, C] float32 logits take uint8 indices too, and give a float32 loss.",
}
NOT_INDICES = [t for t in DTYPES if t not in ("int64", "uint8")]
NOT_FLOATS = (*INTEGERS, "bool")
for _rank, _shape in (("2d", "[C] and [N, C]"), ("spatial", "[N, C, d1, ..., dk]")):
    RULES |= {f"dtype.{_rank}.{x}.{t}": f"{_shape} logits of {x} with indices of {t} are refused: the target must be "
                                        "int64 or uint8." for x in FLOATS for t in NOT_INDICES}
    RULES |= {f"dtype.{_rank}.{x}.{t}": f"{_shape} logits of {x} are refused, with {t} indices as with any others."
              for x in NOT_FLOATS for t in DTYPES}
RULES |= {f"dtype.spatial.{x}.uint8": f"[N, C, d1, ..., dk] logits of {x} with uint8 indices are refused: there the "
                                      "target must be int64." for x in FLOATS}

# Around the lane counts of 128, 256 and 512-bit vectors and their unrolled multiples, with the batch of each.
CLASSES = {2: 17, 3: 16, 4: 7, 5: 5, 7: 3, 8: 16, 9: 2, 10: 33, 15: 7, 16: 5, 17: 3, 31: 2, 32: 7, 33: 5, 63: 3, 64: 2,
           65: 7, 100: 3, 127: 2, 128: 5, 129: 3, 1000: 1, 1023: 1, 1024: 1, 1025: 1, 2049: 1}
BATCHES = (1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65)


def cases(seed):
    build = Builder(NAME, seed)
    _ordinary(build)
    _ties(build)
    _dominant(build)
    _shifted(build)
    _near_zero(build)
    _huge(build)
    _non_finite(build)
    _degenerate(build)
    _large(build)
    _real_model(build)
    _refused_shapes(build)
    _refused_targets(build)
    _refused_dtypes(build)
    return build.cases


def _rows(draw, n, classes, deviation=3.0):
    """Logits from N(0, deviation^2) and random classes. The first row's class is its least likely one, so that even a
    batch of one row holds a loss that PyTorch gets right: data of small losses alone could not tell a right kernel
    from one that returns zero."""
    logits = draw.normal(n * classes, deviation).reshape(n, classes)
    target = draw.below(n, classes)
    target[0] = logits[0].argmin()
    return logits, target


def _values(build, region, detail, rules, logits, target, dtype="int64", shape=None, target_shape=(),
            **more):
    """Rows of logits as one case. `shape` [N, C, d1, ...] lays the rows out with the classes as dimension 1."""
    shape = shape or logits.shape
    if len(shape) > 1:
        target_shape = result = shape[:1] + shape[2:]
        logits = np.moveaxis(logits.reshape(*result, shape[1]), -1, 1)
    else:
        result = ()
    build.values(region, detail, rules, Tensor.of(logits, shape=shape), Tensor.of(target, dtype, target_shape), result,
                 **more)


def _ordinary(build):
    for i, (classes, n) in enumerate(CLASSES.items()):
        logits, target = _rows(build.stream("LANE_MULTIPLE", f"{n}x{classes}"), n, classes)
        _values(build, "LANE_MULTIPLE", f"{n}x{classes}", ["formula.loss", "shape.batch", "dtype.2d.float32.int64"],
                logits, target, reductions=("none", ("mean", "sum")[i % 2]))
    for i, n in enumerate(BATCHES):
        logits, target = _rows(build.stream("ORDINARY", f"{n}x6"), n, 6)
        _values(build, "ORDINARY", f"{n}x6", ["formula.loss", "shape.batch"], logits, target,
                reductions=("none", ("mean", "sum")[i % 2]))
    for classes, target_shape in ((2, ()), (5, (1,)), (10, ()), (33, (1,))):
        detail = f"{classes}-" + ("one" if target_shape else "scalar")
        logits, target = _rows(build.stream("ORDINARY", detail), 1, classes)
        rule = "shape.unbatched_one" if target_shape else "shape.unbatched"
        _values(build, "ORDINARY", detail, ["formula.loss", rule], logits, target, shape=(classes,),
                target_shape=target_shape, gradient=not target_shape)
    for shape in ((2, 3, 4), (1, 10, 17), (3, 5, 1), (2, 4, 33), (2, 3, 4, 5), (1, 17, 2, 8), (2, 3, 2, 2, 2)):
        detail, n = "x".join(map(str, shape)), int(np.prod(shape)) // shape[1]
        logits, target = _rows(build.stream("ORDINARY", detail), n, shape[1])
        _values(build, "ORDINARY", detail, ["formula.loss", "shape.spatial"], logits, target, shape=shape)
    for shape in ((7, 10), (12,)):
        detail = "uint8-" + "x".join(map(str, shape))
        logits, target = _rows(build.stream("ORDINARY", detail), 7 if len(shape) > 1 else 1, shape[-1])
        _values(build, "ORDINARY", detail, ["formula.loss", "dtype.2d.float32.uint8"], logits, target, "uint8", shape)
    for n, classes in ((16, 10), (2, 129)):
        logits, target = _rows(build.stream("WIDE_SPREAD", f"{n}x{classes}"), n, classes, 10.0)
        _values(build, "WIDE_SPREAD", f"{n}x{classes}", ["formula.loss"], logits, target)


def _ties(build):
    for n, classes in ((5, 2), (5, 3), (7, 10), (3, 64)):
        detail = f"{n}x{classes}"
        draw = build.stream("TIE", detail)
        level = draw.normal(n, 3.0).astype("<f4")
        equal = np.repeat(level[:, None], classes, axis=1)
        _values(build, "TIE", f"{detail}-all", ["special.equal"], equal, draw.below(n, classes))
        if classes > 2:
            logits, target = _rows(draw, n, classes)
            runner_up = (logits.argmax(axis=1) + 1 + draw.below(n, classes - 1)) % classes
            logits[np.arange(n), runner_up] = logits.max(axis=1)
            target[1:] = runner_up[1:]
            _values(build, "TIE", f"{detail}-two", ["formula.loss"], logits, target)
        draw = build.stream("NEAR_TIE", detail)
        ulps = draw.below(n * classes, 9).reshape(n, classes) - 4
        near = (level[:, None].view("<i4") + ulps.astype("<i4")).view("<f4")
        _values(build, "NEAR_TIE", detail, ["special.equal"], near, draw.below(n, classes))


def _dominated(draw, n, classes, low, high, spread=1.0):
    """Rows with one logit low to high above the largest of the others. It is the target's in every second row."""
    logits = draw.normal(n * classes, spread).reshape(n, classes)
    rows, top = np.arange(n), draw.below(n, classes)
    logits[rows, top] = -np.inf
    logits[rows, top] = logits.max(axis=1) + draw.uniform(n, low, high)
    other = (top + 1 + draw.below(n, classes - 1)) % classes
    return logits, np.where(rows % 2 == 0, other, top)


def _dominant(build):
    for n, classes in ((16, 2), (17, 10), (4, 129), (2, 1000)):
        detail = f"{n}x{classes}"
        _values(build, "DOMINANT_LOGIT", detail, ["special.dominant"],
                *_dominated(build.stream("DOMINANT_LOGIT", detail), n, classes, 5.0, 39.0),
                reductions=Builder.REDUCTIONS if classes < 1000 else ("none", "mean"))
    # Gaps at which losses, gradients and probabilities are subnormal or nothing at all.
    for n, classes in ((12, 2), (12, 10)):
        detail = f"{n}x{classes}-gap-80-110"
        _values(build, "DOMINANT_LOGIT", detail, ["special.dominant"],
                *_dominated(build.stream("DOMINANT_LOGIT", detail), n, classes, 80.0, 110.0))


def _shifted(build):
    for name, shift in (("1e4", 1e4), ("minus-1e4", -1e4), ("1e7", 1e7)):
        detail = f"9x10-{name}"
        logits, target = _rows(build.stream("SHIFTED", detail), 9, 10)
        _values(build, "SHIFTED", detail, ["special.shift"], logits + shift, target)


def _near_zero(build):
    draw = build.stream("SUBNORMAL", "7x5")
    logits = (draw.sign(35) * (1 + draw.below(35, 2**23 - 1)) * 2.0**-149).reshape(7, 5)
    _values(build, "SUBNORMAL", "7x5", ["special.zero"], logits, draw.below(7, 5))
    draw = build.stream("SIGNED_ZERO", "6x4")
    _values(build, "SIGNED_ZERO", "6x4", ["special.zero"], (draw.sign(24) * 0.0).reshape(6, 4), draw.below(6, 4))


def _huge(build):
    draw = build.stream("HUGE", "12x5")
    logits = (draw.sign(60) * draw.uniform(60, 1.0, 1.5) * 10.0 ** draw.below(60, 38)).reshape(12, 5)
    target = draw.below(12, 5)
    for row, values in enumerate(([1e4, 0.0, -1e4], [3e38, 3e38, 0.0], [3e38, 0.0, 0.0], [-3e38, 0.0, -1e4])):
        logits[row, :3] = draw.shuffled(values)
        logits[row, 3:] = draw.uniform(2, -2.0, 2.0)
    target[0] = logits[0].argmin()
    _values(build, "HUGE", "12x5", ["special.huge"], logits, target, reductions=("none",))
    # One loss of 1e38, so that the sum stays a float32.
    draw = build.stream("HUGE", "9x5-one")
    logits = (draw.sign(45) * draw.uniform(45, 1.0, 2.0) * 10.0 ** draw.below(45, 30)).reshape(9, 5)
    logits[0] = draw.shuffled([-1e38 * draw.uniform(1, 1.0, 1.1)[0], 7.0, 1.0, -3.0, 0.5])
    target = draw.below(9, 5)
    target[0] = logits[0].argmin()
    _values(build, "HUGE", "9x5-one", ["special.huge"], logits, target, reductions=("mean", "sum"))
    # A gap that float32 cannot hold: inf is the true loss, rounded.
    draw = build.stream("HUGE", "6x3-gap")
    logits = draw.normal(18, 3.0).reshape(6, 3)
    logits[:3] = [draw.shuffled([s * v for s, v in zip((1, -1, 0), draw.uniform(3, 2.9e38, 3.1e38))]) for _ in range(3)]
    target = draw.below(6, 3)
    target[0] = logits[0].argmin()
    target[3] = logits[3].argmin()
    _values(build, "HUGE", "6x3-gap", ["special.huge"], logits, target, reductions=("none",))
    # Each loss is a float32 and so is their mean, but PyTorch divides too late.
    draw = build.stream("HUGE", "4x3-overflow")
    logits = draw.normal(12, 3.0).reshape(4, 3)
    target = draw.below(4, 3)
    logits[np.arange(4), target] = -draw.uniform(4, 2.9e38, 3.1e38)
    _values(build, "HUGE", "4x3-overflow", ["special.huge"], logits, target, reductions=("mean", "sum"),
            deviations={"mean": ["mean-overflow"]})


def _non_finite(build):
    def case(region, detail, rules, change):
        draw = build.stream(region, detail)
        logits, target = _rows(draw, 9, 6)
        change(draw, logits, target)
        _values(build, region, f"9x6-{detail}", rules, logits, target)

    def fill(value, count, at_target):
        """Puts `value` into `count` classes of rows 2, 4 and 6, the target's among them or not."""
        def change(draw, logits, target):
            for row in (2, 4, 6):
                others = draw.shuffled(np.delete(np.arange(6), target[row]))
                where = [target[row], *others[: count - 1]] if at_target else others[:count]
                logits[row, where] = value
        return change

    minus, plus, nan = -np.inf, np.inf, np.nan
    case("INFINITE", "minus-elsewhere", ["special.negative_infinity"], fill(minus, 1, False))
    case("INFINITE", "minus-at-target", ["special.negative_infinity"], fill(minus, 1, True))
    case("INFINITE", "minus-all-others", ["special.negative_infinity"], fill(minus, 5, False))
    case("INFINITE", "minus-all", ["special.all_negative_infinity"], fill(minus, 6, True))
    case("INFINITE", "plus-at-target", ["special.positive_infinity"], fill(plus, 1, True))
    case("INFINITE", "plus-elsewhere", ["special.positive_infinity"], fill(plus, 1, False))
    case("INFINITE", "plus-two", ["special.positive_infinity"], fill(plus, 2, True))
    case("NAN", "at-target", ["special.nan"], fill(nan, 1, True))
    case("NAN", "elsewhere", ["special.nan"], fill(nan, 2, False))


def _degenerate(build):
    for shape in ((1, 1), (7, 1), (2, 1, 3), (1,)):
        detail = "x".join(map(str, shape))
        draw, n = build.stream("SINGLE_CLASS", detail), int(np.prod(shape))
        _values(build, "SINGLE_CLASS", detail, ["shape.single_class"], draw.normal(n, 3.0).reshape(n, 1),
                np.zeros(n), shape=shape)
    draw = build.stream("SINGLE_CLASS", "6x1-non-finite")
    logits = draw.normal(6, 3.0)
    logits[1:5] = draw.shuffled([np.nan, np.inf, -np.inf, 3e38])
    _values(build, "SINGLE_CLASS", "6x1-non-finite",
            ["shape.single_class", "special.nan", "special.positive_infinity", "special.all_negative_infinity"],
            logits.reshape(6, 1), np.zeros(6))
    for shape in ((0, 3), (0, 1), (0, 0), (0, 3, 4), (2, 3, 0), (0, 3, 4, 5)):
        _values(build, "EMPTY_BATCH", "x".join(map(str, shape)), ["shape.empty"], np.zeros((0, shape[1])), np.zeros(0),
                shape=shape)


def _large(build):
    for n, classes in ((64, 1000), (1, 2**17)):
        detail = f"{n}x{classes}"
        draw = build.stream("LARGE", detail)
        seeds = draw.raw(2) >> np.uint64(1)
        build.values("LARGE", detail, ["formula.loss", "shape.batch"],
                     recipe("uniform", (n, classes), seeds[0], exponent=-20),
                     recipe("index", (n,), seeds[1], "int64", bound=classes), (n,),
                     positions={"logits_gradient": draw.positions(n * classes)})


def _real_model(build):
    logits, target = digits.classes(build.seed)
    rules, kept = ["formula.loss", "shape.batch"], build.stream("REAL_MODEL", "digits").positions(logits.size)
    _values(build, "REAL_MODEL", "digits", rules, logits, target, reductions=("none",))
    _values(build, "REAL_MODEL", "digits", rules, logits, target, reductions=("mean", "sum"),
            positions={"logits_gradient": kept})


def _tensors(draw, x_shape, t_shape, x_dtype="float32", t_dtype="int64"):
    """Logits and labels 0 and 1 of these shapes and dtypes; a floating-point target holds them as numbers."""
    n = int(np.prod(x_shape))
    logits = draw.normal(n, 3.0) if x_dtype in FLOATS else draw.coin(n)
    return Tensor.of(logits, x_dtype, x_shape), Tensor.of(draw.coin(np.prod(t_shape)), t_dtype, t_shape)


def _refused_shapes(build):
    def refuse(rule, x, t, t_dtype="int64", x_dtype="float32", region="SHAPE_ERROR", detail=None, more=(),
               reduction=None):
        detail = detail or "-".join("x".join(map(str, s)) or "scalar" for s in (x, t))
        detail += "" if t_dtype == "int64" else f"-{t_dtype}"
        if reduction is None:
            reduction = Builder.REDUCTIONS[len(build.cases) % 3]
        build.error(region, detail, [rule, *more], *_tensors(build.stream(region, detail), x, t, x_dtype, t_dtype),
                    reduction)

    for x, t in (((4, 3), (5,)), ((4, 3), ()), ((1, 3), ()), ((4, 3), (1,)), ((4, 1), (3,)), ((2, 3, 4), (3, 4)),
                 ((2, 3, 4, 5), (3, 4, 5)), ((0, 3), (2,))):
        refuse("shape.batch_mismatch", x, t)
    for t_dtype, t in (("float32", (3,)), ("float32", (1, 3))):
        refuse("shape.batch_mismatch", (4, 3), t, t_dtype)
    for t in ((4, 1), (4, 2)):
        refuse("shape.multi_target", (4, 3), t)
    for shape in ((4, 3), (4, 1), (5,), (1,), (), (2, 3, 4)):
        refuse("shape.same_shape_is_probabilities", shape, shape)
    refuse("shape.same_shape_is_probabilities", (4, 3), (4, 3), "bool")
    refuse("shape.unbatched_mismatch", (5,), (3,))
    refuse("shape.unbatched_mismatch", (5,), (2,))
    refuse("shape.scalar", (), (), "float32")
    for t in ((2, 5), (2,), (2, 4, 1)):
        refuse("shape.spatial_mismatch_3d", (2, 3, 4), t)
    for t in ((2, 5, 4), (2, 4, 4)):
        refuse("shape.spatial_mismatch_4d", (2, 3, 4, 5), t)
    for t in ((2, 4), (2,)):
        refuse("shape.spatial_rank", (2, 3, 4, 5), t)
    for shape in ((2, 0), (1, 0)):
        refuse("shape.no_class", shape, shape[:1])

    for name in ("bad", "Mean", "average", ""):
        refuse("reduction.invalid", (4, 3), (4,), region="OPTION_ERROR", detail=f"reduction-{name.lower() or 'empty'}",
               reduction=name)
    refuse("reduction.invalid", (4, 3), (5,), region="OPTION_ERROR", detail="reduction-before-size", reduction="bad",
           more=["order.reduction_first"])
    refuse("shape.batch_mismatch", (4, 3), (5, 2), detail="batch-size-before-target-rank",
           more=["order.batch_size_before_target_rank"])
    refuse("shape.multi_target", (4, 3), (4, 1), "int32", detail="target-rank-before-target-dtype",
           more=["order.target_rank_before_target_dtype"])
    refuse("dtype.2d.int64.int64", (4, 3), (5,), x_dtype="int64", region="DTYPE_ERROR",
           detail="logits-dtype-before-batch-size", more=["order.logits_dtype_before_batch_size"])


def _refused_targets(build):
    region, least = "TARGET_RANGE_ERROR", -(2**63)
    for name, shape, wrong, dtype in (
            ("minus-one", (4, 3), [-1], "int64"), ("minus-101", (4, 3), [-101], "int64"), ("c", (4, 3), [3], "int64"),
            ("c-plus-2", (4, 3), [5], "int64"), ("2-to-40", (4, 3), [2**40], "int64"),
            ("2-to-32", (4, 3), [2**32], "int64"), ("least-int64", (4, 3), [least], "int64"),
            ("two-wrong", (4, 3), [7, -2], "int64"), ("two-wrong-negative-first", (4, 3), [-2, 7], "int64"),
            ("unbatched", (3,), [3], "int64"), ("unbatched-negative", (3,), [-1], "int64"),
            ("single-class", (4, 1), [1], "int64"), ("3d", (2, 3, 4), [3], "int64"),
            ("3d-two-wrong", (2, 3, 4), [9, -5], "int64"), ("4d", (2, 3, 2, 2), [-7], "int64"),
            ("4d-two-wrong", (2, 3, 2, 2), [2**40, 3], "int64"), ("uint8", (4, 3), [255], "uint8"),
            ("129-classes", (2, 129), [129], "int64")):
        for reduction in Builder.REDUCTIONS if name in ("c", "minus-one", "3d", "4d") else ("mean",):
            detail = f"{name}-{reduction}"
            t_shape = shape[:1] + shape[2:] if len(shape) > 1 else ()
            draw = build.stream(region, detail)
            logits, target = _tensors(draw, shape, t_shape, t_dtype=dtype)
            values = np.minimum(target.array.ravel(), shape[1] - 1 if len(shape) > 1 else 2)
            where = np.sort(draw.order(len(values))[: len(wrong)])
            values[where] = wrong
            rules = ["target.out_of_range", *(["target.first_out_of_range"] if len(wrong) > 1 else [])]
            build.error(region, detail, rules, logits, Tensor.of(values, dtype, t_shape), reduction)
    draw = build.stream(region, "target-dtype-before-range")
    logits, _ = _tensors(draw, (4, 3), (4,))
    build.error("DTYPE_ERROR", "target-dtype-before-range",
                ["dtype.2d.float32.int32", "order.target_dtype_before_range"], logits,
                Tensor.of(draw.shuffled([0, 1, 7, -1]), "int32"))


def _refused_dtypes(build):
    for rank, x_shape, t_shape in (("2d", (4, 3), (4,)), ("spatial", (2, 3, 4), (2, 4))):
        for x in DTYPES:
            for t in DTYPES:
                if x in FLOATS and (t == "int64" or t == "uint8" and rank == "2d"):
                    continue
                detail = f"{rank}-{x}-{t}"
                build.error("DTYPE_ERROR", detail, [f"dtype.{rank}.{x}.{t}"],
                            *_tensors(build.stream("DTYPE_ERROR", detail), x_shape, t_shape, x, t),
                            Builder.REDUCTIONS[len(build.cases) % 3])
    for x, t in (("float32", "int32"), ("float32", "float32"), ("int64", "int64"), ("bool", "uint8")):
        detail = f"unbatched-{x}-{t}"
        build.error("DTYPE_ERROR", detail, [f"dtype.2d.{x}.{t}"],
                    *_tensors(build.stream("DTYPE_ERROR", detail), (5,), (), x, t))
    for t in ("int32", "bool"):
        build.error("DTYPE_ERROR", f"empty-float32-{t}", [f"dtype.2d.float32.{t}", "dtype.empty"],
                    *_tensors(build.stream("DTYPE_ERROR", f"empty-{t}"), (0, 3), (0,), t_dtype=t))


def call(functional, inputs, options):
    return functional.cross_entropy(inputs["logits"], inputs["target"], **options)


@lru_cache(maxsize=None)
def _row(data, target):
    """Loss and gradient of a row, by the distances to the target's logit: with S the sum of exp(x_c - x_t) over the
    other classes the loss is log1p(S) and the target's gradient -S / (1 + S), so that neither ever cancels."""
    row = np.frombuffer(data, dtype="<f4").tolist()
    if any(x != x or x == math.inf for x in row) or all(x == -math.inf for x in row):
        return NAN, [NAN] * len(row)  # inf - inf
    if row[target] == -math.inf:
        largest = max(row)
        weights = [TINY if x == -math.inf else mp.exp(mpf(x) - largest) for x in row]
        total = mp.fsum(weights)
        gradient = [w / total for w in weights]
        gradient[target] = -ONE
        return INF, gradient
    origin = mpf(row[target])
    weights = [TINY if x == -math.inf else mp.exp(mpf(x) - origin) for x in row]
    weights[target] = ZERO
    others = mp.fsum(weights)
    gradient = [w / (ONE + others) for w in weights]
    gradient[target] = -others / (ONE + others)
    # Classes at -inf leave no trace in the loss; in the gradient they leave their sign.
    return mp.log1p(mp.fsum(w for w, x in zip(weights, row) if x != -math.inf)), gradient


def truth(case):
    logits, target = case.inputs["logits"].array, case.inputs["target"].array
    classes_at = 1 if logits.ndim > 1 else 0
    rows = np.moveaxis(logits, classes_at, -1).reshape(target.size, logits.shape[classes_at])
    finite = np.isfinite(rows).all(axis=1)
    results = [_row(row.tobytes(), int(t)) for row, t in zip(rows, target.ravel())]
    losses = [loss for loss, _ in results]

    if case.options["reduction"] == "none":
        loss = losses, finite
    else:
        loss = [reduce_loss(losses, case.options["reduction"], len(losses))], finite.all()
    if "upstream" not in case.inputs:
        return {"loss": loss}

    # The row and the class of each logit, in the order in which the logits lie.
    classes_last = np.moveaxis(logits, classes_at, -1).shape
    row_of, class_of = (np.moveaxis(index.reshape(classes_last), -1, classes_at).ravel()
                        for index in np.indices(rows.shape))
    scale = np.broadcast_to(case.inputs["upstream"].array.ravel(), target.size).tolist()
    divisor = target.size if case.options["reduction"] == "mean" else 1
    kept = case.positions.get("logits_gradient", range(logits.size))
    gradient = [mpf(scale[row_of[i]]) * results[row_of[i]][1][class_of[i]] / divisor for i in kept]
    return {"loss": loss, "logits_gradient": (gradient, finite[row_of])}


OPERATION = Operation(NAME, RULES, cases, call, truth)
