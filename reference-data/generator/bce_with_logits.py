"""binary_cross_entropy_with_logits: its rules, its cases, its truth."""

import math
from functools import lru_cache

import numpy as np
from mpmath import mp, mpf

from . import digits
from .cases import Builder, Operation
from .tensors import DTYPES, FLOATS, HALVES, INTEGERS, Tensor, recipe
from .truth import INF, NAN, ONE, TINY, ZERO, product, reduce_loss

NAME = "bce_with_logits"

RULES = {
    "formula.loss": "The loss of an element is (1 - t) * x - log(sigmoid(x)).",
    "formula.soft_target": "A target may be any number of [0, 1]; the formula is the same.",
    "formula.target_outside_unit_interval": "Targets outside [0, 1] are not refused; the formula is used as it stands.",
    "formula.logits_gradient": "The gradient of a logit is (sigmoid(x) - t) times the upstream gradient, divided by "
                               "the number of elements for mean.",
    "formula.target_gradient": "The gradient of a target is -x, with a positive weight log(sigmoid(-x)) - "
                               "pos_weight * log(sigmoid(x)), times the same factors.",
    "formula.weight": "A weight multiplies the loss of its element, and both gradients.",
    "formula.pos_weight": "A positive weight multiplies the loss by t: (1 - t) * x - ((pos_weight - 1) * t + 1) * "
                          "log(sigmoid(x)).",
    "formula.negative_weight": "Negative weights and negative positive weights are taken as they are.",
    "reduction.none": "none returns one loss an element, in the shape of the logits.",
    "reduction.mean": "mean divides the sum of the losses by the number of elements.",
    "reduction.sum": "sum returns the sum of the losses.",
    "reduction.invalid": "A reduction other than none, mean and sum is refused when the loss is called.",
    "shape.elementwise": "Logits and target may have any number of dimensions, as long as the sizes are equal.",
    "shape.scalar": "0-d logits with a 0-d target work; the result is 0-d for every reduction.",
    "shape.empty": "Without elements none is empty, sum is 0 and mean is NaN; the gradient is empty.",
    "shape.mismatch": "Target and logits must have equal sizes; there is no broadcasting of the target, not even "
                      "between [N] and [N, 1] or between 0-d and [1].",
    "weight.broadcast": "The weight is broadcast to the shape of the logits, aligned on the right: [C] by class, [N, 1] "
                        "by sample, [1], 0-d, any of up to five dimensions.",
    "weight.enlarges": "A weight with more dimensions than the logits, or that would enlarge them, is refused.",
    "weight.mismatch": "A weight that cannot be broadcast is refused.",
    "weight.mean_divides_by_count": "The weighted mean divides by the number of elements; zero weights do not shrink it.",
    "pos_weight.broadcast": "The positive weight is broadcast as the weight is.",
    "pos_weight.enlarges": "A positive weight that would enlarge the logits is refused.",
    "pos_weight.mismatch": "A positive weight that cannot be broadcast is refused.",
    "special.zero": "At logits of +-0 and at subnormal ones the loss is ln 2 and the gradient 0.5 - t.",
    "special.saturated_positive": "For a large positive logit the loss is x at t = 0 and falls as exp(-x) at t = 1.",
    "special.saturated_negative": "For a large negative logit the loss is -x at t = 1 and falls as exp(x) at t = 0.",
    "special.huge": "Up to the largest float32 the loss of a logit on the wrong side is its magnitude, and its "
                    "gradient is +-1.",
    "special.positive_infinity": "At +inf the loss is inf for t < 1 and NaN for t = 1; the gradient is 1 - t.",
    "special.negative_infinity": "At -inf the loss is NaN for every t; the gradient is -t.",
    "special.nan": "A NaN in logit or target makes loss and gradient of its element NaN, and of no other element.",
    "special.at_1": "At x = 1 the loss is 1.3133 at t = 0 and 0.3133 at t = 1.",
    "special.at_minus_1": "At x = -1 the loss is 0.3133 at t = 0 and 1.3133 at t = 1.",
    "special.at_10": "At x = 10 and -10 the loss on the right side is 4.54e-5, the gradient there +-4.54e-5.",
    "special.at_minus_20": "At x = -20 the loss at t = 0 is 2.06e-9, where float32 PyTorch has 0.",
    "special.at_20": "At x = 20 the gradient at t = 1 is -2.06e-9, where float32 PyTorch has 0.",
    "special.at_minus_100": "At x = -100 the float32 loss at t = 0 is subnormal.",
    "special.at_100": "At x = 100 the float32 loss at t = 1 is subnormal.",
    "reduction.half_mean": "In 16 bits sum and mean are added in float32 and rounded once: a mean does not overflow where "
                           "its sum does.",
    "special.target_gradient": "The gradient of a target is -x whatever the target, infinite logits and NaN targets "
                               "included.",
    "special.infinite_target": "An infinite target gives an infinite loss.",
    "special.zero_weight": "A zero weight does not hide an infinite logit: the loss is NaN.",
    "special.zero_pos_weight": "With a positive weight of 0 the loss and the gradient at t = 1 are 0.",
    "special.infinite_pos_weight": "With a positive weight of inf the loss is NaN at t = 0 and inf at t = 1, the "
                                   "gradient NaN.",
    "special.huge_pos_weight": "A positive weight of 1e38 gives an infinite loss at x = -30 and a finite gradient.",
    "special.pos_weight_without_effect": "At t = 0 the positive weight has no effect.",
    "special.lost_small_loss": "At t = 0 a confident loss is lost by cancellation; the truth is kept here.",
    "special.lost_gradient": "At t = 1 a confident gradient is lost by cancellation; the truth is kept here.",
    "special.last_nonzero_loss": "The losses stay above 0 far beyond the logit at which PyTorch's reach 0.",
    "example.batch": "A batch of 3 x 7 logits with several labels a row, as tutorials print it.",
    "example.column_labels": "Labels [[1], [0], [1]] against two logits a row are refused.",
    "example.integer_labels": "Integer labels are refused.",
    "order.reduction_before_size": "An invalid reduction is reported before different sizes are.",
    "order.size_before_dtype": "Different sizes are reported before an unsupported dtype is.",
    "order.logits_dtype_before_target_dtype": "An unsupported dtype of the logits is reported before that of the "
                                              "target.",
    "order.logits_dtype_before_pos_weight": "An unsupported dtype of the logits is reported before a positive weight of "
                                            "a wrong shape.",
    "order.pos_weight_before_target_dtype": "A positive weight of a wrong shape is reported before an unsupported dtype "
                                            "of the target.",
    "order.target_dtype_before_weight": "An unsupported dtype of the target is reported before a weight of a wrong shape.",
    "dtype.empty": "The dtype is checked on empty tensors too.",
}
RULES |= {f"dtype.{x}.{t}": f"{x} logits with a {t} target give a {t} loss and a {x} gradient of the logits."
          for x in FLOATS for t in FLOATS}
