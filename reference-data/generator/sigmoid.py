"""sigmoid and log_sigmoid: their rules, their cases, their truth."""

import math
from functools import lru_cache

import numpy as np
from mpmath import mp, mpf

from .cases import Builder, Operation
from .tensors import DTYPES, FLOATS, HALVES, INTEGERS, Tensor
from .truth import INF, NAN, ONE, TINY, ZERO

RULES = {
    "formula.output": "{formula}",
    "formula.logits_gradient": "{gradient}",
    "shape.any": "Any shape works, 0-d and empty included.",
    "special.plain": "The table of special values, signed zeros and subnormal numbers included.",
    "special.at_88": "At +-88 and +-100 what is left of the tail is kept, subnormal results included.",
    "special.underflow": "Where exp(-x) overflows the sigmoid is still a subnormal number.",
    "special.saturated": "Far out the result and the gradient fall as exp(-|x|) and are kept.",
    "special.infinite": "At infinities the result is its limit.",
    "special.nan": "NaN gives NaN.",
}
TEXTS = {
    "sigmoid": {"formula": "The output is 1 / (1 + exp(-x)).", "gradient": "The gradient is y * (1 - y)."},
    "log_sigmoid": {"formula": "The output is -log(1 + exp(-x)).", "gradient": "The gradient is 1 - sigmoid(x)."},
}
SECTIONS = {"formula": "1", "shape": "3.1", "dtype": "2.5", "special": "4.2"}
LENGTHS = (1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 65, 129)


def _rules(name):
    integers = "gives float32." if name == "sigmoid" else "is refused."
    return ({rule: text.format(**TEXTS[name]) for rule, text in RULES.items()}
            | {f"dtype.{x}": f"{x} " + (f"gives {x}." if x in FLOATS else integers) for x in DTYPES})


class _Cases:
    def __init__(self, name, seed):
        self.name, self.build = name, Builder(name, seed, names=("logits",))

    def value(self, region, detail, rules, logits, dtype="float32", shape=None):
        logits = Tensor.of(logits, dtype, shape)
        inputs, gradient = {"logits": logits}, dtype in FLOATS
        if gradient:
            inputs["upstream"] = self.build.upstream(region, detail, logits.shape, dtype, dtype in HALVES)
        self.build.add(region, detail, [*rules, "formula.output", *(["formula.logits_gradient"] if gradient else [])],
                       inputs, {}, gradients=("logits",) if gradient else ())

    def all(self):
        inf = math.inf
        anchor = 0.0 if self.name == "sigmoid" else -64.0  # exact in 16 bits, output and gradient
        for dtype in FLOATS:
            for n in LENGTHS if dtype == "float32" else (1, 17, 64, 129):
                draw = self.build.stream("LANE_MULTIPLE", f"{n}-{dtype}")
                logits = draw.normal(n, 3.0)
                if dtype in HALVES:
                    logits[0] = anchor
                self.value("LANE_MULTIPLE", f"{n}-{dtype}", [f"dtype.{dtype}", "shape.any"], logits, dtype)
            for shape in ((), (2, 3), (2, 1, 3, 2), (0,), (0, 3)):
                detail = ("x".join(map(str, shape)) or "scalar") + f"-{dtype}"
                draw = self.build.stream("ORDINARY" if 0 not in shape else "EMPTY_BATCH", detail)
                logits = draw.normal(np.prod(shape), 3.0)
                if dtype in HALVES and logits.size:
                    logits[0] = anchor
                self.value("ORDINARY" if 0 not in shape else "EMPTY_BATCH", detail, ["shape.any"], logits, dtype, shape)
            least = {"float64": 2.0**-1074, "float32": 2.0**-149, "float16": 2.0**-24, "bfloat16": 2.0**-133}[dtype]
            most = {"float64": 1e308, "float32": 3e38, "float16": 6e4, "bfloat16": 3e38}[dtype]
            draw = self.build.stream("SPECIAL_VALUE", dtype)
            values = [s * v for v in (0.0, least, 1.0, 10.0, 20.0, 88.0, 100.0, 1e4, most) for s in (1, -1)]
            self.value("SPECIAL_VALUE", f"plain-{dtype}", ["special.plain", "special.at_88"], [anchor, *draw.shuffled(values)], dtype)
            self.value("INFINITE", f"infinite-{dtype}", ["special.infinite"], [anchor, 1.5, *draw.shuffled([inf, -inf])], dtype)
            self.value("NAN", f"nan-{dtype}", ["special.nan"], [anchor, -2.5, *draw.shuffled([math.nan, 1.0])], dtype)
            reach = {"float32": (17, 80), "float64": (38, 600), "float16": (8.5, 10), "bfloat16": (8, 80)}[dtype]
            for side, name in ((1.0, "positive"), (-1.0, "negative")):
                draw = self.build.stream(f"SATURATED_{name}", dtype)
                self.value(f"SATURATED_{name.upper()}", f"21-{dtype}", ["special.saturated"],
                           side * draw.uniform(21, *reach), dtype)
            if dtype in ("float32", "float64"):
                far = (88.8, 102.0) if dtype == "float32" else (709.9, 744.0)
                self.value("SUBNORMAL", f"21-{dtype}", ["special.underflow"],
                           -self.build.stream("SUBNORMAL", dtype).uniform(21, *far), dtype)
        for dtype in (*INTEGERS, "bool"):
            logits = Tensor.of(self.build.stream("MIXED_DTYPE", dtype).below(7, 2 if dtype == "bool" else 6), dtype)
            if self.name == "sigmoid":
                self.build.add("MIXED_DTYPE", f"7-{dtype}", [f"dtype.{dtype}", "formula.output"], {"logits": logits}, {})
            else:
                self.build.add("DTYPE_ERROR", f"7-{dtype}", [f"dtype.{dtype}"], {"logits": logits}, {}, fails=True)
        return self.build.cases


