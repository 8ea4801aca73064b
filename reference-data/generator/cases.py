"""A case: what goes into an operation, what the operation is asked to do, and what has to come out."""

from dataclasses import dataclass, field
from typing import Callable

import numpy as np

from .tensors import Stream, Tensor


@dataclass(eq=False)
class Output:
    """One result. With positions, `pytorch` and `exact` hold the values at these flat indices only."""

    shape: tuple
    pytorch: np.ndarray       # float32
    exact: np.ndarray         # float64: the truth, rounded once
    finite: np.ndarray        # bool: whether all inputs of this value's unit (element, row, or all of them) are finite
    positions: np.ndarray | None = None


@dataclass(eq=False)
class Case:
    id: str
    region: str
    rules: list[str]
    inputs: dict[str, Tensor]
    options: dict
    deviations: list[str] = field(default_factory=list)
    positions: dict[str, np.ndarray] = field(default_factory=dict)   # output name -> flat indices that are stored
    fails: bool = False
    outputs: dict[str, Output] = field(default_factory=dict)
    error: dict | None = None


@dataclass(frozen=True)
class Operation:
    """Everything the generator knows about an operation. To add one, write a module with one of these and name it in
    OPERATIONS of make.py."""

    name: str
    rules: dict[str, str]                 # rule id -> what PyTorch does
    cases: Callable                       # seed -> list of Case
    call: Callable                        # torch.nn.functional, tensors by name, options -> the result
    truth: Callable                       # Case -> {output name: (exact values, finite units)}


class Builder:
    """Collects the cases of one operation."""

    REDUCTIONS = ("none", "mean", "sum")

    def __init__(self, operation, seed):
        self.operation, self.seed, self.cases = operation, seed, []

    def stream(self, region, detail):
        return Stream(self.seed, f"{self.operation}/{region.lower()}/{detail}")

    def _add(self, region, detail, rules, inputs, options, **more):
        rules = [f"{self.operation}.{rule}" for rule in rules]
        self.cases.append(Case(f"{self.operation}/{region.lower()}/{detail}", region, rules, inputs, options, **more))

    def values(self, region, detail, rules, logits, target, shape, reductions=REDUCTIONS, deviations=None,
               upstream=None, positions=None, gradient=True):
        """One value case a reduction, all on the same data; `shape` is that of the loss before it is reduced."""
        for reduction in reductions:
            if not gradient:
                self._add(region, f"{detail}-{reduction}", [*rules, f"reduction.{reduction}"],
                          {"logits": logits, "target": target}, {"reduction": reduction})
                continue
            result = shape if reduction == "none" else ()
            draw = self.stream(region, f"{detail}-{reduction}/upstream")
            if reduction == "none" and upstream is not None:
                scale = upstream
            else:
                # Never close to zero: a gradient that is small because its upstream is small would prove little.
                n = int(np.prod(result))
                scale = Tensor.of(draw.sign(n) * draw.uniform(n, 0.25, 2.0), shape=result)
            kept = {name: at for name, at in (positions or {}).items() if name != "loss" or reduction == "none"}
            self._add(region, f"{detail}-{reduction}",
                      [*rules, f"reduction.{reduction}", "formula.logits_gradient"],
                      {"logits": logits, "target": target, "upstream": scale}, {"reduction": reduction},
                      deviations=(deviations or {}).get(reduction, []), positions=kept)

    def error(self, region, detail, rules, logits, target, reduction="mean"):
        """A call that PyTorch refuses; class and message are taken from PyTorch, never written here."""
        self._add(region, detail, rules, {"logits": logits, "target": target}, {"reduction": reduction}, fails=True)