RULES |= {f"dtype.weight.{w}": f"A weight of {w} leaves the loss in the dtype of the target." for w in DTYPES}
RULES |= {f"dtype.pos_weight.{w}": f"A positive weight of {w} leaves the loss in the dtype of the target."
          for w in DTYPES if w != "bool"}
RULES["dtype.pos_weight.bool"] = "A positive weight of bool is refused: a bool tensor cannot be subtracted from."
SECTIONS = {"formula": "1", "reduction": "1", "reduction.invalid": "3.1", "dtype": "2.1", "shape": "3.1",
            "weight": "3.1", "pos_weight": "3.1", "order": "3", "special": "4.1", "example": "8"}
RULES |= {f"dtype.{x}.{t}": f"{x} logits with an integer target of {t} are refused: the result type {x} cannot be cast "
                            f"to {t}." for x in FLOATS for t in INTEGERS}
RULES |= {f"dtype.{x}.bool": f"{x} logits with a bool target are refused: bool tensors cannot be subtracted."
          for x in FLOATS}
RULES |= {f"dtype.{x}.{t}": f"{x} logits are refused, with a {t} target as with any other."
          for x in (*INTEGERS, "bool") for t in DTYPES}

# Around the lane counts of 128, 256 and 512-bit vectors, their unrolled multiples, and primes.
LENGTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 997, 1023, 1024, 1025)
FLOAT32_MAX = float(np.finfo(np.float32).max)


def cases(seed):
    build = Builder(NAME, seed)
    _ordinary(build)
    _saturated(build)
    _near_zero(build)
    _huge(build)
    _non_finite(build)
    _empty(build)
    _large(build)
    _real_model(build)
    _weighted(build)
    _dtypes(build)
    _special(build)
    _lost(build)
    _examples(build)
    _refused_shapes(build)
    _refused_dtypes(build)
    _refused_weights(build)
    return build.cases


def _targets(draw, n, kind):
    return draw.coin(n).astype(np.float64) if kind == "hard" else draw.uniform(n)


def _drawn(draw, n, kind):
    """Logits from N(0, 9). The first is on the wrong side of its target, so that even a tensor of one element holds a
    loss of about one: PyTorch itself is far off where the loss is small, and data of small losses alone could not
    tell a right kernel from one that returns zero."""
    logits, target = draw.normal(n, 3.0), _targets(draw, n, kind)
    side = draw.sign(1)[0]
    logits[0] = side * draw.uniform(1, 1.0, 3.0)[0]
    target[0] = (side < 0) * 1.0 if kind == "hard" else 0.5 - side * draw.uniform(1, 0.25, 0.5)[0]
    return logits, target


def _rules(kind, *more):
    return ["formula.loss", *(["formula.soft_target"] if kind == "soft" else []), *more]


def _ordinary(build):
    for kind in ("hard", "soft"):
        for i, n in enumerate(LENGTHS):
            if kind == "soft" and n > 129:
                continue
            logits, target = _drawn(build.stream("LANE_MULTIPLE", f"{n}-{kind}"), n, kind)
            build.values("LANE_MULTIPLE", f"{n}-{kind}", _rules(kind, "dtype.float32.float32"),
                         Tensor.of(logits), Tensor.of(target), (n,),
                         reductions=("none",) if n in (997, 1024) else
                         ("none", ("mean", "sum")[(i + (kind == "soft")) % 2]))
        for shape in ((), (1, 1), (7, 1), (1, 7), (5, 4), (7, 3), (16, 10), (17, 17), (3, 4, 5), (2, 3, 2, 3)):
            detail = ("x".join(map(str, shape)) or "scalar") + f"-{kind}"
            logits, target = _drawn(build.stream("ORDINARY", detail), int(np.prod(shape)), kind)
            build.values("ORDINARY", detail, _rules(kind, "shape.elementwise" if shape else "shape.scalar"),
                         Tensor.of(logits, shape=shape), Tensor.of(target, shape=shape), shape)
    draw = build.stream("TARGET_OUTSIDE_UNIT_INTERVAL", "61")
    build.values("TARGET_OUTSIDE_UNIT_INTERVAL", "61", ["formula.loss", "formula.target_outside_unit_interval"],
                 Tensor.of(draw.normal(61, 3.0)), Tensor.of(draw.uniform(61, -2.0, 3.0)), (61,))