def _call(name):
    def call(functional, inputs, options):
        return (functional.torch.sigmoid if name == "sigmoid" else functional.logsigmoid)(inputs["logits"])
    return call


@lru_cache(maxsize=None)
def _sigmoid(x):
    if x != x:
        return NAN
    z = TINY if math.isinf(x) else mp.exp(-abs(mpf(x)))
    return ONE / (ONE + z) if x > 0 else z / (ONE + z)


def _log_sigmoid(x):
    if x != x:
        return NAN
    if math.isinf(x):
        return ZERO if x > 0 else -INF
    return min(mpf(x), ZERO) - mp.log1p(mp.exp(-abs(mpf(x))))


def _truth(name):
    def truth(case):
        logits = case.inputs["logits"].values.ravel()
        finite, xs = np.isfinite(logits), logits.tolist()
        if name == "sigmoid":
            # At -inf the output is 0 itself; only the gradient needs the sign of what tends to 0.
            output = [ZERO if x == -math.inf else _sigmoid(x) for x in xs]
        else:
            output = [_log_sigmoid(x) for x in xs]
        truths = {"output": (output, finite)}
        if case.gradients:
            up = [mpf(g) for g in case.inputs["upstream"].values.ravel().tolist()]
            truths["logits_gradient"] = [g * _sigmoid(-x) * (_sigmoid(x) if name == "sigmoid" else ONE)
                                         for g, x in zip(up, xs)], finite
        return truths
    return truth


def _deviation(name):
    def deviation(case, output, wrong):
        if not wrong.any():
            return set()
        if output == "logits_gradient":
            return {f"{name.replace('_', '-')}-gradient"}
        return {"sigmoid-underflow"} if name == "sigmoid" else set()
    return deviation


OPERATIONS = tuple(Operation(name, _rules(name), SECTIONS, lambda seed, name=name: _Cases(name, seed).all(), _call(name),
                             _truth(name), _deviation(name), "output") for name in ("sigmoid", "log_sigmoid"))
