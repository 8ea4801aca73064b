"""one_hot: its rules, its cases, its truth."""

import numpy as np
from mpmath import mpf

from .cases import Builder, Operation
from .tensors import DTYPES, Tensor

NAME = "one_hot"
RULES = {
    "formula.output": "The output is int64, in the shape of the target with one more dimension, 1 at the index.",
    "shape.any": "Any shape works, 0-d included; with num_classes an empty one too.",
    "option.inferred": "num_classes -1 means the largest index plus 1.",
    "shape.empty_inferred": "From an empty target the number of classes cannot be inferred.",
    "target.negative": "A negative index is refused, before one that is too large.",
    "target.too_large": "An index not below num_classes is refused, for num_classes of 0 and below -1 too.",
    "example.four": "one_hot([0, 2, 1, 0], 3).",
}
RULES |= {f"dtype.{t}": f"{t} indices are " + ("taken." if t == "int64" else "refused.") for t in DTYPES}
SECTIONS = {"formula": "1", "shape": "3.3", "option": "3.3", "target": "3.3", "dtype": "2.5", "example": "8"}


def cases(seed):
    build = Builder(NAME, seed, names=("target",))

    def case(region, detail, rules, values, shape, classes=-1, dtype="int64", fails=False):
        build.add(region, detail, rules, {"target": Tensor.of(values, dtype, shape)},
                  {} if classes == -1 else {"num_classes": classes}, fails=fails)

    for shape in ((), (1,), (7,), (2, 3), (2, 1, 3), (2, 2, 2, 2)):
        for classes in (-1, 5, 6):
            detail = ("x".join(map(str, shape)) or "scalar") + (f"-{classes}" if classes > 0 else "-inferred")
            rules = ["formula.output", "shape.any", "dtype.int64", *(["option.inferred"] if classes < 0 else [])]
            case("ORDINARY", detail, rules, build.stream("ORDINARY", detail).below(np.prod(shape), 5), shape, classes)
    for shape in ((0,), (0, 3)):
        detail = "x".join(map(str, shape))
        case("EMPTY_BATCH", detail, ["shape.any"], [], shape, 4)
        for classes in (-1, 0):
            case("EMPTY_BATCH", f"{detail}-{'inferred' if classes else 'zero'}", ["shape.empty_inferred"], [], shape, classes,
                 fails=True)
    case("WORKED_EXAMPLE", "four", ["example.four"], [0, 2, 1, 0], (4,), 3)
    for detail, values, classes in (("negative", [0, -1, 2], -1), ("negative-with-classes", [0, -7, 2], 4),
                                    ("negative-before-too-large", [9, -1, 2], 3)):
        case("TARGET_RANGE_ERROR", detail, ["target.negative"], values, (3,), classes, fails=True)
    for detail, classes in (("too-large", 3), ("zero-classes", 0), ("minus-two-classes", -2)):
        case("TARGET_RANGE_ERROR", detail, ["target.too_large"], [0, 3, 2], (3,), classes, fails=True)
    for dtype in DTYPES:
        if dtype != "int64":
            case("DTYPE_ERROR", dtype, [f"dtype.{dtype}"], [0, 1, 1], (3,), 2, dtype, fails=True)
    return build.cases


def call(functional, inputs, options):
    return functional.one_hot(inputs["target"], options.get("num_classes", -1))


def truth(case):
    target = case.inputs["target"].array.ravel()
    classes = case.options.get("num_classes", -1)
    rows = np.eye(target.max() + 1 if classes == -1 else classes)[target]
    return {"output": ([mpf(v) for v in rows.ravel()], np.ones(rows.size, bool))}


OPERATION = Operation(NAME, RULES, SECTIONS, cases, call, truth, result="output")