def _saturated(build):
    # 14.56 and 16.64 are where PyTorch's loss and gradient reach 0, 88.7 where exp overflows, 104 where it underflows.
    landmarks = [14.5, 14.56, 16.63, 16.64, 20.0, 60.0, 87.3, 88.7, 88.8, 100.0, 103.0, 103.9, 104.0, 110.0]
    for side, region in ((1.0, "SATURATED_POSITIVE"), (-1.0, "SATURATED_NEGATIVE")):
        for kind in ("hard", "soft"):
            draw = build.stream(region, kind)
            magnitude = np.concatenate([np.repeat(landmarks, 2), draw.uniform(69, 14.0, 110.0)])
            target = np.concatenate([np.tile([0.0, 1.0], len(landmarks)), _targets(draw, 69, kind)])
            if kind == "soft":
                soft = draw.pick(2 * len(landmarks), [2.0**-149, 1e-6, 0.5, 0.999999, 1 - 2.0**-24])
                target[: 2 * len(landmarks)] = soft
            order = draw.order(len(magnitude))
            n = len(order)
            build.values(region, f"{n}-{kind}", _rules(kind, f"special.{region.lower()}"),
                         Tensor.of(side * magnitude[order]), Tensor.of(target[order]), (n,))


def _near_zero(build):
    for kind in ("hard", "soft"):
        draw = build.stream("SUBNORMAL", kind)
        logits = draw.sign(37) * (1 + draw.below(37, 2**23 - 1)) * 2.0**-149
        target = np.where(draw.coin(37), 0.5, draw.uniform(37)) if kind == "soft" else _targets(draw, 37, kind)
        build.values("SUBNORMAL", f"37-{kind}", _rules(kind, "special.zero"),
                     Tensor.of(logits), Tensor.of(target), (37,))
        draw = build.stream("SIGNED_ZERO", kind)
        target = _targets(draw, 19, kind)
        target[0] = 0.0
        build.values("SIGNED_ZERO", f"19-{kind}", _rules(kind, "special.zero"),
                     Tensor.of(draw.sign(19) * 0.0), Tensor.of(target), (19,))


def _huge(build):
    wrong_side = lambda logits: (logits < 0).astype(np.float64)
    draw = build.stream("HUGE", "hard")
    logits = np.concatenate([[s * v for s in (1, -1) for v in (1e4, 1e10, 3e38, FLOAT32_MAX) for _ in (0, 1)],
                             draw.sign(17) * draw.uniform(17, 1.0, 2.0) * 10.0 ** draw.below(17, 38)])
    target = np.concatenate([np.tile([0.0, 1.0], 8), _targets(draw, 17, "hard")])
    order = draw.order(33)
    build.values("HUGE", "33-hard", _rules("hard", "special.huge"), Tensor.of(logits[order]), Tensor.of(target[order]),
                 (33,), reductions=("none",))
    draw = build.stream("HUGE", "soft")
    logits = draw.sign(33) * draw.uniform(33, 1.0, 3.0) * 10.0 ** draw.below(33, 38)
    build.values("HUGE", "33-soft", _rules("soft", "special.huge"), Tensor.of(logits), Tensor.of(draw.uniform(33)),
                 (33,), reductions=("none",))
    # One loss of 3e38, so that the sum stays a float32.
    draw = build.stream("HUGE", "one")
    logits = draw.sign(21) * draw.uniform(21, 1.0, 2.0) * 10.0 ** draw.below(21, 30)
    logits[draw.below(1, 21)] = draw.sign(1) * draw.uniform(1, 2.9e38, 3.1e38)
    build.values("HUGE", "21-one", _rules("hard", "special.huge"), Tensor.of(logits), Tensor.of(wrong_side(logits)),
                 (21,), reductions=("mean", "sum"))
    # Here it does not. The true sum is above float32 too; the true mean is not, but PyTorch divides too late.
    draw = build.stream("HUGE", "overflow")
    logits = draw.sign(5) * draw.uniform(5, 2.9e38, 3.1e38)
    build.values("HUGE", "5-overflow", _rules("hard", "special.huge"), Tensor.of(logits), Tensor.of(wrong_side(logits)),
                 (5,), reductions=("mean", "sum"))


