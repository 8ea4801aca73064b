"""softmax and log_softmax: their rules, their cases, their truth."""

import math

import numpy as np
from mpmath import mp, mpf

from .cases import Builder, Operation
from .cross_entropy import row_of
from .tensors import DTYPES, FLOATS, HALVES, INTEGERS, Tensor
from .truth import NAN, ONE, ZERO

RULES = {
    "formula.output": "{formula}",
    "formula.logits_gradient": "{gradient}",
    "shape.any_dim": "Any dimension may be reduced, counted from the front or, negative, from the back.",
    "shape.scalar": "A 0-d input with dim 0 or -1 works: {scalar}.",
    "shape.empty": "With a dimension of size 0 the result is empty.",
    "shape.bad_dim": "A dimension that the input does not have is refused.",
    "dtype.argument": "dtype= casts the input first, so that integers work, and a float widens.",
    "dtype.empty_integers": "An empty integer input gives an empty integer result.",
    "special.rows": "The rows [0, 0, 0], [100, 0, 0], [20, 0, 0] and [1e4, 0, -1e4].",
    "special.huge_rows": "Rows of the largest numbers; a difference beyond them is infinite.",
    "special.infinite": "A row with +inf, or of -inf alone, gives NaN; another -inf has probability 0.",
    "special.nan": "A NaN makes its row NaN, and no other.",
    "special.certain_row": "What a certain row leaves to the others is kept.",
}
RULES |= {f"dtype.{x}": f"{x} " + (f"gives {x}." if x in FLOATS else "is refused without dtype=.") for x in DTYPES}
TEXTS = {
    "softmax": {"formula": "The output is exp(x_c) over the sum of exp(x_j).", "scalar": "the result is 1",
                "gradient": "The gradient is (g_c - sum of g_j * y_j) * y_c."},
    "log_softmax": {"formula": "The output is x_c - log(sum of exp(x_j)).", "scalar": "the result is 0",
                    "gradient": "The gradient is g_c - softmax(x)_c * sum of g_j."},
}
SECTIONS = {"formula": "1", "shape": "3.3", "dtype": "2.5", "special": "4.3", "example": "8"}
EXAMPLE = {"example.two_rows": "softmax of [[2, 1, .1], [1, 3, .2]], whose rows add up to 1."}


def _name(shape):
    return "x".join(map(str, shape)) or "scalar"


