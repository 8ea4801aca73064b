"""binary_cross_entropy_with_logits: its rules, its cases, its truth."""

import math
from functools import lru_cache

import numpy as np
from mpmath import mp, mpf

from . import digits
from .cases import Builder, Operation
from .tensors import DTYPES, FLOATS, INTEGERS, Tensor, recipe
from .truth import INF, NAN, ONE, TINY, ZERO, reduce_loss

NAME = "bce_with_logits"

RULES = {
    "formula.loss": "The loss of an element is (1 - t) * x - log(sigmoid(x)).",
    "formula.soft_target": "A target may be any number of [0, 1]; the formula is the same.",
    "formula.target_outside_unit_interval": "Targets outside [0, 1] are not refused; the formula is used as it stands.",
    "formula.logits_gradient": "The gradient of a logit is (sigmoid(x) - t) times the upstream gradient, divided by "
                               "the number of elements for mean.",
    "reduction.none": "none returns one loss an element, in the shape of the logits.",
    "reduction.mean": "mean divides the sum of the losses by the number of elements.",
    "reduction.sum": "sum returns the sum of the losses.",
    "reduction.invalid": "A reduction other than none, mean and sum is refused when the loss is called.",
    "shape.elementwise": "Logits and target may have any number of dimensions, as long as the sizes are equal.",
    "shape.scalar": "0-d logits with a 0-d target work; the result is 0-d for every reduction.",
    "shape.empty": "Without elements none is empty, sum is 0 and mean is NaN; the gradient is empty.",
    "shape.mismatch": "Target and logits must have equal sizes; there is no broadcasting of the target, not even "
                      "between [N] and [N, 1] or between 0-d and [1].",
    "special.zero": "At logits of +-0 and at subnormal ones the loss is ln 2 and the gradient 0.5 - t.",
    "special.saturated_positive": "For a large positive logit the loss is x at t = 0 and falls as exp(-x) at t = 1.",
    "special.saturated_negative": "For a large negative logit the loss is -x at t = 1 and falls as exp(x) at t = 0.",
    "special.huge": "Up to the largest float32 the loss of a logit on the wrong side is its magnitude, and its "
                    "gradient is +-1.",
    "special.positive_infinity": "At +inf the loss is inf for t < 1 and NaN for t = 1; the gradient is 1 - t.",
    "special.negative_infinity": "At -inf the loss is NaN for every t; the gradient is -t.",
    "special.nan": "A NaN in logit or target makes loss and gradient of its element NaN, and of no other element.",
    "order.reduction_before_size": "An invalid reduction is reported before different sizes are.",
    "order.size_before_dtype": "Different sizes are reported before an unsupported dtype is.",
    "order.logits_dtype_before_target_dtype": "An unsupported dtype of the logits is reported before that of the "
                                              "target.",
    "dtype.empty": "The dtype is checked on empty tensors too.",
    "dtype.float32.float32": "float32 logits with a float32 target give a float32 loss.",
}
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
    _refused_shapes(build)
    _refused_dtypes(build)
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
                 (5,), reductions=("mean", "sum"), deviations={"mean": ["mean-overflow"]})


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


def call(functional, inputs, options):
    return functional.binary_cross_entropy_with_logits(inputs["logits"], inputs["target"], **options)


@lru_cache(maxsize=None)
def _loss(x, t):
    if x != x or t != t:
        return NAN
    if math.isinf(x):
        return ZERO if t == (x > 0) else INF  # the stored targets at infinite logits lie in [0, 1]
    x, t = mpf(x), mpf(t)
    return ((ONE - t) * x if x > 0 else -t * x) + mp.log1p(mp.exp(-abs(x)))


@lru_cache(maxsize=None)
def _slope(x, t):
    """sigmoid(x) - t, with the small tail kept: 1 - sigmoid(x) is never formed by subtraction."""
    if x != x or t != t:
        return NAN
    t = mpf(t)
    if math.isinf(x):
        tail = TINY
    else:
        tail = mp.exp(-abs(mpf(x)))
        tail = tail / (ONE + tail)
    return (ONE - t) - tail if x > 0 else tail - t


def truth(case):
    logits, target, upstream = (case.inputs[name].array for name in ("logits", "target", "upstream"))
    reduction, count = case.options["reduction"], logits.size
    finite = np.isfinite(logits) & np.isfinite(target)
    x, t = logits.ravel().tolist(), target.ravel().tolist()
    scale = np.broadcast_to(upstream, logits.shape).ravel().tolist()

    def at(output):
        return case.positions.get(output, range(count))

    if reduction == "none":
        loss = [_loss(x[i], t[i]) for i in at("loss")], finite
    else:
        loss = [reduce_loss([_loss(*pair) for pair in zip(x, t)], reduction, count)], finite.all()
    divisor = count if reduction == "mean" else 1
    gradient = [mpf(scale[i]) * _slope(x[i], t[i]) / divisor for i in at("logits_gradient")]
    return {"loss": loss, "logits_gradient": (gradient, finite)}


OPERATION = Operation(NAME, RULES, cases, call, truth)
