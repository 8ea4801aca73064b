"""cross_entropy, with class indices and with class probabilities: its rules, its cases, its truth."""

import math
from functools import lru_cache

import numpy as np
from mpmath import mp, mpf

from . import digits
from .cases import Builder, Operation
from .tensors import DTYPES, FLOATS, HALVES, INTEGERS, Tensor, recipe
from .truth import INF, NAN, ONE, TINY, ZERO, product

NAME = "cross_entropy"

RULES = {
    "formula.loss": "The loss of a row is log(sum over c of exp(x_c)) - x_t, t being the row's class index.",
    "formula.logits_gradient": "The gradient of a logit is (softmax(x)_c - [c = t]) times the row's upstream gradient, "
                               "divided by the number of rows for mean.",
    "formula.weight": "The loss of a row is multiplied by the weight of its class.",
    "formula.weighted_mean": "The weighted mean divides by the sum of the weights of the rows' classes.",
    "formula.label_smoothing": "With label smoothing e the loss is (1 - e) times the loss plus e / C times the sum of "
                               "all -log(softmax(x)_c).",
    "formula.label_smoothing_weighted": "With weights each term of the smoothing carries the weight of its class; the "
                                        "mean divides by the sum of the weights of the rows' classes.",
    "formula.full_smoothing": "With e = 1 only the uniform term remains.",
    "formula.probabilities": "With class probabilities q the loss is -sum(q_c * w_c * log(softmax(x)_c)); q need not add "
                             "up to 1.",
    "formula.probabilities_mean": "Its mean divides by the number of rows; weights never enter.",
    "formula.probabilities_smoothing": "Smoothing replaces q by q * (1 - e) + e / C.",
    "formula.target_gradient": "The gradient of a probability is -(1 - e) * w_c * log(softmax(x)_c).",
    "option.no_smoothing": "A label smoothing of 0 or less, or NaN, means none.",
    "option.smoothing_above_one": "A label smoothing above 1 is refused.",
    "ignore.default": "Rows whose index is -100 are ignored: they add nothing to the sum and do not count for the mean; "
                      "their gradient is 0.",
    "ignore.negative": "ignore_index may be any negative number.",
    "ignore.valid_class": "ignore_index may be a class.",
    "ignore.beyond_classes": "ignore_index may be a number that is no class.",
    "ignore.all": "When all rows are ignored none is 0, sum is 0, mean is NaN, and the gradient is 0.",
    "ignore.zero_total_weight": "When the weights of all rows add up to 0 the mean is NaN.",
    "ignore.non_finite_row": "A NaN or an infinity in an ignored row leaves the loss as it is and makes the gradient of "
                             "that row NaN.",
    "ignore.probabilities": "With class probabilities a negative ignore_index is not used.",
    "ignore.probabilities_refused": "With class probabilities an ignore_index of 0 or more is refused.",
    "ignore.uint8": "With uint8 indices and label smoothing PyTorch takes class 156 for the default ignore_index -100; "
                    "here it is a class as any other.",
    "weight.shape": "[C] and [N, C] logits take a weight of exactly [C].",
    "weight.spatial_numel": "[N, C, d1, ..., dk] logits take any weight of C elements.",
    "weight.spatial_shape": "[N, C, d1, ..., dk] logits refuse a weight of another number of elements.",
    "weight.probabilities_shape": "With class probabilities the weight must be exactly [C].",
    "weight.uint8_smoothing": "uint8 indices with weights and label smoothing are refused for mean.",
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
    "special.row_100": "[100, 0, 0]: class 0 has a loss of 7.4e-44, the others 100.",
    "special.row_20": "[20, 0, 0]: class 0 has a loss of 4.12e-9, where float32 PyTorch has -0.",
    "special.row_1e4": "[1e4, 0, -1e4]: the losses are 0, 1e4 and 2e4.",
    "special.row_overflow": "[-3e38, 3e38, 0]: a difference above the largest number is inf.",
    "special.row_two_huge": "[3e38, 3e38, 0]: two equal logits share, however large.",
    "special.probabilities_negative_infinity": "With class probabilities a logit of -inf gives NaN where its probability "
                                               "is 0 and inf where it is not.",
    "special.smoothing_negative_infinity": "With label smoothing one logit of -inf gives an infinite loss and a finite "
                                           "gradient.",
    "special.zero_weight_negative_infinity": "With a zero weight on a class of -inf the loss is NaN.",
    "special.certain_row": "For a certain row PyTorch's loss is -0 and its gradient 0; the truth is kept here.",
    "special.many_rows": "The mean of many rows in 16 bits is the true mean rounded once, where PyTorch's is inf, NaN or "
                         "some per cent off.",
    "example.three_rows": "Cross-entropy none of [[.9, .2, .8], [.5, .2, .4], [.4, .2, .9]] with [0, 1, 2] is .8761, "
                          "1.2729, .7434.",
    "example.column_labels": "Labels [[1], [0], [1]] against two logits a row are refused; as [1, 0, 1] they are taken.",
    "order.reduction_first": "An invalid reduction is reported before anything else.",
    "order.logits_dtype_before_batch_size": "An unsupported dtype of the logits is reported before a wrong batch size.",
    "order.batch_size_before_target_rank": "A wrong batch size is reported before a target of two dimensions.",
    "order.target_rank_before_target_dtype": "A target of two dimensions is reported before its unsupported dtype.",
    "order.target_dtype_before_range": "An unsupported dtype of the target is reported before an index out of range.",
    "order.smoothing_before_logits_dtype": "Label smoothing above 1 is reported before an unsupported dtype.",
    "order.target_dtype_before_weight_shape": "An unsupported dtype of the target is reported before a wrong weight.",
    "order.weight_shape_before_weight_dtype": "A wrong shape of the weight is reported before its dtype.",
    "order.weight_dtype_before_range": "A wrong dtype of the weight is reported before an index out of range.",
    "order.probabilities_target_dtype_first": "With class probabilities the target's dtype is reported first,",
    "order.probabilities_ignore_before_weight": "then an ignore_index that is not negative,",
    "order.probabilities_weight_before_smoothing": "then a wrong weight,",
    "order.probabilities_smoothing_before_dtype": "then label smoothing above 1, and last the dtype of the logits.",
    "dtype.empty": "The dtype of the target is checked on empty tensors too.",
}
RULES |= {f"dtype.2d.{x}.{t}": f"[C] and [N, C] logits of {x} with {t} indices give a {x} loss."
          for x in FLOATS for t in ("int64", "uint8")}
