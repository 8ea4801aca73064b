#!/usr/bin/env python3
"""Makes the reference data: runs PyTorch and mpmath on drawn inputs and stores what came out.

    python generate.py                  makes data/ anew
    python generate.py --check          makes it again in memory and compares

Exit codes: 0 good, 2 wrong usage, 3 the data or the environment is at fault.
"""

import argparse
import os
import sys
from pathlib import Path

DEFAULT_SEED = 20260101

# PyTorch's bits depend on the instruction set it chooses; it reads this when it is imported.
os.environ["ATEN_CPU_CAPABILITY"] = "avx2"
sys.dont_write_bytecode = True


def arguments():
    parser = argparse.ArgumentParser(description="Makes the reference data of Lanewise with PyTorch and mpmath.")
    parser.add_argument("--seed", type=int, help=f"of the drawn inputs, 0 to 2^63 - 1 (default {DEFAULT_SEED})")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "data", metavar="DIR",
                        help="the folder to write or to check (default: data beside this file)")
    parser.add_argument("--check", action="store_true",
                        help="compare the folder with what its seed gives now, and write nothing")
    args = parser.parse_args()
    if args.check and args.seed is not None:
        parser.error("--check uses the seed that the folder records; leave --seed out")
    if args.seed is not None and not 0 <= args.seed < 2**63:
        parser.error(f"--seed is {args.seed}, expected 0 to 2^63 - 1")
    return args


def main():
    args = arguments()
    try:
        from generator import DataFault
        from generator import compare, files, make, pytorch
    except ImportError as error:
        print(f"error: the Python package {error.name} cannot be imported; install what generate.py needs with: "
              "pip install -r requirements.txt", file=sys.stderr)
        return 3
    try:
        if args.check:
            index, stored = files.read(args.out)
            fresh = make.make(index["seed"])
            del fresh[files.INDEX]
            same_machine = pytorch.cpu() == index["cpu"]
            compare.compare(stored, fresh, same_machine)
            if index["generator"] != make.sources():
                raise DataFault("The data is what this generator makes, but index.json records another version of its "
                                "sources; run generate.py again.")
            print(f"{args.out}: as generated from seed {index['seed']}"
                  + ("" if same_machine else ", PyTorch's floats within twice its error (another CPU)"))
        else:
            files.refuse_foreign(args.out)
            made = make.make(DEFAULT_SEED if args.seed is None else args.seed)
            files.write(args.out, made)
            print(f"{args.out}: {sum(map(len, made.values())) / 2**20:.2f} MiB in {len(made)} files")
    except DataFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 3
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("error: interrupted; nothing was written", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