class _Cases:
    def __init__(self, name, seed):
        self.name, self.build = name, Builder(name, seed, names=("logits",))

    def value(self, region, detail, rules, logits, dim, dtype="float32", shape=None, result=None):
        logits = Tensor.of(logits, dtype, shape)
        options = {"dim": dim} | ({"dtype": result} if result else {})
        result, inputs, gradient = result or dtype, {"logits": logits}, dtype in FLOATS
        if gradient:
            inputs["upstream"] = self.build.upstream(region, detail, logits.shape, result, {dtype, result} & set(HALVES))
        self.build.add(region, detail, [*rules, *(["formula.output"] if logits.array.size else []),
                                        *(["formula.logits_gradient"] if gradient else [])], inputs,
                       options, gradients=("logits",) if gradient else ())

    def refused(self, region, detail, rules, logits, dim):
        self.build.add(region, detail, rules, {"logits": logits}, {"dim": dim}, fails=True)

    def anchored(self, draw, shape, dim, dtype):
        """Logits from N(0, 9), in 16 bits with one row that PyTorch's roundings leave exact."""
        logits = draw.normal(np.prod(shape), 3.0).reshape(shape)
        if dtype in HALVES and logits.ndim:
            row = np.moveaxis(logits, dim, -1)[(0,) * (logits.ndim - 1)]
            row[:] = -32.0
            row[:2] = (16.0, 16.0) if self.name == "softmax" else (-32.0, 32.0)
        return logits

    def all(self):
        for dtype in FLOATS:
            for shape, dims in (((4, 5), (0, 1, -1, -2)), ((6,), (0, -1)), ((3, 4, 5), (0, 1, 2)), ((2, 3, 2, 3, 2), (2, -1)),
                                ((3, 33), (1,)), ((17, 3), (0,)), ((2, 129), (1,))):
                for dim in dims:
                    detail = f"{_name(shape)}-dim-{dim}-{dtype}".replace("--", "-minus-")
                    self.value("ORDINARY", detail, ["shape.any_dim", f"dtype.{dtype}"],
                               self.anchored(self.build.stream("ORDINARY", detail), shape, dim, dtype), dim, dtype)
            draw = self.build.stream("ORDINARY", f"scalar-{dtype}")
            for dim in (0, -1):
                self.value("ORDINARY", f"scalar-dim-{dim}-{dtype}".replace("--", "-minus-"), ["shape.scalar"],
                           draw.normal(1)[0], dim, dtype)
            most = {"float64": 1e308, "float32": 3e38, "float16": 3e4, "bfloat16": 1.5e38}[dtype]
            tie = (16.0, 16.0, -32.0) if self.name == "softmax" else (-32.0, 32.0, -32.0)
            inf, nan = math.inf, math.nan
            for region, detail, rule, rows in (
                    ("SPECIAL_VALUE", "plain", "special.rows", [(0, 0, 0), (100, 0, 0), (20, 0, 0), (1e4, 0, -1e4)]),
                    ("SPECIAL_VALUE", "huge", "special.huge_rows", [(-most, most / 2, 0), (most, most, 0), (most, 0, 1)]),
                    ("INFINITE", "rows", "special.infinite", [(-inf, 0, 0), (-inf, -inf, 1), (-inf,) * 3, (inf, 0, 1),
                                                              (inf, inf, 0), (inf, -inf, 0)]),
                    ("NAN", "rows", "special.nan", [(nan, 0, 0), (1, nan, inf), (0, -inf, nan)])):
                order = self.build.stream(region, f"{detail}-{dtype}").order(len(rows))
                for dim in (1, 0):
                    values = np.array([tie, *(rows[i] for i in order)], dtype=np.float64)
                    self.value(region, f"{detail}-dim-{dim}-{dtype}", [rule], values if dim else values.T, dim, dtype)
            reach = {"float32": (17, 80), "float64": (38, 600), "float16": (8.5, 9.5), "bfloat16": (8, 80)}[dtype]
            draw = self.build.stream("CERTAIN_ROW", dtype)
            logits = draw.normal(32, 0.25 if dtype != "bfloat16" else 0.0).reshape(8, 4)
            logits[np.arange(8), draw.below(8, 4)] = draw.uniform(8, *reach)
            self.value("CERTAIN_ROW", f"8x4-{dtype}", ["special.certain_row"], logits, 1, dtype)
        for dtype, result in (("float32", "float64"), ("float16", "float32"), ("bfloat16", "float32"), ("bfloat16", "float64"),
                              ("int64", "float32"), ("uint8", "float64"), ("bool", "float32"), ("int32", "bfloat16")):
            draw = self.build.stream("MIXED_DTYPE", f"{dtype}-{result}")
            logits = draw.normal(12, 3.0) if dtype in FLOATS else draw.below(12, 2 if dtype == "bool" else 9)
            if dtype in HALVES:
                logits[:3] = (16, 16, -32) if self.name == "softmax" else (-32, 32, -32)
            if result in HALVES:
                logits[:3] = (32, 32, 1) if self.name == "softmax" else (64, 0, 0)
            self.value("MIXED_DTYPE", f"4x3-{dtype}-{result}", ["dtype.argument"], logits, 1, dtype, (4, 3), result)
        for shape, dim in (((0,), 0), ((0, 3), 1), ((3, 0), 1), ((3, 0), 0)):
            self.value("EMPTY_BATCH", f"{_name(shape)}-dim-{dim}", ["shape.empty"], np.zeros(0), dim, shape=shape)
        self.build.add("EMPTY_BATCH", "integers", ["dtype.empty_integers"], {"logits": Tensor.of([], "int64", (0, 3))}, {"dim": 1})
        for shape, dim in (((2, 3), 2), ((2, 3), -3), ((2, 3), 7), ((), 1), ((), -2), ((4,), 1)):
            draw = self.build.stream("OPTION_ERROR", f"{_name(shape)}-{dim}")
            self.refused("OPTION_ERROR", f"{_name(shape)}-dim-{dim}".replace("--", "-minus-"), ["shape.bad_dim"],
                         Tensor.of(draw.normal(np.prod(shape)), shape=shape), dim)
        for dtype in (*INTEGERS, "bool"):
            for dim in (0, 1):
                draw = self.build.stream("DTYPE_ERROR", f"{dtype}-{dim}")
                self.refused("DTYPE_ERROR", f"{dtype}-dim-{dim}", [f"dtype.{dtype}"], Tensor.of(draw.coin(6), dtype, (2, 3)), dim)
        if self.name == "softmax":
            for dtype in ("float32", "float64"):
                self.value("WORKED_EXAMPLE", f"two-rows-{dtype}", ["example.two_rows"], [[2, 1, 0.1], [1, 3, 0.2]], 1, dtype)
        return self.build.cases