RULES |= {f"dtype.spatial.{x}.int64": f"[N, C, d1, ..., dk] logits of {x} with int64 indices give a {x} loss."
          for x in FLOATS}
RULES |= {f"dtype.weight.{x}.{w}": f"{x} logits with class indices take a weight of {x}" + (
              "." if x == w else f"; one of {w} is refused.") for x in FLOATS for w in DTYPES}
RULES |= {f"dtype.probabilities.{x}.{t}": f"{x} logits with {t} probabilities give a loss of their common dtype."
          for x in FLOATS for t in FLOATS}
RULES |= {f"dtype.probabilities.{x}": f"{x} logits with class probabilities are refused." for x in (*INTEGERS, "bool")}
RULES |= {f"dtype.probabilities.target.{t}": f"A target of {t} in the shape of the logits is refused."
          for t in (*INTEGERS, "bool")}
RULES |= {f"dtype.probabilities.weight.{w}": f"With class probabilities a weight of {w} is taken" + (
              ", and widens the result as a logit of that dtype would." if w in FLOATS else ".") for w in DTYPES}
SECTIONS = {"formula": "1", "reduction": "1", "reduction.invalid": "3.1", "dtype": "2.3", "dtype.probabilities": "2.4",
            "shape": "3.2", "target": "3.2", "ignore": "3.2", "option": "3.2", "weight": "3.2", "order": "3",
            "special": "4.3", "special.many_rows": "5", "example": "8"}
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
    build = Builder(NAME, seed, too_coarse=_too_coarse)
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
    _combinations(build)
    _ignored(build)
    _dtypes(build)
    _probabilities(build)
    _special(build)
    _certain(build)
    _many_rows(build)
    _examples(build)
    _refused_shapes(build)
    _refused_targets(build)
    _refused_dtypes(build)
    _refused_options(build)
    return build.cases


def _too_coarse(region, reduction, tensors):
    """In bfloat16 PyTorch rounds the log-probabilities and every step of the gradient. Only where each row has an
    upstream gradient of its own can one row be made to stand out, by which a gradient 1 % too large is known."""
    return (reduction != "none" and region != "CERTAIN_ROW" and any(t.dtype == "bfloat16" for t in tensors))


def _rows(draw, n, classes, deviation=3.0):
    """Logits from N(0, deviation^2) and random classes. The first row's class is its least likely one, so that even a
    batch of one row holds a loss that PyTorch gets right: data of small losses alone could not tell a right kernel
    from one that returns zero."""
    logits = draw.normal(n * classes, deviation).reshape(n, classes)
    target = draw.below(n, classes)
    target[0] = logits[0].argmin()
    return logits, target


def _values(build, region, detail, rules, logits, target, dtype="int64", shape=None, target_shape=(), logits_dtype="float32",
            **more):
    """Rows of logits as one case. `shape` [N, C, d1, ...] lays the rows out with the classes as dimension 1."""
    shape = shape or logits.shape
    if len(shape) > 1:
        target_shape = result = shape[:1] + shape[2:]
        logits = np.moveaxis(logits.reshape(*result, shape[1]), -1, 1)
    else:
        result = ()
    build.values(region, detail, rules, Tensor.of(logits, logits_dtype, shape), Tensor.of(target, dtype, target_shape),
                 result, dtype=logits_dtype, **more)


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
                target_shape=target_shape, gradients=() if target_shape else None)
    for shape in ((2, 3, 4), (1, 10, 17), (3, 5, 1), (2, 4, 33), (2, 3, 4, 5), (1, 17, 2, 8), (2, 3, 2, 2, 2)):
        detail, n = "x".join(map(str, shape)), int(np.prod(shape)) // shape[1]
        logits, target = _rows(build.stream("ORDINARY", detail), n, shape[1])
        _values(build, "ORDINARY", detail, ["formula.loss", "shape.spatial", "dtype.spatial.float32.int64"], logits, target, shape=shape)
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
    _values(build, "HUGE", "4x3-overflow", ["special.huge"], logits, target, reductions=("mean", "sum"))


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


def _coarse(draw, n, classes, dtype):
    """As _rows; in 16 bits the first row's logits are so far apart that PyTorch's roundings leave its loss exact."""
    logits, target = _rows(draw, n, classes)
    if dtype in HALVES:
        logits[0, target[0]] = -32.0
        logits[0, (target[0] + 1 + draw.below(1, classes - 1)[0]) % classes] = 32.0
    return logits, target


def _class_weights(draw, classes):
    weights = np.where(draw.coin(classes), draw.uniform(classes, 0.1, 1.0), draw.uniform(classes, 1.0, 8.0))
    return weights