def _non_finite(build):
    def spread(detail, region, rules, pairs):
        draw = build.stream(region, detail)
        logits, target = _drawn(draw, 23, "hard")
        where = 1 + draw.order(22)[: len(pairs)]
        logits[where], target[where] = zip(*pairs)
        build.values(region, f"23-{detail}", ["formula.loss", *rules], Tensor.of(logits), Tensor.of(target), (23,))

    inf, nan = np.inf, np.nan
    spread("infinite-loss", "INFINITE", ["special.positive_infinity"], [(inf, 0.0), (inf, 0.25), (inf, 0.5)])
    spread("positive", "INFINITE", ["special.positive_infinity"], [(inf, 0.0), (inf, 0.25), (inf, 1.0), (inf, 1.0)])
    spread("negative", "INFINITE", ["special.negative_infinity"], [(-inf, 0.0), (-inf, 0.25), (-inf, 1.0)])
    spread("logit", "NAN", ["special.nan"], [(nan, 0.0), (nan, 1.0), (nan, 0.5)])
    spread("target", "NAN", ["special.nan"], [(1.5, nan), (0.0, nan), (-inf, nan)])


def _empty(build):
    for shape in ((0,), (0, 3), (3, 0)):
        build.values("EMPTY_BATCH", "x".join(map(str, shape)), ["shape.empty"],
                     Tensor.of(np.zeros(0), shape=shape), Tensor.of(np.zeros(0), shape=shape), shape)


def _large(build):
    shape, n = (2**17,), 2**17
    draw = build.stream("LARGE", "131072")
    seeds = draw.raw(3) >> np.uint64(1)
    kept = draw.positions(n)
    build.values("LARGE", "131072", _rules("hard"),
                 recipe("uniform", shape, seeds[0], exponent=-20), recipe("binary", shape, seeds[1]), shape,
                 upstream=recipe("uniform", shape, seeds[2], exponent=-22),
                 positions={"loss": kept, "logits_gradient": kept})


    for dtype in HALVES:
        draw = build.stream("LARGE", f"70000-{dtype}")
        seeds = draw.raw(2) >> np.uint64(1)
        build.values("LARGE", f"70000-{dtype}", ["reduction.half_mean"],
                     recipe("uniform", (70000,), seeds[0], dtype, exponent=-2, bits=8),
                     recipe("binary", (70000,), seeds[1], dtype), (70000,), dtype=dtype, reductions=("mean", "sum"),
                     gradients=())


def _real_model(build):
    logits, target = digits.attributes(build.seed)
    build.values("REAL_MODEL", "digits-attributes", _rules("hard"),
                 Tensor.of(logits), Tensor.of(target), logits.shape)


def _refused_shapes(build):
    for x, t in (((4, 1), (4,)), ((4,), (4, 1)), ((4, 3), (3,)), ((4, 3), (4, 1)), ((4, 3), (1, 3)), ((3,), (4,)),
                 ((), (1,)), ((1,), ()), ((2, 3), (3, 2)), ((2, 3), (6,)), ((0,), (1,)), ((0, 3), (0, 4)),
                 ((2, 3, 4), (2, 3))):
        detail = "-".join("x".join(map(str, s)) or "scalar" for s in (x, t))
        draw = build.stream("SHAPE_ERROR", detail)
        build.error("SHAPE_ERROR", detail, ["shape.mismatch"], Tensor.of(draw.normal(np.prod(x), 3.0), shape=x),
                    Tensor.of(draw.coin(np.prod(t)), shape=t), Builder.REDUCTIONS[len(build.cases) % 3])
    draw = build.stream("OPTION_ERROR", "reduction")
    logits, target, short = Tensor.of(draw.normal(4, 3.0)), Tensor.of(draw.coin(4)), Tensor.of(draw.coin(3))
    for name in ("bad", "Mean", "average", ""):
        build.error("OPTION_ERROR", f"reduction-{name.lower() or 'empty'}", ["reduction.invalid"], logits, target, name)
    build.error("OPTION_ERROR", "reduction-before-size", ["reduction.invalid", "order.reduction_before_size"],
                logits, short, "bad")
    build.error("SHAPE_ERROR", "size-before-dtype", ["shape.mismatch", "order.size_before_dtype"],
                Tensor.of(draw.coin(4), "int64"), Tensor.of(draw.coin(3), "int64"))


def _refused_dtypes(build):
    def tensor(draw, dtype):
        return Tensor.of(draw.normal(4, 3.0) if dtype in FLOATS else draw.coin(4), dtype)

    for x in DTYPES:
        for t in DTYPES:
            if x in FLOATS and t in FLOATS:
                continue
            draw = build.stream("DTYPE_ERROR", f"{x}-{t}")
            rules = [f"dtype.{x}.{t}"]
            if x not in FLOATS and t not in FLOATS:
                rules.append("order.logits_dtype_before_target_dtype")
            build.error("DTYPE_ERROR", f"{x}-{t}", rules, tensor(draw, x), tensor(draw, t),
                        Builder.REDUCTIONS[len(build.cases) % 3])
    for t in ("int64", "uint8"):
        build.error("DTYPE_ERROR", f"empty-float32-{t}", [f"dtype.float32.{t}", "dtype.empty"],
                    Tensor.of(np.zeros(0)), Tensor.of(np.zeros(0), t))


# Shapes of logits with the shapes of weights that fit them.
BROADCASTS = {(5, 3): ((3,), (5, 1), (5, 3), (1,), (1, 1), (), (1, 3)), (2, 3, 4): ((4,), (3, 1), (2, 1, 4), (2, 3, 4)),
              (2, 3, 2, 3): ((3, 1, 1), (2, 1, 1, 3)), (2, 1, 3, 2, 2): ((3, 1, 2), (2, 1, 1, 1, 2), (2, 1, 3, 2, 2)),
              (7,): ((7,), (1,)), (): ((), )}
