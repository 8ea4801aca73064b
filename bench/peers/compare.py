#!/usr/bin/env python3
"""Puts measurements of the same points side by side: how many times longer than one implementation each other takes.

    python3 bench/peers/compare.py bench.json peers.json

Reads files of the kinds lanewise/bench and lanewise/peers, in any number, and matches rows by their work key. Needs
Python alone. Exit codes: 0 good, 2 wrong usage, 3 a file is at fault or nothing matches.
"""

import argparse
import json
import math
import signal
import sys
from pathlib import Path

KEY = ("operation", "dtype", "target", "batch", "classes", "reduction", "direction", "data")
LARGE = 1024  # a smaller call measures dispatch more than it measures the loss


def problem(code, sentence):
    print(sentence, file=sys.stderr)
    sys.exit(code)


def rows_of(path):
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        problem(3, f"Cannot read {path}: {error.strerror}.")
    except ValueError:
        problem(3, f"{path} is not JSON; name a file that Lanewise wrote.")
    kind = document.get("format") if isinstance(document, dict) else None
    if kind not in ("lanewise/bench", "lanewise/peers") or document.get("version") != 1:
        problem(3, f"{path} holds no measurements of format version 1 (its format is {kind!r}); name another file.")
    return document["results"]


def label(implementation):
    threads = implementation["threads"]
    name = implementation["name"] if implementation["device"] == "cpu" else \
        f"{implementation['name']} {implementation['transfer']}"
    return name if threads == 1 else f"{name} x{threads}"


def collect(paths):
    """Times by work key, then by implementation; the implementations in the order in which they first appear."""
    points, names = {}, {}
    for path in paths:
        for row in rows_of(path):
            name = label(row["implementation"])
            names[name] = None
            if "time" in row:
                key = tuple(row["work"][field] for field in KEY)
                if name in points.setdefault(key, {}):
                    problem(3, f"{path} measures {name} on {' '.join(map(str, key))} a second time; name each file once.")
                points[key][name] = row["time"]
    return points, list(names)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def shape(key):
    work = dict(zip(KEY, key))
    return str(work["batch"]) if work["classes"] == 1 else f"{work['batch']}x{work['classes']}"


def compare(points, base, others, which):
    """Lines: a point a row, and under them the geometric mean and the worst point of each column."""
    columns = [max(9, len(name) + 2) for name in others]
    lines = [f"{'point':48}{base + ' ns':>14}" + "".join(f"{name:>{width}}" for name, width in zip(others, columns))]
    ratios = {name: [] for name in others}
    for key, times in points.items():
        if base not in times:
            continue
        work = dict(zip(KEY, key))
        title = f"{work['operation']} {work['direction']} {shape(key)} {work['data']}"
        cells = []
        for name, width in zip(others, columns):
            ratio = times[name][which] / times[base][which] if name in times else None
            cells.append(f"{'-' if ratio is None else f'{ratio:.2f}':>{width}}")
            if ratio is not None and work["batch"] * work["classes"] >= LARGE:
                ratios[name].append((ratio, title))
        lines.append(f"{title:48}{times[base][which]:14,.1f}{''.join(cells)}")
    summary = {"geometric mean": lambda values: geometric_mean([ratio for ratio, _ in values]),
               "worst": lambda values: min(values)[0]}
    for text, value in summary.items():
        cells = (f"{value(ratios[name]) if ratios[name] else math.nan:>{width}.2f}" for name, width in zip(others, columns))
        lines.append(f"{f'{text}, from {LARGE} elements':48}{'':14}{''.join(cells)}")
    for name in others:
        if ratios[name]:
            lines.append(f"worst against {name}: {min(ratios[name])[1]}, {len(ratios[name])} points")
    return "\n".join(lines)


def fastest(points, names, title):
    """Adds to every point an implementation that takes the shortest time of the named ones."""
    for times in points.values():
        known = [times[name] for name in names if name in times]
        if known:
            times[title] = {which: min(time[which] for time in known) for which in ("median", "low")}


def main():
    if hasattr(signal, "SIGPIPE"):  # a reader such as head that has what it wants ends this quietly
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--base", default="vector", metavar="ID", help="what the others are divided by (default: vector)")
    options = parser.parse_args()
    points, names = collect(options.files)
    if options.base not in names:
        problem(2, f"--base {options.base} was not measured; choose from {', '.join(names)}.")
    others = [name for name in names if name != options.base]
    peers = [name for name in others if name.startswith(("pytorch", "jax", "onnxruntime"))]
    if len(peers) > 1:
        fastest(points, peers, "best peer")
        others.append("best peer")
    if not any(options.base in times and len(times) > 1 for times in points.values()):
        problem(3, f"No point was measured both on {options.base} and on another implementation.")
    for which, text in (("median", "medians"), ("low", "5th percentiles, which other load disturbs least")):
        print(f"Times of the others over {options.base}'s: {text}\n")
        print(compare(points, options.base, others, which))
        print()


if __name__ == "__main__":
    main()