def _combinations(build):
    """Weights, ignored rows, label smoothing, reductions and ranks, each with each."""
    turn = 0
    for rank, shape in (("2d", (7, 5)), ("3d", (2, 4, 3)), ("5d", (2, 3, 2, 1, 2)), ("1d", (6,))):
        for weighted in (False, True):
            for ignore in (None, "default", "negative", "valid_class", "beyond_classes"):
                for smoothing in (0.0, 0.1, 0.5, 1.0):
                    if rank == "2d" and not (weighted or ignore or smoothing):
                        continue
                    turn += 1
                    if rank == "5d" and turn % 2 or rank == "1d" and turn % 3 == 0:
                        continue
                    classes = shape[1] if len(shape) > 1 else shape[0]
                    n = int(np.prod(shape)) // classes
                    region = ("IGNORED_ROWS" if ignore else "LABEL_SMOOTHING" if smoothing else
                              "WEIGHTED" if weighted else "ORDINARY")
                    detail = "-".join([_name(shape), *(["weighted"] if weighted else []),
                                       *(["ignore-" + ignore.replace("_", "-")] if ignore else []),
                                       *([f"smoothing-{smoothing}"] if smoothing else []), "combined"])
                    draw = build.stream(region, detail)
                    logits, target = _rows(draw, n, classes)
                    more, options, rules = {}, {}, ["formula.loss"]
                    if weighted:
                        more["weight"] = Tensor.of(_class_weights(draw, classes))
                        rules += ["formula.weight", "formula.weighted_mean", "dtype.weight.float32.float32"]
                    if ignore:
                        value = {"default": -100, "negative": -1 - draw.below(1, 50)[0], "beyond_classes":
                                 classes + draw.below(1, 2**40)[0], "valid_class": draw.below(1, classes)[0]}[ignore]
                        if ignore != "default":
                            options["ignore_index"] = int(value)
                        target[1:] = np.where(draw.below(n - 1, 3) == 0, value, target[1:])
                        rules.append(f"ignore.{ignore}")
                    if smoothing:
                        options["label_smoothing"] = smoothing
                        rules.append("formula.label_smoothing_weighted" if weighted else "formula.label_smoothing")
                        rules += ["formula.full_smoothing"] * (smoothing == 1.0)
                    _values(build, region, detail, rules, logits, target, shape=shape, more=more, options=options,
                            reductions=Builder.REDUCTIONS if rank == "2d" else ("none", ("mean", "sum")[turn % 2])
                            if rank == "3d" else (Builder.REDUCTIONS[turn % 3],))
    for name, smoothing in (("0.0", 0.0), ("minus-0.5", -0.5), ("nan", "NaN"), ("minus-inf", "-inf")):
        logits, target = _rows(build.stream("LABEL_SMOOTHING", name), 5, 4)
        _values(build, "LABEL_SMOOTHING", f"5x4-{name}", ["option.no_smoothing"], logits, target,
                options={"label_smoothing": smoothing} if name != "0.0" else {})
    for weight in ((1, 3), (3, 1)):
        detail = f"2x3x4-weight-{_name(weight)}"
        draw = build.stream("WEIGHTED", detail)
        logits, target = _rows(draw, 8, 3)
        _values(build, "WEIGHTED", detail, ["formula.weight", "weight.spatial_numel"], logits, target, shape=(2, 3, 4),
                more={"weight": Tensor.of(_class_weights(draw, 3), shape=weight)})
    for name in ("zero", "negative"):
        draw = build.stream("WEIGHTED", name)
        logits, target = _rows(draw, 9, 5)
        weights = _class_weights(draw, 5)
        weights[np.delete(np.arange(5), target[0])[:2]] *= 0.0 if name == "zero" else -0.125
        _values(build, "WEIGHTED", f"9x5-{name}", ["formula.weight", "formula.weighted_mean"], logits, target,
                more={"weight": Tensor.of(weights)})


def _name(shape):
    return "x".join(map(str, shape)) or "scalar"


def _ignored(build):
    for smoothing in (0.0, 0.1):
        for weighted in (False, True):
            for shape in ((4, 3), (3,), (2, 3, 2)):
                detail = _name(shape) + ("-weighted" if weighted else "") + (f"-smoothing-{smoothing}" if smoothing else "")
                draw = build.stream("ALL_IGNORED", detail)
                classes = 3
                n = int(np.prod(shape)) // classes
                _values(build, "ALL_IGNORED", detail, ["ignore.all", "ignore.default"],
                        draw.normal(n * classes, 3.0).reshape(n, classes), np.full(n, -100), shape=shape,
                        more={"weight": Tensor.of(_class_weights(draw, 3))} if weighted else {},
                        options={"label_smoothing": smoothing} if smoothing else {})
    for dtype in FLOATS[1:]:
        draw = build.stream("ALL_IGNORED", dtype)
        _values(build, "ALL_IGNORED", f"4x3-{dtype}", ["ignore.all"], draw.normal(12).reshape(4, 3), np.full(4, 7),
                logits_dtype=dtype, options={"ignore_index": 7})
    draw = build.stream("ALL_IGNORED", "zero-weight")
    _values(build, "ALL_IGNORED", "4x3-zero-weight", ["ignore.zero_total_weight"], draw.normal(12).reshape(4, 3),
            np.full(4, 1), more={"weight": Tensor.of([1.0, 0.0, 2.0])}, reductions=("none", "sum"))
    _values(build, "ALL_IGNORED", "4x3-zero-weight", ["ignore.zero_total_weight"], draw.normal(12).reshape(4, 3),
            np.full(4, 1), more={"weight": Tensor.of([1.0, 0.0, 2.0])}, reductions=("mean",), gradients=())
    for name, value in (("nan", math.nan), ("minus", -math.inf), ("plus", math.inf)):
        region = "NAN" if name == "nan" else "INFINITE"
        logits, target = _rows(build.stream(region, f"ignored-{name}"), 6, 4)
        logits[2, 1], logits[4, 3], target[[2, 4]] = value, value, -100
        _values(build, region, f"6x4-ignored-{name}", ["ignore.non_finite_row", "ignore.default"], logits, target)
    # Class 156 is -100 modulo 256.
    draw = build.stream("UINT8_IGNORE_INDEX", "5x160")
    logits, target = _rows(draw, 5, 160)
    target[:3] = 156
    _values(build, "UINT8_IGNORE_INDEX", "5x160", ["ignore.uint8"], logits, target, "uint8",
            options={"label_smoothing": 0.25})
    logits, target = _rows(draw, 5, 160)
    target[:3] = 156
    _values(build, "IGNORED_ROWS", "5x160-uint8", ["ignore.beyond_classes", "dtype.2d.float32.uint8"], logits, target,
            "uint8", options={"ignore_index": 156})