BOTH = ("logits", "target")


def _name(shape):
    return "x".join(map(str, shape)) or "scalar"


def _positive(draw, n, low=0.1, high=10.0):
    """Numbers around 1, the first a small power of two: a product with it is exact."""
    values = np.where(draw.coin(n), draw.uniform(n, low, 1.0), draw.uniform(n, 1.0, high))
    if n:
        values[0] = 4.0
    return values


def _weighted(build):
    turn = 0
    for shape, weights in BROADCASTS.items():
        for weight in weights:
            for which in ("weight", "pos_weight"):
                turn += 1
                region, detail = which.upper() + "ED", f"{_name(shape)}-by-{_name(weight)}"
                draw = build.stream(region, detail)
                logits, target = _drawn(draw, int(np.prod(shape)), ("hard", "soft")[turn % 3 == 0])
                values = _positive(draw, int(np.prod(weight)))
                build.values(region, detail, ["formula.loss", f"formula.{which}", f"{which}.broadcast"],
                             Tensor.of(logits, shape=shape), Tensor.of(target, shape=shape), shape,
                             more={which: Tensor.of(values, shape=weight)},
                             reductions=Builder.REDUCTIONS if shape == (5, 3) else ("none", ("mean", "sum")[turn % 2]),
                             gradients=BOTH if turn % 2 else BOTH[:1])
    for i, (shape, weight, positive) in enumerate((((5, 3), (5, 1), (3,)), ((4, 6), (4, 6), (6,)), ((9,), (1,), (9,)),
                                                   ((2, 3, 4), (4,), (3, 1)), ((2, 2, 3, 2, 2), (3, 1, 2), (3, 1, 1)))):
        detail = f"{_name(shape)}-both"
        draw = build.stream("POS_WEIGHTED", detail)
        logits, target = _drawn(draw, int(np.prod(shape)), ("hard", "soft")[i % 2])
        build.values("POS_WEIGHTED", detail, ["formula.weight", "formula.pos_weight", "weight.broadcast",
                                              "pos_weight.broadcast"],
                     Tensor.of(logits, shape=shape), Tensor.of(target, shape=shape), shape,
                     more={"weight": Tensor.of(_positive(draw, int(np.prod(weight))), shape=weight),
                           "pos_weight": Tensor.of(_positive(draw, int(np.prod(positive))), shape=positive)},
                     gradients=BOTH)
    for which, change in (("weight", "zero"), ("weight", "negative"), ("pos_weight", "negative")):
        region, detail = which.upper() + "ED", f"19-{change}"
        draw = build.stream(region, detail)
        logits, target = _drawn(draw, 19, "hard")
        values = _positive(draw, 19)
        values[draw.order(19)[:9]] *= 0.0 if change == "zero" else -1.0
        rule = "weight.mean_divides_by_count" if change == "zero" else "formula.negative_weight"
        build.values(region, detail, [f"formula.{which}", rule], Tensor.of(logits), Tensor.of(target), (19,),
                     more={which: Tensor.of(values)}, gradients=BOTH)


def _coarse(draw, n, kind, dtype):
    """As _drawn; in 16 bits the first logit is far out on the wrong side, where PyTorch's roundings leave it exact."""
    logits, target = _drawn(draw, n, kind)
    if dtype in HALVES:
        logits[0] = math.copysign(64.0, logits[0])
        target[0] = (logits[0] < 0) * 1.0 if kind == "hard" else 0.5 - math.copysign(0.25, logits[0])
    return logits, target


def _narrower(x, t):
    order = ("bfloat16", "float16", "float32", "float64")
    return min(x, t, key=order.index)


