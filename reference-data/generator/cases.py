"""A case: what goes into an operation, what the operation is asked to do, and what has to come out."""

from dataclasses import dataclass, field
from typing import Callable

import numpy as np

from .tensors import HALVES, Stream, Tensor


@dataclass(eq=False)
class Output:
    """One result. With positions, the values are those at these flat indices only."""

    shape: tuple
    pytorch: Tensor           # PyTorch's result in its own dtype
    exact: np.ndarray         # float64: the truth, rounded once
    low: np.ndarray           # what that rounding left, used for float64 results
    finite: np.ndarray        # bool: whether all inputs of this value's unit (element, row, or all of them) are finite
    positions: np.ndarray | None = None

    @property
    def dtype(self):
        return self.pytorch.dtype


@dataclass(eq=False)
class Case:
    id: str
    region: str
    rules: list[str]
    inputs: dict[str, Tensor]
    options: dict
    gradients: tuple = ()                                            # the inputs whose gradient is stored
    deviations: list[str] = field(default_factory=list)
    positions: dict[str, np.ndarray] = field(default_factory=dict)   # output name -> flat indices that are stored
    fails: bool = False
    outputs: dict[str, Output] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)              # results that are text
    error: dict | None = None


def _no_deviation(case, name, wrong):
    return set()


@dataclass(frozen=True)
class Operation:
    """Everything the generator knows about an operation. To add one, write a module with one of these and name it in
    OPERATIONS of make.py."""

    name: str
    rules: dict[str, str]                 # rule id -> what PyTorch does
    sections: dict[str, str]              # first word of a rule id -> section of the description of PyTorch's semantics
    cases: Callable                       # seed -> list of Case
    call: Callable                        # torch.nn.functional, tensors by name, options -> the result
    truth: Callable                       # Case -> {output name: (exact values, finite units)}
    deviation: Callable = _no_deviation   # Case, output name, which values are badly wrong -> names of deviations
    result: str = "loss"                  # the name of what the operation returns
    run: Callable | None = None           # (operation, case): fills the case, where it is not PyTorch that does

    def section(self, rule):
        """The longest prefix of a rule's id that `sections` knows decides."""
        words = rule.split(".")
        return next(self.sections[key] for n in range(len(words), 0, -1)
                    if (key := ".".join(words[:n])) in self.sections)


class Builder:
    """Collects the cases of one operation."""

    REDUCTIONS = ("none", "mean", "sum")

    def __init__(self, operation, seed, names=("logits", "target"), too_coarse=lambda region, reduction, tensors: False):
        """`names`: of the two inputs; `too_coarse`: where PyTorch's gradient is too coarse to be stored."""
        self.operation, self.seed, self.names, self.too_coarse, self.cases = operation, seed, names, too_coarse, []

    def stream(self, region, detail):
        return Stream(self.seed, f"{self.operation}/{region.lower()}/{detail}")

    def add(self, region, detail, rules, inputs, options, **more):
        rules = [f"{self.operation}.{rule}" for rule in rules]
        self.cases.append(Case(f"{self.operation}/{region.lower()}/{detail}", region, rules, inputs, options, **more))

    def upstream(self, region, detail, shape, dtype, coarse):
        """A random upstream gradient, never close to zero: a gradient that is small because its upstream is small
        would prove little. `coarse`, for gradients in 16 bits: powers of two, the first the largest: PyTorch rounds after each step
        there, and twice an error of several roundings would let a gradient pass that is 1 % too large."""
        draw = self.stream(region, f"{detail}/upstream")
        n = int(np.prod(shape))
        if not coarse:
            return Tensor.of(draw.sign(n) * draw.uniform(n, 0.25, 2.0), dtype, shape)
        scale = draw.sign(n) * draw.pick(n, [0.25, 0.5, 1.0, 2.0])
        if n > 1:
            scale[0] = 8.0 * draw.sign(1)[0]
        return Tensor.of(scale, dtype, shape)

    def values(self, region, detail, rules, first, second, shape, reductions=REDUCTIONS, upstream=None, positions=None,
               gradients=None, more=None, options=None, dtype="float32", coarse=None):
        """One value case a reduction, all on the same data. `shape` and `dtype` are those of the loss before it is
        reduced; `more` holds further inputs."""
        gradients = self.names[:1] if gradients is None else gradients
        if coarse is None:
            coarse = any(tensor.dtype in HALVES for tensor in (first, second))
        wanted = gradients
        for reduction in reductions:
            gradients = () if self.too_coarse(region, reduction, (first, second, *(more or {}).values())) else wanted
            inputs = dict(zip(self.names, (first, second))) | (more or {})
            if gradients and "upstream" not in inputs:
                inputs["upstream"] = upstream if reduction == "none" and upstream is not None else self.upstream(
                    region, f"{detail}-{reduction}", shape if reduction == "none" else (), dtype, coarse)
            kept = {name: at for name, at in (positions or {}).items()
                    if (reduction == "none" if name == "loss" else name.removesuffix("_gradient") in gradients)}
            self.add(region, f"{detail}-{reduction}",
                     [*rules, f"reduction.{reduction}", *(f"formula.{name}_gradient" for name in gradients)],
                     inputs, {"reduction": reduction, **(options or {})}, gradients=tuple(gradients), positions=kept)

    def error(self, region, detail, rules, first, second, reduction="mean", more=None, options=None):
        """A call that PyTorch refuses; class and message are taken from PyTorch, never written here."""
        self.add(region, detail, rules, dict(zip(self.names, (first, second))) | (more or {}),
                 {"reduction": reduction, **(options or {})}, fails=True)