def _dtypes(build):
    for dtype in FLOATS[1:]:
        for n, classes in ((8, 2), (8, 5), (16, 10), (1, 33), (2, 129)):
            detail = f"{n}x{classes}-{dtype}"
            logits, target = _coarse(build.stream("ORDINARY", detail), n, classes, dtype)
            _values(build, "ORDINARY", detail, ["formula.loss", f"dtype.2d.{dtype}.int64"], logits, target,
                    logits_dtype=dtype, reductions=Builder.REDUCTIONS if n > 2 else ("none",))
        for shape in ((2, 3, 4), (2, 3, 2, 2), (6,)):
            detail = f"{_name(shape)}-{dtype}"
            classes = shape[1] if len(shape) > 1 else 6
            logits, target = _coarse(build.stream("ORDINARY", detail), int(np.prod(shape)) // classes, classes, dtype)
            rule = f"dtype.spatial.{dtype}.int64" if len(shape) > 1 else "shape.unbatched"
            _values(build, "ORDINARY", detail, [rule], logits, target, logits_dtype=dtype, shape=shape)
        logits, target = _coarse(build.stream("ORDINARY", f"uint8-{dtype}"), 8, 6, dtype)
        _values(build, "ORDINARY", f"uint8-8x6-{dtype}", [f"dtype.2d.{dtype}.uint8"], logits, target, "uint8",
                logits_dtype=dtype)
        for weighted, smoothing, ignore in ((True, 0.0, False), (True, 0.5, False), (True, 0.5, True), (False, 0.5, False),
                                            (False, 0.5, True), (False, 0.0, True), (False, 1.0, False)):
            detail = (f"8x4-{dtype}" + ("-weighted" if weighted else "") + (f"-smoothing-{smoothing}" if smoothing else "")
                      + ("-ignored" if ignore else ""))
            region = "IGNORED_ROWS" if ignore else "LABEL_SMOOTHING" if smoothing else "WEIGHTED"
            draw = build.stream(region, detail)
            logits, target = _coarse(draw, 8, 4, dtype)
            weights = draw.pick(4, [0.25, 0.5, 0.75, 1.0])
            weights[target[0]] = 8.0
            if ignore:
                target[[2, 3, 4, 6]] = -100
            rules = [f"dtype.weight.{dtype}.{dtype}"] * weighted + ["formula.label_smoothing"] * bool(smoothing)
            _values(build, region, detail, [*rules, *(["ignore.default"] if ignore else []), f"dtype.2d.{dtype}.int64"],
                    logits, target, logits_dtype=dtype, more={"weight": Tensor.of(weights, dtype)} if weighted else {},
                    options={"label_smoothing": smoothing} if smoothing else {})


def promoted(*dtypes):
    """The dtype that floating-point tensors of these dtypes share."""
    floats = {d for d in dtypes if d in FLOATS}
    if "float64" in floats:
        return "float64"
    return floats.pop() if len(floats) == 1 else "float32"


def _distributions(draw, n, classes, kind="soft"):
    """Rows of class probabilities; the first is certain of one class."""
    if kind == "unnormalised":
        q = draw.uniform(n * classes, 0.0, 3.0).reshape(n, classes)
    else:
        q = draw.uniform(n * classes).reshape(n, classes) ** 2
        q = q / q.sum(axis=1, keepdims=True)
    q[0] = 0.0
    q[0, draw.below(1, classes)[0]] = 1.0
    return q


def _probability_values(build, region, detail, rules, logits, q, x="float32", t="float32", shape=None, more=None, **rest):
    shape = shape or logits.shape
    if len(shape) > 1:
        result = shape[:1] + shape[2:]
        logits, q = (np.moveaxis(v.reshape(*result, shape[1]), -1, 1) for v in (logits, q))
    else:
        result = ()
    dtype = promoted(x, t, *(w.dtype for w in (more or {}).values()))
    build.values(region, detail, ["formula.probabilities", "formula.probabilities_mean", *rules],
                 Tensor.of(logits, x, shape), Tensor.of(q, t, shape), result, dtype=dtype, more=more,
                 gradients=("logits", "target"), **rest)


def _probable(draw, n, classes, kind="soft", dtype="float32"):
    """Logits and probabilities. The first row's certain class is far from likely."""
    logits, _ = _coarse(draw, n, classes, dtype)
    q = _distributions(draw, n, classes, kind)
    low, at = logits[0].argmin(), q[0].argmax()
    logits[0, low], logits[0, at] = logits[0, at], logits[0, low]
    return logits, q


def _probabilities(build):
    turn = 0
    for shape in ((7, 5), (2, 4, 3), (2, 3, 2, 1, 2), (6,), (1, 129), (16, 10), (5, 2), (4, 1)):
        classes = shape[1] if len(shape) > 1 else shape[0]
        for kind in ("soft", "unnormalised"):
            for weighted in (False, True):
                for smoothing in (0.0, 0.1, 0.5, 1.0):
                    turn += 1
                    if shape != (7, 5) and turn % 4:
                        continue
                    detail = (f"{_name(shape)}-{kind}" + ("-weighted" if weighted else "")
                              + (f"-smoothing-{smoothing}" if smoothing else ""))
                    draw = build.stream("PROBABILITIES", detail)
                    n = int(np.prod(shape)) // classes
                    if classes == 1:
                        logits, q = draw.normal(n).reshape(n, 1), draw.uniform(n).reshape(n, 1)
                    else:
                        logits, q = _probable(draw, n, classes, kind)
                    _probability_values(
                        build, "PROBABILITIES", detail, ["formula.probabilities_smoothing"] * bool(smoothing), logits, q,
                        shape=shape, more={"weight": Tensor.of(_class_weights(draw, classes))} if weighted else {},
                        options={"label_smoothing": smoothing} if smoothing else {},
                        reductions=Builder.REDUCTIONS if shape == (7, 5) and kind == "soft" else
                        ("none", ("mean", "sum")[turn // 4 % 2]))
        turn += 1  # another quarter of the combinations for the next shape
    for x in FLOATS:
        for t in FLOATS:
            region = "PROBABILITIES" if x == t else "MIXED_DTYPE"
            for smoothing in (0.0, 0.5):
                detail = f"8x4-{x}-{t}" + (f"-smoothing-{smoothing}" if smoothing else "")
                if x == t == "float32" or x != t and smoothing:
                    continue
                logits, q = _probable(build.stream(region, detail), 8, 4, dtype="bfloat16" if {x, t} & set(HALVES) else x)
                _probability_values(build, region, detail, [f"dtype.probabilities.{x}.{t}"], logits, q, x, t,
                                    options={"label_smoothing": smoothing} if smoothing else {})
    logits, q = _probable(build.stream("PROBABILITIES", "plain"), 8, 4)
    _probability_values(build, "PROBABILITIES", "8x4-float32-float32", ["dtype.probabilities.float32.float32"], logits, q)
    logits, q = _probable(build.stream("PROBABILITIES", "ignore"), 5, 4)
    _probability_values(build, "PROBABILITIES", "5x4-ignore", ["ignore.probabilities"], logits, q,
                        options={"ignore_index": -7})
    for w in DTYPES:
        for x, t in (("float32", "float32"), ("float16", "float16"), ("bfloat16", "bfloat16")):
            if x != "float32" and w not in FLOATS:
                continue
            detail = f"8x4-weight-{w}-{x}"
            region = "PROBABILITIES" if w == x else "MIXED_DTYPE"
            draw = build.stream(region, detail)
            logits, q = _probable(draw, 8, 4, dtype="bfloat16")
            weights = _class_weights(draw, 4) if w in FLOATS else 1 + draw.below(4, 1 if w == "bool" else 5)
            weights[q[0].argmax()] = 1 if w == "bool" else 8
            _probability_values(build, region, detail, [f"dtype.probabilities.weight.{w}"], logits, q, x, t,
                                more={"weight": Tensor.of(weights, w)}, reductions=(Builder.REDUCTIONS[turn % 3], ))
            turn += 1
    for shape in ((0, 3), (2, 3, 0)):
        _probability_values(build, "EMPTY_BATCH", f"{_name(shape)}-probabilities", ["shape.empty"], np.zeros((0, 3)),
                            np.zeros((0, 3)), shape=shape)
    build.values("EMPTY_BATCH", "2x0-probabilities", ["shape.no_class", "formula.probabilities"],
                 Tensor.of(np.zeros((2, 0))), Tensor.of(np.zeros((2, 0))), (2,), gradients=())
    build.values("EMPTY_BATCH", "2x0-ignored", ["shape.no_class", "ignore.all"], Tensor.of(np.zeros((2, 0))),
                 Tensor.of([-100, -100], "int64"), (2,), gradients=())
    draw = build.stream("DOMINANT_LOGIT", "probabilities")
    logits, target = _dominated(draw, 8, 5, 5.0, 39.0)
    q = np.eye(5)[target]
    q[4:] = _distributions(draw, 4, 5)
    _probability_values(build, "DOMINANT_LOGIT", "8x5-probabilities", ["special.dominant"], logits, q)


def _special(build):
    inf = math.inf
    for dtype in FLOATS:
        most = {"float64": 1e308, "float32": 3e38, "float16": 6e4, "bfloat16": 3e38}[dtype]

        def table(detail, region, rules, rows, classes=(0, 1, 2), first=((32.0, -32.0, 0.0), 1), reductions=("none",), **more):
            pairs = [(row, t) for row in rows for t in classes]
            order = build.stream(region, f"{detail}-{dtype}").order(len(pairs))
            pairs = [first, *(pairs[i] for i in order)]
            _values(build, region, f"{detail}-{dtype}", rules, np.array([row for row, _ in pairs]),
                    np.array([t for _, t in pairs]), logits_dtype=dtype, reductions=reductions, **more)

        table("plain", "SPECIAL_VALUE", ["special.row_100", "special.row_20", "special.row_1e4", "special.equal"],
              [(0.0, 0.0, 0.0), (-0.0, 0.0, -0.0), (100.0, 0.0, 0.0), (20.0, 0.0, 0.0), (1e4, 0.0, -1e4)])
        table("huge", "SPECIAL_VALUE", ["special.row_overflow", "special.row_two_huge", "special.huge"],
              [(-most, most, 0.0), (most, most, 0.0), (most, 0.0, 1.0)])
        table("infinite", "INFINITE", ["special.negative_infinity", "special.all_negative_infinity",
                                       "special.positive_infinity"],
              [(-inf, 0.0, 0.0), (-inf, -inf, 1.0), (-inf, -inf, -inf), (inf, 0.0, 1.0), (inf, inf, 0.0), (inf, -inf, 0.0)])
        table("nan", "NAN", ["special.nan"],
              [(math.nan, 0.0, 0.0), (1.0, math.nan, inf), (0.0, -inf, math.nan)])
        anchor = (32.0, 0.0, -32.0, 0.0), 2
        table("smoothing", "INFINITE", ["special.smoothing_negative_infinity"], [(0.0, -inf, 1.0, 3.0)], classes=(0, 2),
              first=anchor, options={"label_smoothing": 0.5})
        table("smoothing-zero-weight", "INFINITE", ["special.zero_weight_negative_infinity"], [(0.0, -inf, 1.0, 3.0)],
              classes=(0, 2), first=anchor, options={"label_smoothing": 0.5},
              more={"weight": Tensor.of([1.0, 0.0, 4.0, 0.5], dtype)})
        table("zero-weight", "INFINITE", ["special.zero_weight_negative_infinity"], [(0.0, -inf, 1.0)],
              first=((32.0, 0.0, -32.0), 2), more={"weight": Tensor.of([1.0, 0.0, 2.0], dtype)}, reductions=("none", "sum"))
        draw = build.stream("INFINITE", f"probabilities-{dtype}")
        rows = [((32.0, -32.0, 0.0), (0.0, 1.0, 0.0)), ((0.0, -inf, 0.0), (0.5, 0.0, 0.5)), ((0.0, -inf, 0.0), (0.25, 0.25, 0.5)),
                ((0.0, inf, 0.0), (0.25, 0.25, 0.5)), ((0.0, math.nan, 1.0), (1.0, 0.0, 0.0)),
                ((0.0, 2.0, 1.0), (math.nan, 0.5, 0.0)), ((0.0, 2.0, 1.0), (0.0, 0.0, 0.0))]
        rows = [rows[0], *(rows[1 + i] for i in draw.order(6))]
        _probability_values(build, "INFINITE", f"probabilities-{dtype}", ["special.probabilities_negative_infinity"],
                            np.array([r for r, _ in rows]), np.array([q for _, q in rows]), dtype, dtype)


def _certain(build):
    """Rows whose class is certain, with nothing beside them."""
    reach = {"float32": (17.0, 80.0), "float64": (38.0, 600.0), "float16": (8.5, 9.5), "bfloat16": (8.0, 80.0)}
    for dtype in FLOATS:
        for classes in (2, 5):
            detail = f"8x{classes}-{dtype}"
            draw = build.stream("CERTAIN_ROW", detail)
            # In bfloat16 all other logits are 0: PyTorch rounds every log-probability, and there they are exact.
            logits, _ = _dominated(draw, 8, classes, *reach[dtype], spread=0.0 if dtype == "bfloat16" else 0.25)
            _values(build, "CERTAIN_ROW", detail, ["special.certain_row"], logits, logits.argmax(axis=1),
                    logits_dtype=dtype, reductions=("none", "sum") if dtype == "float16" else Builder.REDUCTIONS)


def _many_rows(build):
    for dtype in HALVES:
        for n, classes in ((300, 8), (2048, 3)):
            detail = f"{n}x{classes}-{dtype}"
            draw = build.stream("MANY_ROWS", detail)
            logits, target = _coarse(draw, n, classes, dtype)
            _values(build, "MANY_ROWS", detail, ["special.many_rows"], logits, target, logits_dtype=dtype,
                    reductions=("mean", "sum"), gradients=())
        n = 70000
        draw = build.stream("MANY_ROWS", f"{n}x3")  # the same rows for both dtypes
        seeds = draw.raw(4) >> np.uint64(1)
        kept = draw.positions(3 * n)
        scale = Tensor.of(draw.sign(1)[0] * 2.0 ** (9 + draw.below(1, 3)[0]), dtype, ())
        logits = recipe("uniform", (n, 3), seeds[0], dtype, exponent=-5, bits=8)
        target = recipe("index", (n,), seeds[1], "int64", bound=3)
        for smoothing in (0.0, 0.5):
            # PyTorch's gradient is 0 without smoothing; with it, it is too coarse to judge by.
            gradients = () if smoothing else ("logits",)
            build.values("MANY_ROWS", f"{n}x3-{dtype}" + (f"-smoothing-{smoothing}" if smoothing else ""),
                         ["special.many_rows"], logits, target, (n,), reductions=("mean",), dtype=dtype,
                         more={"upstream": scale} if gradients and dtype == "float16" else {}, gradients=gradients,
                         positions={"logits_gradient": kept}, options={"label_smoothing": smoothing} if smoothing else {})
        # Rows of nearly equal logits: all losses are nearly ln 8, and all are rounded to the same side.
        build.values("MANY_ROWS", f"{n}x8-{dtype}", ["special.many_rows", "special.equal"],
                     recipe("uniform", (n, 8), seeds[3], dtype, exponent=-16, bits=8),
                     recipe("index", (n,), seeds[1], "int64", bound=8), (n,), reductions=("mean",), dtype=dtype, gradients=())
    probabilities = recipe("binary", (n, 3), seeds[2], "float16")
    build.values("MANY_ROWS", f"{n}x3-float16-probabilities", ["special.many_rows", "formula.probabilities"],
                 recipe("uniform", (n, 3), seeds[0], "float16", exponent=-5, bits=8), probabilities, (n,),
                 reductions=("mean",), dtype="float16", more={"upstream": Tensor.of(512.0, "float16", ())},
                 positions={"logits_gradient": kept})


def _examples(build):
    region = "WORKED_EXAMPLE"
    for dtype in ("float32", "float64"):
        _values(build, region, f"three-rows-{dtype}", ["example.three_rows"],
                np.array([[0.9, 0.2, 0.8], [0.5, 0.2, 0.4], [0.4, 0.2, 0.9]]), np.arange(3), logits_dtype=dtype)
    draw = build.stream(region, "labels")
    labels, logits = Tensor.of([[1], [0], [1]], "int64"), Tensor.of(draw.normal(6, 3.0), shape=(3, 2))
    build.error(region, "column-labels", ["example.column_labels", "shape.multi_target"], logits, labels)
    build.error(region, "column-labels-one-logit", ["example.column_labels", "shape.same_shape_is_probabilities"],
                Tensor.of(draw.normal(3), shape=(3, 1)), labels)
    build.values(region, "column-labels-squeezed", ["example.column_labels"], logits, Tensor.of([1, 0, 1], "int64"), (3,))
    for dtype in ("int32", "float32"):
        build.error(region, f"integer-labels-{dtype}", ["example.column_labels", f"dtype.2d.float32.{dtype}"], logits,
                    Tensor.of([1, 0, 1], dtype))


def _refused_options(build):
    def refuse(region, detail, rules, x_shape=(4, 3), t_shape=(4,), x="float32", t="int64", weight=None, w="float32",
               target=None, reduction=None, **options):
        draw = build.stream(region, detail)
        logits, labels = _tensors(draw, x_shape, t_shape, x, t)
        build.error(region, detail, rules, logits, labels if target is None else Tensor.of(target, t),
                    reduction or Builder.REDUCTIONS[len(build.cases) % 3], options=options,
                    more={} if weight is None else {"weight": Tensor.of(draw.uniform(np.prod(weight), 1, 4), w, weight)})

    probabilities = {"t_shape": (4, 3), "t": "float32"}
    for name, value in (("1.1", 1.1), ("2", 2.0), ("inf", "inf")):
        refuse("OPTION_ERROR", f"smoothing-{name}", ["option.smoothing_above_one"], label_smoothing=value)
        refuse("OPTION_ERROR", f"smoothing-{name}-probabilities", ["option.smoothing_above_one"], label_smoothing=value,
               **probabilities)
    for value in (0, 1, 7):
        refuse("OPTION_ERROR", f"ignore-{value}-probabilities", ["ignore.probabilities_refused"], ignore_index=value,
               **probabilities)
    for weight in ((4,), (2,), (1, 3), (), (3, 1), (0,)):
        refuse("SHAPE_ERROR", f"weight-{_name(weight)}", ["weight.shape"], weight=weight)
        refuse("SHAPE_ERROR", f"weight-{_name(weight)}-probabilities", ["weight.probabilities_shape"], weight=weight,
               **probabilities)
    refuse("SHAPE_ERROR", "weight-4-unbatched", ["weight.shape"], (3,), (), weight=(4,))
    for weight in ((4,), (2,), (2, 3)):
        refuse("SHAPE_ERROR", f"weight-{_name(weight)}-3d", ["weight.spatial_shape"], (2, 3, 4), (2, 4), weight=weight)
        refuse("SHAPE_ERROR", f"weight-{_name(weight)}-4d", ["weight.spatial_shape"], (2, 3, 4, 2), (2, 4, 2), weight=weight)
    for x in FLOATS:
        for w in DTYPES:
            if x == w:
                continue
            refuse("DTYPE_ERROR", f"weight-{x}-{w}", [f"dtype.weight.{x}.{w}"], x=x, weight=(3,), w=w)
    refuse("DTYPE_ERROR", "weight-smoothing", ["dtype.weight.float32.float64"], weight=(3,), w="float64",
           label_smoothing=0.1)
    refuse("DTYPE_ERROR", "weight-3d", ["dtype.weight.float32.float64"], (2, 3, 4), (2, 4), weight=(3,), w="float64")
    for x in (*INTEGERS, "bool"):
        refuse("DTYPE_ERROR", f"probabilities-{x}-float32", [f"dtype.probabilities.{x}"], x=x, **probabilities)
        refuse("DTYPE_ERROR", f"probabilities-float32-{x}", [f"dtype.probabilities.target.{x}"], t_shape=(4, 3), t=x)
    refuse("DTYPE_ERROR", "uint8-weighted-smoothing", ["weight.uint8_smoothing"], t="uint8", weight=(3,),
           label_smoothing=0.1, reduction="mean")

    order = "CHECK_ORDER"
    refuse(order, "smoothing-before-logits-dtype", ["order.smoothing_before_logits_dtype"], x="int64", label_smoothing=1.5)
    refuse(order, "smoothing-before-batch-size", ["order.smoothing_before_logits_dtype"], t_shape=(5,), label_smoothing=1.5)
    refuse(order, "target-dtype-before-weight", ["order.target_dtype_before_weight_shape"], t="int32", weight=(4,))
    refuse(order, "target-rank-before-weight", ["order.target_dtype_before_weight_shape"], t_shape=(4, 2), weight=(4,))
    refuse(order, "weight-shape-before-weight-dtype", ["order.weight_shape_before_weight_dtype"], weight=(4,), w="float64")
    refuse(order, "weight-dtype-before-range", ["order.weight_dtype_before_range"], weight=(3,), w="float64",
           target=[0, 5, 1, 2])
    refuse(order, "weight-shape-before-range", ["order.weight_dtype_before_range"], weight=(4,), target=[0, 5, 1, 2])
    refuse(order, "probabilities-target-dtype-before-ignore", ["order.probabilities_target_dtype_first"], t_shape=(4, 3),
           ignore_index=1)
    refuse(order, "probabilities-target-dtype-before-logits-dtype", ["order.probabilities_target_dtype_first"],
           t_shape=(4, 3), x="int32")
    refuse(order, "probabilities-ignore-before-weight", ["order.probabilities_ignore_before_weight"], ignore_index=1,
           weight=(4,), **probabilities)
    refuse(order, "probabilities-weight-before-smoothing", ["order.probabilities_weight_before_smoothing"], weight=(4,),
           label_smoothing=1.5, **probabilities)
    refuse(order, "probabilities-smoothing-before-dtype", ["order.probabilities_smoothing_before_dtype"], x="int64",
           label_smoothing=1.5, **probabilities)


def call(functional, inputs, options):
    if "label_smoothing" in options:
        options = {**options, "label_smoothing": float(options["label_smoothing"])}
    return functional.cross_entropy(inputs["logits"], inputs["target"], inputs.get("weight"), **options)


@lru_cache(maxsize=None)
def _exp(x, largest):
    return TINY if x == -math.inf else mp.exp(mpf(x) - mpf(largest))


class Row:
    """What the loss and the gradient of a row are made of. The largest logit k is left out of the sum of the
    exponentials: its -log p is log1p(rest), the others' that plus their distance, and nothing cancels."""

    def __init__(self, data):
        self.logits = np.frombuffer(data, dtype="<f8").tolist()
        self.largest = max(self.logits, default=NAN)
        self.defined = not any(x != x or x == math.inf for x in self.logits) and self.largest != -math.inf
        if not self.defined or not self.logits:
            return
        self.top = self.logits.index(self.largest)
        self.powers = [_exp(x, self.largest) for x in self.logits]
        others = self.powers[: self.top] + self.powers[self.top + 1 :]
        self.rest = mp.fsum(others)
        # Classes at -inf leave no trace in the loss; in the gradient they leave their sign.
        self.log_rest = mp.log1p(mp.fsum(e for e in others if e is not TINY))

    def minus_log(self, c):
        """-log of the probability of class c."""
        if not self.defined:
            return NAN
        if c == self.top:
            return self.log_rest
        x = self.logits[c]
        return INF if x == -math.inf else self.log_rest + (mpf(self.largest) - mpf(x))

    def loss(self, coefficients):
        """The sum of the coefficients times -log p, over {class: coefficient}."""
        if not self.defined and any(coefficients.values()):
            return NAN
        return mp.fsum(product(a, self.minus_log(c)) for c, a in coefficients.items())

    def slope(self, coefficients, c, total):
        """The gradient of that sum with respect to logit c; `total` is the sum of the coefficients."""
        if not self.defined:
            return NAN
        a, power, whole = coefficients.get(c, ZERO), self.powers[c], ONE + self.rest
        return (power * (total - a) - (self.rest if c == self.top else whole - power) * a) / whole


@lru_cache(maxsize=None)
def row_of(data):
    return Row(data)


def by_rows(values):
    """Logits as [rows, classes], and for each logit in memory order its row and its class."""
    at = 1 if values.ndim > 1 else 0
    moved = np.moveaxis(values, at, -1)
    count = values.size // max(1, values.shape[at]) if values.shape[at] else int(np.prod(moved.shape[:-1]))
    rows = moved.reshape(count, values.shape[at])
    order = [np.moveaxis(index.reshape(moved.shape), -1, at).ravel() for index in np.indices(rows.shape)]
    return rows, *order


def truth(case):
    logits, target = case.inputs["logits"].values, case.inputs["target"]
    reduction, options = case.options["reduction"], case.options
    rows, row_at, class_at = by_rows(logits)
    n, classes = rows.shape
    finite = np.isfinite(rows).all(axis=1)
    smoothing = float(options.get("label_smoothing", 0.0))
    smoothing = mpf(smoothing) if smoothing > 0 else ZERO
    uniform = smoothing / classes if classes else ZERO
    weighted = "weight" in case.inputs
    weights = [mpf(w) for w in case.inputs["weight"].values.ravel()] if weighted else [ONE] * classes
    results = [row_of(np.ascontiguousarray(row, "<f8").tobytes()) for row in rows]

    if target.shape == logits.shape:
        q = by_rows(target.values)[0]
        finite = finite & np.isfinite(q).all(axis=1)
        coefficients = [{c: weights[c] * (mpf(v) * (ONE - smoothing) + uniform) for c, v in enumerate(row)}
                        for row in q.tolist()]
        divisor, ignored = mpf(n if classes else 0), [False] * n
    else:
        labels = target.array.ravel().tolist()
        ignored = [label == options.get("ignore_index", -100) for label in labels]
        spread = {c: weights[c] * uniform for c in range(classes)} if uniform else {}
        coefficients = [{} if skip else {**spread, t: spread.get(t, ZERO) + (ONE - smoothing) * weights[t]}
                        for t, skip in zip(labels, ignored)]
        divisor = mp.fsum(weights[t] for t, skip in zip(labels, ignored) if not skip)

    losses = [row.loss(a) for row, a in zip(results, coefficients)]
    if reduction == "none":
        loss = losses, finite
    else:
        total = mp.fsum(losses)
        loss = [total if reduction == "sum" else total / divisor if divisor else NAN], finite.all()
    truths = {"loss": loss}
    if not case.gradients:
        return truths
    scale = [mpf(s) for s in np.broadcast_to(case.inputs["upstream"].values.ravel(), n).tolist()]
    totals = [mp.fsum(a.values()) for a in coefficients]
    if reduction == "mean":
        scale = [s / divisor if divisor else NAN for s in scale]
    rows_of, classes_of = row_at.tolist(), class_at.tolist()

    def each(name, value):
        kept = case.positions.get(f"{name}_gradient", range(logits.size))
        truths[f"{name}_gradient"] = [value(rows_of[i], classes_of[i]) for i in kept], finite[row_at]

    each("logits", lambda r, c: ZERO if ignored[r] else
         scale[r] * results[r].slope(coefficients[r], c, totals[r]))
    if "target" in case.gradients:
        each("target", lambda r, c: product(scale[r], ONE - smoothing, weights[c], results[r].minus_log(c)))
    return truths


def deviation(case, name, wrong):
    half = case.inputs["logits"].dtype in HALVES
    reduced = case.options["reduction"] != "none"
    if case.region == "UINT8_IGNORE_INDEX":
        return {"uint8-ignore-index"}
    if case.region == "HUGE":
        return {"mean-overflow"}
    if case.region == "CERTAIN_ROW":
        return {"certain-row-loss" if name == "loss" else "certain-row-gradient"} if wrong.any() else set()
    if half and reduced and (name == "loss" or case.region == "MANY_ROWS"):
        return {"half-cross-entropy-mean"}
    return set()


OPERATION = Operation(NAME, RULES, SECTIONS, cases, call, truth, deviation)