def _dtypes(build):
    for x in FLOATS:
        for t in FLOATS:
            region = "ORDINARY" if x == t else "MIXED_DTYPE"
            for kind in ("hard", "soft"):
                detail = f"16-{x}-{t}-{kind}"
                logits, target = _coarse(build.stream(region, detail), 16, kind, _narrower(x, t))
                build.values(region, detail, _rules(kind, f"dtype.{x}.{t}"), Tensor.of(logits, x), Tensor.of(target, t),
                             (16,), dtype=t, gradients=BOTH)
    for dtype in FLOATS[1:]:
        for n, kind in ((1, "hard"), (7, "soft"), (33, "hard"), (129, "hard"), (1023, "hard")):
            detail = f"{n}-{dtype}-{kind}"
            logits, target = _coarse(build.stream("LANE_MULTIPLE", detail), n, kind, dtype)
            build.values("LANE_MULTIPLE", detail, _rules(kind, f"dtype.{dtype}.{dtype}"), Tensor.of(logits, dtype),
                         Tensor.of(target, dtype), (n,), dtype=dtype,
                         reductions=Builder.REDUCTIONS if n == 33 else ("none",))
        for which in ("weight", "pos_weight"):
            for shape, weight in (((4, 3), (3,)), ((4, 3), (4, 1)), ((2, 2, 3, 2), (2, 3, 1))):
                region, detail = which.upper() + "ED", f"{_name(shape)}-by-{_name(weight)}-{dtype}"
                draw = build.stream(region, detail)
                logits, target = _coarse(draw, int(np.prod(shape)), "hard", dtype)
                target[0], logits[0] = 1.0, -abs(logits[0])
                values = _positive(draw, int(np.prod(weight)), 0.25, 4.0)
                values[0] = 8.0
                build.values(region, detail, [f"formula.{which}", f"{which}.broadcast", f"dtype.{which}.{dtype}"],
                             Tensor.of(logits, dtype, shape), Tensor.of(target, dtype, shape), shape, dtype=dtype,
                             more={which: Tensor.of(values, dtype, weight)}, gradients=BOTH)
    for which in ("weight", "pos_weight"):
        for w in DTYPES:
            if which == "pos_weight" and w == "bool":
                continue
            for x, t in (("float32", "float32"), ("float64", "float32"), ("float16", "float64")):
                if x != "float32" and w not in ("float64", "float16", "int64"):
                    continue
                region, detail = "MIXED_DTYPE", f"12-{which}-{w}-{x}-{t}"
                draw = build.stream(region, detail)
                logits, target = _coarse(draw, 12, "hard", _narrower(x, t))
                values = _positive(draw, 12) if w in FLOATS else draw.below(12, 2 if w == "bool" else 7)
                if w not in FLOATS:
                    values[0] = 1
                build.values(region, detail, [f"formula.{which}", f"dtype.{which}.{w}"], Tensor.of(logits, x),
                             Tensor.of(target, t), (12,), more={which: Tensor.of(values, w)}, dtype=t, gradients=BOTH,
                             reductions=(Builder.REDUCTIONS[len(build.cases) % 3],))


def _special(build):
    """The table of special values, in every dtype."""
    inf, nan = math.inf, math.nan
    for dtype in FLOATS:
        largest = {"float64": 1.7e308, "float32": FLOAT32_MAX, "float16": 65504.0, "bfloat16": 3.3e38}[dtype]
        least = {"float64": 2.0**-1074, "float32": 2.0**-149, "float16": 2.0**-24, "bfloat16": 2.0**-133}[dtype]

        def table(detail, rules, rows, region="SPECIAL_VALUE", weights=None, gradients=BOTH, reductions=("none",)):
            order = build.stream(region, f"{detail}-{dtype}").order(len(rows))
            columns = [np.array(column, dtype=np.float64)[order] for column in zip(*rows)]
            more = {name: Tensor.of(values, dtype) for name, values in zip(weights or (), columns[2:])}
            build.values(region, f"{detail}-{dtype}", rules, Tensor.of(columns[0], dtype), Tensor.of(columns[1], dtype),
                         (len(rows),), more=more, dtype=dtype, gradients=gradients, reductions=reductions)

        plain = [s * v for v in (0.0, least, 7 * least, 1.0, 10.0, 20.0, 100.0) for s in (1.0, -1.0)]
        table("plain", [*(f"special.at_{x}" for x in ("1", "minus_1", "10", "minus_20", "20", "minus_100", "100")),
                        "special.zero", "special.target_gradient"],
              [(x, t) for x in plain for t in (0.0, 1.0, 0.5)])
        table("huge", ["special.huge"],
              [(s * v, t) for v in (1e4, largest / 2, largest) for s in (1.0, -1.0) for t in (0.0, 1.0, 0.5)])
        small = [(1.5, 0.0), (-2.5, 1.0), (0.25, 0.5)]
        table("infinite", ["special.positive_infinity", "special.negative_infinity", "special.target_gradient"],
              [*small, *((x, t) for x in (inf, -inf) for t in (0.0, 1.0, 0.5))], "INFINITE")
        table("nan", ["special.nan", "special.target_gradient"],
              [*small, (nan, 0.0), (nan, 1.0), (nan, 0.5), (2.0, nan), (-3.0, nan), (inf, nan)], "NAN")
        table("target", ["formula.target_outside_unit_interval", "special.infinite_target"],
              [*small, (2.0, -1.0), (2.0, 2.0), (2.0, 10.0), (-2.0, 3.0), (2.0, inf), (2.0, -inf), (-2.0, inf),
               (-2.0, -inf)], "TARGET_OUTSIDE_UNIT_INTERVAL")
        table("zero-weight", ["special.zero_weight"],
              [(1.5, 0.0, 2.0), (-2.5, 1.0, 1.0), (3.0, 1.0, 0.0), (inf, 0.0, 0.0), (-inf, 1.0, 0.0)],
              "INFINITE", ["weight"])
        rows = [(1.5, 0.0, 4.0), (-2.5, 1.0, 2.0), (3.0, 1.0, 0.0), (-3.0, 1.0, 0.0), (-3.0, 0.0, 0.0), (3.0, 0.0, 0.0)]
        table("zero-pos-weight", ["special.zero_pos_weight", "special.pos_weight_without_effect"], rows,
              weights=["pos_weight"])
        table("zero-pos-weight-infinite", ["special.zero_pos_weight", "special.positive_infinity"],
              [*rows[:2], (inf, 1.0, 0.0), (-inf, 1.0, 0.0)], "INFINITE", ["pos_weight"])
        table("infinite-pos-weight", ["special.infinite_pos_weight"],
              [*rows[:2], (-2.0, 0.0, inf), (2.0, 0.0, inf), (2.0, 1.0, inf), (-2.0, 1.0, inf), (inf, 1.0, inf),
               (-inf, 1.0, inf), (110.0, 1.0, inf)], "INFINITE", ["pos_weight"])
        if dtype in ("float32", "bfloat16"):
            table("huge-pos-weight", ["special.huge_pos_weight"],
                  [*rows[:2], (-30.0, 1.0, 1e38), (-30.0, 0.0, 1e38)], weights=["pos_weight"])
            # The product with the positive weight overflows; the weight would bring it back.
            table("and-weight", ["special.huge_pos_weight"],
                  [(-1.5, 1.0, 4.0, 1.0), (2.5, 0.0, 2.0, 2.0), (-30.0, 1.0, 1e38, 2.0**-20), (-90.0, 1.0, 3e38, 2.0**-12)],
                  "HUGE_POS_WEIGHT", ["pos_weight", "weight"], reductions=("none", "mean"))


