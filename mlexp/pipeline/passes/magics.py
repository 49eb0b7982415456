"""Magics and shell lines become Python where they had an effect on the run, else comments."""

from __future__ import annotations

import ast
import re

from mlexp.dataflow.cell import magic_call, parse, without_peeled
from mlexp.pipeline.edits import Edits, blocks
from mlexp.pipeline.script import Script, Section

_WITHOUT_EFFECT = re.compile(
    r"\s*(ls|ll|pwd|cat|head|tail|wc|echo|which|date|du|df|free|nproc|lscpu|uname|nvidia-smi|tree|file|whoami|env|"
    r"pip3?|conda|mamba|apt|apt-get|uv|wget|curl|git|python3?\s+(-V|--version|-m\s+pip))(\s|$)"
)
_PYLAB = (
    "import numpy, matplotlib; from matplotlib import pylab, mlab, pyplot; np, plt = numpy, pyplot; "
    "from pylab import *; from numpy import *"
)


def translate_magics(script: Script) -> Script:
    """Translate every call of `get_ipython()` that IPython's transformers made; lines that stood around the body go."""
    return script.with_sources(lambda section: without_peeled(_translated(section)))


def _translated(section: Section) -> str:
    tree = parse(section.source)
    if tree is None or "get_ipython" not in section.source:
        return section.source
    edits = Edits(section.source)
    for block in blocks(tree):
        for statement in block:
            _translate(statement, edits, alone=len(block) == 1 and block is not tree.body)
    return edits.done()


def _translate(statement: ast.stmt, edits: Edits, *, alone: bool) -> None:
    value = getattr(statement, "value", None)
    if not isinstance(statement, (ast.Expr, ast.Assign)) or value is None:
        return
    found = magic_call(value)
    if found is None:
        return
    method, texts = found
    python = _python_for(method, texts)
    if python is not None:
        edits.replace(value, python)
    elif isinstance(statement, ast.Assign):
        edits.replace(value, f"None  # {_as_typed(method, texts)}")
    else:
        edits.comment_out(statement, _as_typed(method, texts), alone=alone)


def _python_for(method: str, texts: tuple[str, ...]) -> str | None:
    """Return the Python that does the same, or None for what had no effect on the run, or none that we know."""
    match method, texts:
        case "run_line_magic", ("time", code) if code.strip() and parse(code) is not None:
            return code.strip()
        case "run_line_magic", ("env" | "set_env", line) if pair := re.fullmatch(r"\s*(\w+)\s*[= ]\s*(.*?)\s*", line):
            return f"__import__('os').environ.__setitem__({pair[1]!r}, {pair[2]!r})"
        case "run_line_magic", ("pylab", _):
            return _PYLAB
        case "run_cell_magic", ("writefile" | "file", line, body) if line.split():
            mode = "a" if "-a" in line.split() else "w"
            return f"print(end={body!r}, file=open({line.split()[-1]!r}, {mode!r}))"
        case (("system" | "getoutput"), (command,)) if not _WITHOUT_EFFECT.match(command):
            if method == "system":
                return f"__import__('subprocess').run({command!r}, shell=True)"
            return f"__import__('subprocess').getoutput({command!r}).split('\\n')"
    return None


def _as_typed(method: str, texts: tuple[str, ...]) -> str:
    if method == "run_line_magic" and texts:
        return f"%{' '.join(text for text in texts if text)}"
    if method == "run_cell_magic" and texts:
        head = " ".join(text for text in texts[:2] if text)
        return f"%{head}\n" + "\n".join(texts[2:]).rstrip("\n")  # one % less: `# %%` would begin a section
    return f"!{' '.join(texts)}"
