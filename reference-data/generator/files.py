"""The files of the data folder, in the formats of docs/file-formats.md, with the same bytes for the same cases."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from . import DataFault
from .tensors import DTYPES, Tensor

INDEX = "index.json"
FORMAT = "lanewise/reference-data"

# What the kernels' own tests write, not this generator; no part of the index, and kept when the folder is made anew.
DIGESTS = "digests.json"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def to_json(document, rows=None):
    """Compact JSON; the list named by `rows` gets one line an entry, so that a change shows as a line."""
    def compact(value):
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    if rows is None:
        return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()
    head = compact({**document, rows: []})
    assert head.endswith("[]}")
    return (head[:-2] + "\n" + ",\n".join(compact(row) for row in document[rows]) + "\n]}\n").encode()


class TensorFile:
    """Collects tensors under names, equal ones once, and lays them out as safetensors."""

    def __init__(self):
        self._names, self._tensors = {}, {}

    def add(self, tensor):
        key = tensor.key
        if key not in self._names:
            name = self._names[key] = f"t{len(self._names) + 1:04d}"
            self._tensors[name] = tensor
        return self._names[key]

    def bytes(self):
        # Wide dtypes first: then every tensor is aligned, and there are no gaps, which the format forbids.
        order = sorted(self._tensors.items(), key=lambda item: (-item[1].array.itemsize, item[0]))
        header, offset = {}, 0
        for name, tensor in order:
            size = tensor.array.nbytes
            header[name] = {"dtype": DTYPES[tensor.dtype][1], "shape": list(tensor.shape),
                            "data_offsets": [offset, offset + size]}
            offset += size
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        return len(text).to_bytes(8, "little") + text + b"".join(tensor.data for _, tensor in order)


def read_tensors(data):
    length = int.from_bytes(data[:8], "little")
    names = {code: (dtype, storage) for dtype, (storage, code) in DTYPES.items()}
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        dtype, storage = names[entry["dtype"]]
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = Tensor(dtype, np.frombuffer(data[start:end], storage).reshape(entry["shape"]))
    return tensors


def operation_files(operation, cases):
    """The two files of one operation: {path: bytes}."""
    tensors = TensorFile()

    def describe(tensor):
        entry = {"dtype": tensor.dtype, "shape": list(tensor.shape)}
        if tensor.recipe:
            return {**entry, "recipe": tensor.recipe, "sha256": sha256(tensor.data)}
        return {**entry, "tensor": tensors.add(tensor)}

    def describe_output(output):
        entry = {"dtype": output.dtype, "shape": list(output.shape)}
        if output.positions is not None:
            entry["positions"] = tensors.add(Tensor.of(output.positions, "int64"))
        entry |= {"pytorch": tensors.add(output.pytorch), "exact": tensors.add(Tensor("float64", output.exact))}
        if output.dtype == "float64":
            entry["exact_low"] = tensors.add(Tensor("float64", output.low))
        return entry

    rows = []
    for case in cases:
        inputs = {name: describe(tensor) for name, tensor in case.inputs.items()}
        expect = {"error": case.error} if case.fails else {
            "outputs": {name: describe_output(output) for name, output in case.outputs.items()}
                       | {name: {"text": text} for name, text in case.texts.items()}}
        rows.append({"id": case.id, "region": case.region, "rules": case.rules, "inputs": inputs,
                     "options": case.options, "expect": expect, "deviations": case.deviations})
    path = f"tensors/{operation.name}.safetensors"
    document = {"format": "lanewise/cases", "version": 1, "operation": operation.name, "tensors": path, "cases": rows}
    return {f"cases/{operation.name}.json": to_json(document, "cases"), path: tensors.bytes()}


def rules_file(operations):
    rules = [{"id": f"{operation.name}.{rule}", "text": text, "section": operation.section(rule)}
             for operation in operations for rule, text in operation.rules.items()]
    return {"rules.json": to_json({"format": "lanewise/rules", "version": 1, "rules": rules}, "rules")}


def index_file(seed, generator, versions, cpu, files):
    sums = {path: {"bytes": len(data), "sha256": sha256(data)} for path, data in sorted(files.items())}
    return to_json({"format": FORMAT, "version": 1, "seed": seed, "generator": generator, "versions": versions,
                    "cpu": cpu, "files": sums})


def refuse_foreign(folder):
    """A folder that is about to be replaced must hold reference data, or nothing."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        try:
            if json.loads((folder / INDEX).read_bytes())["format"] == FORMAT:
                return
        except (OSError, ValueError, KeyError, TypeError):
            pass
        raise DataFault(f"{folder} exists and is not a folder of reference data, so it is not replaced; name another "
                        "one with --out.")


def write(folder, files):
    """Writes the folder beside its place and moves it in whole, so that an interruption leaves the old one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh = work / "new"
        for path, data in files.items():
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            (fresh / path).write_bytes(data)
        if (folder / DIGESTS).exists():
            shutil.copyfile(folder / DIGESTS, fresh / DIGESTS)
        if folder.exists():
            os.rename(folder, work / "old")
        try:
            os.rename(fresh, folder)
        except BaseException:
            if (work / "old").exists():
                os.rename(work / "old", folder)
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def read(folder):
    """The files of a stored folder, their sums checked: (index, {path: bytes})."""
    try:
        index = json.loads((folder / INDEX).read_bytes())
        if (index["format"], index["version"]) != (FORMAT, 1):
            raise DataFault(f"{folder / INDEX} is {index['format']} version {index['version']}, where {FORMAT} version "
                            "1 is expected.")
        index["seed"], index["generator"], index["cpu"]  # a KeyError here is a broken index
        files = {path: (folder / path).read_bytes() for path in index["files"]}
    except OSError as error:
        raise DataFault(f"{error.filename} cannot be read ({error.strerror}); make the data with generate.py."
                        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataFault(f"{folder / INDEX} is not an index of reference data; make the data again with generate.py."
                        ) from error
    for path, data in files.items():
        if (len(data), sha256(data)) != (index["files"][path]["bytes"], index["files"][path]["sha256"]):
            raise DataFault(f"{folder / path} does not match the size and SHA-256 in {INDEX}; it was changed after it "
                            "was made.")
    return index, files
