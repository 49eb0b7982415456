"""Write constraints.txt: exact versions of all that the extras pull in, one file for several Pythons.

    python3 tools/constraints.py /path/to/python3.11 /path/to/python3.13     (or: make constraints)

The Pythons go from oldest to newest. Each resolves the extras in an environment of its own, installing
nothing; where they arrive at different versions, a marker says from which Python on each holds. Take early
patch releases, such as 3.11.2 of Debian 12: some packages want a later one. What only Windows or macOS need
is not listed.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = "demo,lab,lint,plot,sweep,test"
LIBRARIES = "libraries"
"""Resolved for the oldest Python alone, the one they are tested with: torch takes gigabytes in each environment."""
HEADER = "# Written by `make constraints`; do not edit. For `pip install -c constraints.txt`.\n"


def output_of(*command: str | Path) -> str:
    """Return what the command prints; a failure ends the script with the command's own message above."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def resolve(python: str, extras: str) -> dict[str, str]:
    """Return the version that each package would be installed in, by normalized name."""
    with tempfile.TemporaryDirectory() as folder:
        output_of(python, "-m", "venv", folder)
        pip = (Path(folder, "bin", "python"), "-m", "pip", "install", "--quiet")
        output_of(*pip, "--upgrade", "pip")
        report = json.loads(output_of(*pip, "--dry-run", "--report", "-", f"{ROOT}[{extras}]"))
    found = (package["metadata"] for package in report["install"])
    return {
        each["name"].lower().replace("_", "-").replace(".", "-"): each["version"].partition("+")[0] for each in found
    }


def pins(name: str, versions: dict[str, str]) -> list[str]:
    """Return the package's lines, given its version by Python (`3.11`, oldest first)."""
    starts = [next(iter(versions))]
    for python, version in versions.items():
        if version != versions[starts[-1]]:
            starts.append(python)
    lines = []
    for start, stop in zip(starts, [*starts[1:], None], strict=True):
        bounds = [f'python_version >= "{start}"'] if start != starts[0] else []
        bounds += [f'python_version < "{stop}"'] if stop else []
        lines.append(f"{name}=={versions[start]}" + (f" ; {' and '.join(bounds)}" if bounds else ""))
    return lines


if __name__ == "__main__":
    minor = "import sys; print('%d.%d' % sys.version_info[:2])"
    versions = {output_of(python, "-c", minor).strip(): python for python in sys.argv[1:]}
    resolved = {version: resolve(python, EXTRAS) for version, python in versions.items()}
    oldest = next(iter(resolved))
    resolved[oldest] |= resolve(versions[oldest], f"{EXTRAS},{LIBRARIES}")
    names = sorted({name for each in resolved.values() for name in each} - {"mlexp"})
    lines = [pins(name, {py: each[name] for py, each in resolved.items() if name in each}) for name in names]
    if len(resolved) > 1:
        later = [name for version, each in resolved.items() if version != oldest for name in each]
        only = f' ; python_version < "{list(resolved)[1]}"'
        lines = [each if name in later else [f"{each[0]}{only}"] for name, each in zip(names, lines, strict=True)]
    (ROOT / "constraints.txt").write_text(HEADER + "".join(f"{line}\n" for each in lines for line in each))