def _lost(build):
    """Losses at t = 0 and gradients at t = 1 that PyTorch loses by cancellation, with nothing beside them."""
    reach = {"float32": (17.0, 80.0), "float64": (38.0, 600.0), "float16": (8.5, 10.0), "bfloat16": (8.0, 80.0)}
    for dtype in FLOATS:
        for region, side, target, rule in (("LOST_SMALL_LOSS", -1.0, 0.0, "special.lost_small_loss"),
                                           ("LOST_GRADIENT", 1.0, 1.0, "special.lost_gradient")):
            detail = f"21-{dtype}"
            draw = build.stream(region, detail)
            logits = Tensor.of(side * draw.uniform(21, *reach[dtype]), dtype)
            build.values(region, detail, [rule, "special.last_nonzero_loss"], logits,
                         Tensor.of(np.full(21, target), dtype), (21,), dtype=dtype,
                         reductions=("none", "sum") if dtype == "float16" else Builder.REDUCTIONS)
        detail = f"21-{dtype}"
        draw = build.stream("POS_WEIGHT_GRADIENT", detail)
        # In 16 bits powers of two, with which PyTorch's loss is as good as without.
        weights = [0.25, 0.5, 2.0, 4.0] if dtype in HALVES else [0.1, 0.3, 0.7, 3.0, 5.5]
        build.values("POS_WEIGHT_GRADIENT", detail, ["special.lost_gradient", "formula.pos_weight"],
                     Tensor.of(draw.uniform(21, *reach[dtype]), dtype), Tensor.of(np.ones(21), dtype), (21,), dtype=dtype,
                     reductions=("none", "sum") if dtype == "float16" else Builder.REDUCTIONS,
                     more={"pos_weight": Tensor.of(draw.pick(21, weights), dtype)})


def _examples(build):
    region = "WORKED_EXAMPLE"
    draw = build.stream(region, "batch")
    for detail, labels in (("batch-3x7", [[0, 1, 1, 0, 0, 1, 0], [1, 0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1, 1]]),
                           ("batch-3x7-second", [[1, 0, 0, 1, 0, 1, 0], [0, 1, 0, 0, 0, 0, 1], [1, 1, 1, 0, 0, 0, 0]])):
        build.values(region, detail, ["example.batch", "formula.loss"], Tensor.of(draw.normal(21), shape=(3, 7)),
                     Tensor.of(labels), (3, 7))
    logits = [0.4962566, 0.7682218, 0.0884774]
    build.values(region, "three-probabilities", ["formula.loss"], Tensor.of(logits), Tensor.of([0.0, 1.0, 1.0]), (3,))
    labels = [[1], [0], [1]]
    build.error(region, "column-labels", ["example.column_labels", "shape.mismatch"],
                Tensor.of(draw.normal(6), shape=(3, 2)), Tensor.of(labels))
    build.values(region, "column-labels-one-logit", ["formula.loss"], Tensor.of(np.zeros((3, 1))), Tensor.of(labels), (3, 1))
    for dtype in ("int64", "bool"):
        build.error(region, f"integer-labels-{dtype}", ["example.integer_labels", f"dtype.float32.{dtype}"],
                    Tensor.of(draw.normal(3), shape=(3, 1)), Tensor.of(labels, dtype))


