"""Makes the whole folder in memory."""

import time
from pathlib import Path

from . import (audit, bce, bce_with_logits, cross_entropy, files, metrics, nll_loss, one_hot, pytorch,
               sigmoid, softmax, training)

OPERATIONS = (bce_with_logits.OPERATION, cross_entropy.OPERATION, bce.OPERATION, nll_loss.OPERATION, *softmax.OPERATIONS,
              *sigmoid.OPERATIONS, one_hot.OPERATION, metrics.OPERATION)
HOME = Path(__file__).resolve().parent.parent


def sources():
    """What the data was made by, as index.json records it; line ends count as LF, however they are checked out."""
    def sha256(path):
        return files.sha256(path.read_bytes().replace(b"\r\n", b"\n"))

    modules = sorted((HOME / "generator").glob("*.py"))
    return {"file": "generate.py", "sha256": sha256(HOME / "generate.py"),
            "modules": {f"generator/{path.name}": sha256(path) for path in modules}}


def make(seed):
    pytorch.prepare()
    made = files.rules_file(OPERATIONS)
    for operation in OPERATIONS:
        start = time.monotonic()
        cases = operation.cases(seed)
        for case in cases:
            (operation.run or pytorch.run)(operation, case)
        audit.check(operation, cases)
        made |= files.operation_files(operation, cases)
        values = sum(not case.fails for case in cases)
        print(f"{operation.name}: {values} cases with values, {len(cases) - values} refused by PyTorch, "
              f"{time.monotonic() - start:.0f} s", flush=True)
    start = time.monotonic()
    made |= training.files(seed)
    print(f"training: {len(training.TRAJECTORIES)} trajectories, {time.monotonic() - start:.0f} s", flush=True)
    made[files.INDEX] = files.index_file(seed, sources(), pytorch.versions(), pytorch.cpu(), made)
    return made
