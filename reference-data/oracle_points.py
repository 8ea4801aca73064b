#!/usr/bin/env python3
"""Writes the points that the oracle of the conformance module is tested against, computed by mpmath with 250 bits.

    python3 reference-data/oracle_points.py        # needs mpmath alone

It reads the hardest logits of hard/, adds drawn ones and ends of ranges, and writes
conformance/src/test/resources/oracle/points.txt. The same inputs give the same bytes everywhere.
"""
import pathlib
import random
import struct
import sys

from mpmath import mp, mpf

HOME = pathlib.Path(__file__).resolve().parent
OUT = HOME.parent / "conformance/src/test/resources/oracle/points.txt"
mp.prec = 250


def to_float(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def to_bits(value):
    return struct.unpack("<I", struct.pack("<f", value))[0]


def softplus(x):
    return mp.log1p(mp.exp(x))


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


FUNCTIONS = {"softplus": softplus, "sigmoid": sigmoid}


def float32_bits(value):
    """The float32 nearest to a positive value that is no midpoint, as bits."""
    exponent = max(int(mp.floor(mp.log(value, 2))), -126)
    units = int(mp.nint(value * mpf(2) ** (23 - exponent)))
    return to_bits(float(mpf(units) * mpf(2) ** (exponent - 23)))


def split(value):
    high = float(value)
    return high.hex(), float(value - mpf(high)).hex()


def logits(function, rng):
    """Hardest ones, ends of ranges, and drawn ones of every magnitude at which something happens."""
    hardest = []
    for name in {"softplus": ("bce_with_logits.loss", "log_sigmoid"), "sigmoid": ("bce_with_logits.logits_gradient", "sigmoid")}[function]:
        file = HOME / "hard" / (name + ".txt")
        if not file.exists():
            continue
        mirror = 0x80000000 if name == "log_sigmoid" else 0
        lines = [line.split() for line in file.read_text().splitlines() if line.startswith("hardest")]
        hardest += [int(line[1], 16) ^ mirror for line in lines[:250]]
    ends = [0x0, 0x1, 0x7FFFFF, 0x800000, to_bits(2.0**-24), to_bits(2.0**-23), to_bits(0.75), to_bits(1.0), to_bits(16.5),
            to_bits(17.0), to_bits(87.3), to_bits(88.7), to_bits(103.9), to_bits(104.0), to_bits(150.0), to_bits(200.0)]
    drawn = [to_bits(rng.random() * 2.0 ** rng.randint(-30, 7)) for _ in range(300)]
    return list(dict.fromkeys(hardest + [b ^ s for b in ends + drawn for s in (0, 0x80000000)]))


def write_rows(lines, rng):
    """Rows of cross-entropy: target; logits; loss and gradients, rounded to float64."""
    for i in range(200):
        classes = rng.choice((1, 2, 3, 8, 40))
        width = rng.choice((1e-6, 1.0, 20.0, 300.0))
        centre = rng.choice((0.0, 0.0, 1e4, -1e6))
        row = [to_float(to_bits(centre + width * (rng.random() - 0.5))) for _ in range(classes)]
        target = rng.randrange(classes)
        if i % 3 == 0:
            row[target] = to_float(to_bits(row[target] + rng.uniform(5, 100)))
        terms = [mp.exp(mpf(x) - mpf(row[target])) for x in row]
        others = mp.fsum(t for c, t in enumerate(terms) if c != target)
        gradient = [-others / (1 + others) if c == target else t / (1 + others) for c, t in enumerate(terms)]
        lines.append("row %d %s : %s" % (
            target,
            " ".join("%08x" % to_bits(x) for x in row),
            " ".join(float(v).hex() for v in [mp.log1p(others)] + gradient)))


def main():
    rng = random.Random(20260101)
    lines = ["# Written by reference-data/oracle_points.py (mpmath, 250 bits).",
             "# function, logit as bits, true value as two doubles, its float32 as bits; row: target, logits as bits : loss, gradients"]
    for name, function in FUNCTIONS.items():
        for bits in logits(name, rng):
            value = function(mpf(to_float(bits)))
            lines.append("%s %08x %s %s %08x" % (name, bits, *split(value), float32_bits(value)))
    write_rows(lines, rng)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("\n".join(lines) + "\n")
    print("%d points" % (len(lines) - 2))


if __name__ == "__main__":
    sys.exit(main())
