"""Compares stored reference data with the same data made again."""

import json

import numpy as np

from . import DataFault, training
from .audit import allowed, scalar_errors
from .cases import Case, Output
from .files import read_tensors


def _resolved(files, path):
    """The cases of a file as {id: (facts, inputs, outputs)}, tensors resolved: their names may differ, since equal
    tensors share one and PyTorch's floats need not be equal on another machine."""
    document = json.loads(files[path])
    tensors = read_tensors(files[document["tensors"]])
    cases = {}
    for row in document["cases"]:
        case = Case(row["id"], row["region"], row["rules"], {}, row["options"], row["deviations"],
                    error=row["expect"].get("error"))
        case.inputs = {name: (entry["dtype"], entry["shape"],
                              (entry["recipe"], entry["sha256"]) if "recipe" in entry else tensors[entry["tensor"]].data)
                       for name, entry in row["inputs"].items()}
        for name, entry in row["expect"].get("outputs", {}).items():
            if "text" in entry:
                case.texts[name] = entry["text"]
                continue
            exact = tensors[entry["exact"]].array
            low = tensors[entry["exact_low"]].array if "exact_low" in entry else np.zeros_like(exact)
            case.outputs[name] = Output(tuple(entry["shape"]), tensors[entry["pytorch"]], exact, low,
                                        np.isfinite(exact), tensors[entry["positions"]].array
                                        if "positions" in entry else None)
        cases[case.id] = case
    return cases


def compare(stored, fresh, same_machine):
    """Raises a DataFault that names the first difference. `same_machine`: PyTorch's floats must be the same bytes."""
    if set(stored) != set(fresh):
        path = min(set(stored) ^ set(fresh))
        raise DataFault(f"{path} is {'stored, but no longer made' if path in stored else 'made, but not stored'}.")
    if stored["rules.json"] != fresh["rules.json"]:
        raise DataFault("rules.json differs from the rules of the generator.")
    for path in sorted(p for p in fresh if p.startswith("cases/")):
        old, new = _resolved(stored, path), _resolved(fresh, path)
        if list(old) != list(new):
            first = next((a or b for a, b in zip([*old, None], [*new, None]) if a != b), None)
            raise DataFault(f"{path} holds other cases, or in another order, than the generator makes; the first is "
                            f"{first}.")
        errors = scalar_errors(old.values())
        for name in old:
            _compare_case(old[name], new[name], errors, same_machine)
    training.compare(stored, fresh)


def _compare_case(old, new, errors, same_machine):
    def differs(what):
        raise DataFault(f"The case {old.id} differs in {what} from what the generator makes.")

    # Whether PyTorch is off so far that a case has to name a deviation is a matter of its floats too.
    for what in ("region", "rules", "options", "error", "texts", *(["deviations"] if same_machine else [])):
        if getattr(old, what) != getattr(new, what):
            differs(f"its {what}")
    if set(old.inputs) != set(new.inputs) or set(old.outputs) != set(new.outputs):
        differs("the names of its tensors")
    for name, value in old.inputs.items():
        if value != new.inputs[name]:
            differs(f"its input {name}")
    for name, output in old.outputs.items():
        other = new.outputs[name]
        if output.shape != other.shape or not np.array_equal(_list(output.positions), _list(other.positions)):
            differs(f"the shape or the positions of {name}")
        if output.exact.tobytes() != other.exact.tobytes() or output.low.tobytes() != other.low.tobytes():
            differs(f"the exact {name}")
        if output.pytorch.key == other.pytorch.key:
            continue
        if same_machine:
            differs(f"PyTorch's {name}")
        # Another PyTorch is held to what the `pytorch` contract asks of any implementation, and to the same NaN and inf.
        here, stored = other.pytorch.values, output.pytorch.values
        with np.errstate(invalid="ignore"):
            near = np.isfinite(stored) & (np.abs(here - output.exact) <= allowed(old, output, errors))
        if not np.all(near | (here == stored) | (np.isnan(here) & np.isnan(stored))):
            differs(f"PyTorch's {name}, by more than twice PyTorch's stored error,")


def _list(positions):
    return () if positions is None else positions