def _refused_weights(build):
    for which in ("weight", "pos_weight"):
        for shape, weight, rule in (((2, 3), (2,), "mismatch"), ((2, 3), (4,), "mismatch"), ((2, 3), (3, 1), "mismatch"),
                                    ((2, 3), (2, 2), "mismatch"), ((5,), (3,), "mismatch"), ((2, 3, 4), (2,), "mismatch"),
                                    ((2, 3), (1, 2, 3), "enlarges"), ((2, 3), (4, 2, 3), "enlarges"),
                                    ((1, 3), (2, 1), "enlarges"), ((), (2,), "enlarges"), ((3, 1), (3,), "enlarges"),
                                    ((1,), (1, 1), "enlarges")):
            detail = f"{which.replace('_', '-')}-{_name(shape)}-{_name(weight)}"
            draw = build.stream("SHAPE_ERROR", detail)
            build.error("SHAPE_ERROR", detail, [f"{which}.{rule}"], Tensor.of(draw.normal(np.prod(shape)), shape=shape),
                        Tensor.of(draw.coin(np.prod(shape)), shape=shape), Builder.REDUCTIONS[len(build.cases) % 3],
                        more={which: Tensor.of(draw.uniform(np.prod(weight)), shape=weight)})
    draw = build.stream("DTYPE_ERROR", "weights")
    for x in FLOATS:
        build.error("DTYPE_ERROR", f"pos-weight-bool-{x}", ["dtype.pos_weight.bool"], Tensor.of(draw.normal(4), x),
                    Tensor.of(draw.coin(4), x), more={"pos_weight": Tensor.of(draw.coin(4), "bool")})

    def both(detail, rule, x="float32", t="float32", rows=4, **more):
        build.error("CHECK_ORDER", detail, [f"order.{rule}"], Tensor.of(draw.coin(4), x), Tensor.of(draw.coin(rows), t),
                    more={name: Tensor.of(draw.uniform(3)) for name in more})

    both("size-before-pos-weight", "size_before_dtype", rows=3, pos_weight=1)
    both("size-before-logits-dtype-and-weight", "size_before_dtype", x="int64", rows=3, weight=1)
    both("logits-dtype-before-pos-weight", "logits_dtype_before_pos_weight", x="int32", pos_weight=1)
    both("logits-dtype-before-weight", "logits_dtype_before_pos_weight", x="bool", weight=1)
    both("pos-weight-before-target-dtype", "pos_weight_before_target_dtype", t="int64", pos_weight=1)
    both("pos-weight-before-bool-target", "pos_weight_before_target_dtype", t="bool", pos_weight=1)
    both("pos-weight-before-weight", "pos_weight_before_target_dtype", pos_weight=1, weight=1)
    both("target-dtype-before-weight", "target_dtype_before_weight", t="int64", weight=1)
    both("bool-target-before-weight", "target_dtype_before_weight", t="bool", weight=1)


def call(functional, inputs, options):
    return functional.binary_cross_entropy_with_logits(**_renamed(inputs), **options)


def _renamed(inputs):
    return {{"logits": "input"}.get(name, name): tensor for name, tensor in inputs.items()}


@lru_cache(maxsize=None)
def _tail(x):
    """exp(-|x|), log(1 + exp(-|x|)) and exp(-|x|) / (1 + exp(-|x|)): what is left of a saturated logit."""
    if math.isinf(x):
        return TINY, ZERO, TINY
    z = mp.exp(-abs(mpf(x)))
    return z, mp.log1p(z), z / (ONE + z)


@lru_cache(maxsize=None)
def element(x, t, p):
    """Loss, gradient of the logit and of the target, with positive weight p. No small tail is ever formed by a
    subtraction; products with infinities are read as limits."""
    if x != x or p != p:
        return NAN, NAN, NAN
    _, log_tail, tail = _tail(x)
    big, p = mpf(x), mpf(p)
    if p == 1:
        by_target = -big
    elif x > 0:
        by_target = product(p, log_tail) - big - log_tail
    else:
        by_target = product(p, log_tail - big) - log_tail
    if t != t:
        return NAN, NAN, by_target
    t = mpf(t)
    if mp.isinf(t):
        return product(by_target, t), product(-t, p), by_target
    certain = (ONE - t) + product(p, t)
    loss = (product(ONE - t, big) if x > 0 else product(-p, t, big)) + product(certain, log_tail)
    if x > 0:
        slope = (ONE - t) - product(certain, tail)
    else:
        slope = product(certain, tail) - product(p, t)
    return loss, slope, by_target


def truth(case):
    tensors, reduction = case.inputs, case.options["reduction"]
    shape, count = tensors["logits"].shape, tensors["logits"].array.size

    def spread(name):
        return np.broadcast_to(tensors[name].values if name in tensors else 1.0, shape).ravel()

    x, t, weight, positive = map(spread, ("logits", "target", "weight", "pos_weight"))
    finite = np.isfinite(x) & np.isfinite(t) & np.isfinite(weight) & np.isfinite(positive)
    x, t, weight, positive = (values.tolist() for values in (x, t, weight, positive))

    def value(i, part):
        v = element(x[i], t[i], positive[i])[part]
        return v if weight[i] == 1 else product(mpf(weight[i]), v)

    if reduction == "none":
        loss = [value(i, 0) for i in case.positions.get("loss", range(count))], finite
    else:
        loss = [reduce_loss([value(i, 0) for i in range(count)], reduction, count)], finite.all()
    results = {"loss": loss}
    if case.gradients:
        scale = spread("upstream").tolist()
        divisor = count if reduction == "mean" else 1
    for part, name in ((1, "logits"), (2, "target")):
        if name in case.gradients:
            kept = case.positions.get(f"{name}_gradient", range(count))
            results[f"{name}_gradient"] = [mpf(scale[i]) * value(i, part) / divisor for i in kept], finite
    return results


def deviation(case, name, wrong):
    if case.region == "HUGE_POS_WEIGHT" and name != "logits_gradient":
        return {"huge-pos-weight"}
    if name == "loss":
        if case.region == "HUGE" and not np.isfinite(case.outputs[name].pytorch.values).all():
            return {"mean-overflow"}
        return {"lost-small-loss"} if wrong.any() else set()
    if name == "logits_gradient":
        return {"pos-weight-gradient" if "pos_weight" in case.inputs else "lost-gradient"} if wrong.any() else set()
    return set()


OPERATION = Operation(NAME, RULES, SECTIONS, cases, call, truth, deviation)
