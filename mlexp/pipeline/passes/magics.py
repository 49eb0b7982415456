"""Magics and shell lines become Python where they had an effect on the run, else comments."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import replace

from mlexp.dataflow.cell import magic_call, parse, without_peeled
from mlexp.pipeline.edits import Edits, blocks
from mlexp.pipeline.script import Script, Section

_WITHOUT_EFFECT = re.compile(
    r"\s*(ls|ll|pwd|cat|head|tail|wc|echo|which|date|du|df|free|nproc|lscpu|uname|nvidia-smi|tree|file|whoami|env|"
    r"pip3?|conda|mamba|apt|apt-get|uv|wget|curl|git|python3?\s+(-V|--version|-m\s+pip))(\s[^>]*)?$"
)
"""Shell lines that only show something, or that fetch what the script finds installed or in its bundle."""

_DOLLAR = r"\$(\$?[\w.]+)(?=(?:[^']*'[^']*')*[^']*$)"
"""A name that IPython puts a value for, not between single quotes."""
PYLAB = (
    "import numpy, matplotlib; from matplotlib import pylab, mlab, pyplot; np, plt = numpy, pyplot; "
    "from pylab import *; from numpy import *"
)
_ASKS = {"pinfo": "{}?", "pinfo2": "{}??"}
_HARMLESS_NAMES = """
    alias autoreload cat clear colors conda config debug doctest_mode history html javascript js latex load_ext lprun
    ls lsmagic magic mamba man markdown matplotlib memit mprun page pastebin pdb pdoc pfile pinfo pinfo2 pip precision
    prun psearch psource pwd quickref reload_ext svg tensorboard time timeit unload_ext uv who who_ls whos xmode
"""
_HARMLESS = frozenset(_HARMLESS_NAMES.split())
"""Magics that bind no name and change no file or value: they show something, or set up the notebook."""


def translate_magics(script: Script) -> Script:
    """Translate every call of `get_ipython()` that IPython's transformers made; lines that stood around the body go."""
    translation = _Translation(script)
    changed = script.with_sources(lambda section: without_peeled(translation.of(section)))
    return replace(
        changed,
        imports=changed.imports | translation.imports,
        warnings=(*changed.warnings, *translation.left_out),
    )


class _Translation:
    """The translation of one script's magics."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._names = {name for section in script.sections for name in section.execution.bound}
        self.imports: frozenset[str] = frozenset()
        self.left_out: list[str] = []
        """A sentence for each magic that may have done something for the run, and that has no Python here."""

    def of(self, section: Section) -> str:
        """Return a section's text without magics."""
        tree = parse(section.source)
        if tree is None or "get_ipython" not in section.source:
            return section.source
        edits = Edits(section.source)
        for block in blocks(tree):
            for statement in block:
                found = _magic_of(statement)
                if found is not None and not self._translate(
                    statement, *found, edits, alone=len(block) == 1 and block is not tree.body
                ):
                    head = _as_typed(*found).partition("\n")[0]
                    self.left_out.append(f"In {section.execution.number} is left out, as it has no Python: {head}")
        return edits.done()

    def _translate(
        self, statement: ast.stmt, method: str, texts: tuple[str, ...], edits: Edits, *, alone: bool
    ) -> bool:
        """Translate a statement; tell whether what it did is known."""
        python = self._python_for(method, texts)
        if python is not None and isinstance(statement, (ast.Expr, ast.Assign)):
            edits.replace(statement.value, python)
            return True
        if isinstance(statement, ast.Assign):
            edits.replace(statement.value, f"None  # {_as_typed(method, texts)}")
            return False
        edits.comment_out(statement, _as_typed(method, texts), alone=alone)
        return method == "system" or (bool(texts) and texts[0] in _HARMLESS)

    def _python_for(self, method: str, texts: tuple[str, ...]) -> str | None:
        """Return the Python that does the same, or None for what had no effect on the run, or none that we know."""
        match method, texts:
            case "run_line_magic", ("time", code) if code.strip() and parse(code) is not None:
                return code.strip()
            case "run_line_magic", ("env" | "set_env", line):
                pair = re.fullmatch(r"\s*(\w+)(?:\s*[= ]\s*(.*?))?\s*", line)
                variable = f'{self._module("os")}.environ["{pair[1]}"]' if pair else None
                return f"{variable} = {self._text(pair[2])}" if pair and pair[2] else variable
            case "run_line_magic", ("pylab", _):
                return PYLAB
            case "run_line_magic", ("run", line) if file := re.fullmatch(r"\s*(?:-i\s+)?(\S+\.py)\s*", line):
                return f'exec({self._module("pathlib")}.Path({self._text(file[1])}).read_text(encoding="utf-8"))'
            case "run_cell_magic", ("writefile" | "file", line, body) if line.split():
                path = self._text(line.split()[-1])
                if {"-a", "--append"} & set(line.split()):
                    return f'print({_long_text(body)}, end="", file=open({path}, "a", encoding="utf-8"))'
                return f'{self._module("pathlib")}.Path({path}).write_text({_long_text(body)}, encoding="utf-8")'
            case "run_cell_magic", ("bash" | "sh", "", body):
                return f'{self._module("subprocess")}.run(["{texts[0]}", "-c", {_long_text(body)}], check=True)'
            case "system", (command,) if not _WITHOUT_EFFECT.match(command):
                return f"{self._module('subprocess')}.run({self._text(command)}, shell=True)"
            case "getoutput", (command,):
                return f"{self._module('subprocess')}.getoutput({self._text(command)}).splitlines()"
        return None

    def _module(self, name: str) -> str:
        self.imports |= {name}
        return self._script.own(name)

    def _text(self, line: str) -> str:
        """Return the Python text that a magic's words stand for: IPython puts values for `{expression}` and `$name`."""
        return _expanded(line, self._names)


def _magic_of(statement: ast.stmt) -> tuple[str, tuple[str, ...]] | None:
    return magic_call(statement.value) if isinstance(statement, (ast.Expr, ast.Assign)) else None


def _expanded(line: str, names: Collection[str]) -> str:
    """Return Python for a line: IPython expands all of it or, where a name is unknown, nothing."""
    dollars = [match for match in re.finditer(_DOLLAR, line) if not match[1].startswith("$")]
    if any(match[1].partition(".")[0] not in names for match in dollars):
        return _quoted(line)
    text = re.sub(_DOLLAR, lambda m: m[1] if m[1].startswith("$") else f"{{{m[1]}}}", line)
    formatted = f"f{text!r}"
    return formatted if (dollars or "{" in line) and parse(formatted) is not None else _quoted(line)


def _long_text(body: str) -> str:
    """Return a text of several lines as it is read best."""
    plain = '"""' not in body and "\\" not in body and not body.endswith('"')
    return f'"""\\\n{body}"""' if plain and ast.literal_eval(f'"""\\\n{body}"""') == body else repr(body)


def _quoted(text: str) -> str:
    return f'"{text}"' if '"' not in text and "\\" not in text and text.isprintable() else repr(text)


def _as_typed(method: str, texts: tuple[str, ...]) -> str:
    if method == "run_line_magic" and texts:
        if texts[0] in _ASKS:
            return _ASKS[texts[0]].format(" ".join(texts[1:]))
        return f"%{' '.join(text for text in texts if text)}"
    if method == "run_cell_magic" and texts:
        head = " ".join(text for text in texts[:2] if text)
        return f"%{head}\n" + "\n".join(texts[2:]).rstrip("\n")  # one % less: `# %%` would begin a section
    return f"!{' '.join(texts)}"
