"""`make bench`: print the figures; with `ARGS="--write docs/benchmarks.md"`, keep them there."""

import argparse
import os
import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks import cells, loading, slices
from benchmarks.figure import Figure, as_table

SUITES = {"Loading": loading.measure, "Around a cell": cells.measure, "Slices": slices.measure}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write them into this file")
    words = parser.parse_args()
    parts = []
    for title, measure in SUITES.items():
        figures: list[Figure] = measure()
        parts.append(f"## {title}\n\n{as_table(figures)}")
        print(parts[-1] + "\n", flush=True)
    libraries = ", ".join(f"{name} {version(name)}" for name in ("ipython", "pandas"))
    machine = f"CPython {platform.python_version()}, {platform.system()}, {os.cpu_count()} processors,\n{libraries}"
    if words.write:
        head = (
            f'# Figures\n\nWritten by `make bench ARGS="--write {words.write}"`: {machine}. Medians; the ratio is the\n'
        )
        head += "figure over its reference of the same run. Absolute times are of that machine.\n\n"
        words.write.write_text(head + "\n\n".join(parts) + "\n", encoding="utf-8")


main()