def _call(name):
    def call(functional, inputs, options):
        dtype = options.get("dtype")
        return getattr(functional, name)(inputs["logits"], dim=options["dim"],
                                         dtype=dtype and getattr(functional.torch, dtype))
    return call


def _deviation_from_mean(up, chances, c):
    """g_c less the mean of all g, as a sum over the others: equal values cancel before anything is rounded."""
    return mp.fsum(p * (up[c] - g) for j, (g, p) in enumerate(zip(up, chances)) if j != c and up[c] != g)


def _truth(name):
    def truth(case):
        logits = case.inputs["logits"].values
        dim = case.options["dim"]
        if logits.ndim == 0:
            logits, dim = logits.reshape(1), 0
        moved = np.moveaxis(logits, dim, -1)
        rows = moved.reshape(-1, moved.shape[-1]) if moved.size else np.zeros((0, 1))
        order = [np.moveaxis(i.reshape(moved.shape), -1, dim).ravel().tolist() for i in np.indices(rows.shape)] if moved.size \
            else [[], []]
        finite = np.isfinite(rows).all(axis=1)[order[0]] if moved.size else np.zeros(0, bool)
        results = [row_of(np.ascontiguousarray(r, "<f8").tobytes()) for r in rows]
        chances = [[r.powers[c] / (ONE + r.rest) if r.defined else NAN for c in range(rows.shape[1])] for r in results]
        if name == "softmax":
            output = [ZERO if rows[r, c] == -math.inf and results[r].defined else chances[r][c] for r, c in zip(*order)]
        else:
            output = [-results[r].minus_log(c) for r, c in zip(*order)]
        truths = {"output": (output, finite)}
        if case.gradients:
            up = case.inputs["upstream"].values.reshape(logits.shape)
            up = [[mpf(g) for g in row] for row in np.moveaxis(up, dim, -1).reshape(rows.shape).tolist()]
            if name == "softmax":
                gradient = [_deviation_from_mean(up[r], chances[r], c) * chances[r][c] for r, c in zip(*order)]
            else:
                # g_c (1 - p_c) less the share of the others: 1 - p_c is never formed by subtraction.
                gradient = [results[r].slope({c: -up[r][c]}, c, mp.fsum(g * -ONE for g in up[r])) for r, c in zip(*order)]
            truths["logits_gradient"] = gradient, finite
        return truths
    return truth


def _deviation(name):
    def deviation(case, output, wrong):
        if case.region == "CERTAIN_ROW":
            return {"certain-row-loss" if output == "output" else f"certain-row-{name.replace('_', '-')}-gradient"}
        return set()
    return deviation


def _operation(name):
    rules = {rule: text.format(**TEXTS[name]) for rule, text in RULES.items()} | (EXAMPLE if name == "softmax" else {})
    return Operation(name, rules, SECTIONS, lambda seed: _Cases(name, seed).all(), _call(name), _truth(name), _deviation(name),
                     "output")


OPERATIONS = (_operation("softmax"), _operation("log_softmax"))
