"""Magics and shell lines become Python where they had an effect on the run, else comments.

Those that only prepare the notebook, such as `%load_ext` and `%pip`, go.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Collection
from dataclasses import replace

from mlexp.dataflow.cell import magic_call, parse, without_peeled
from mlexp.pipeline.edits import Edits, blocks, indented
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
_GOES = frozenset("load_ext reload_ext unload_ext autoreload pip pip3 conda mamba micromamba uv".split())
"""Magics that make ready what a script finds ready."""
_INSTALLS = re.compile(r"\s*((pip3?|conda|mamba|uv|apt|apt-get)\s|python3?\s+-m\s+pip\s)[^>|]*$")
_HARMLESS_NAMES = """
    alias alias_magic bookmark cat clear code_wrap colors config debug dhist dirs doctest_mode edit hist history html
    javascript js killbgscripts latex less load loadpy logoff logon logstart logstate logstop lprun ls lsmagic magic man
    markdown matplotlib memit more mprun notebook page pastebin pdb pdoc pfile pinfo pinfo2 popd pprint precision prun
    psearch psource pwd quickref recall rehashx rep rerun reset reset_selective save svg tb tensorboard time timeit
    unalias who who_ls whos xdel xmode
"""
_HARMLESS = frozenset(_HARMLESS_NAMES.split()) | _GOES
"""Magics that bind no name and change no file or value: they show something, or set up the notebook. What `%rerun` and
the like run is executed as cells of its own."""

_SCRIPTS = {"bash": "bash", "sh": "sh", "python": "", "python2": "", "python3": "", "pypy": "pypy", "perl": "perl",
            "ruby": "ruby"}  # fmt: skip
"""Cell magics that hand their body to a program; empty: to this Python."""


def translate_magics(script: Script) -> Script:
    """Translate every call of `get_ipython()` that IPython's transformers made; lines that stood around the body go."""
    translation = _Translation(script)
    changed = script.with_sources(
        lambda section: translation.captured(section, without_peeled(translation.of(section)))
    )
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
        self._asks_status = any("_exit_code" in section.source for section in script.sections)
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

    def captured(self, section: Section, source: str) -> str:
        """Return a section's text, within what `%%capture NAME` does if somebody reads NAME."""
        match = re.search(r"^# %%capture\s+([^\W\d]\w*)", section.source, re.MULTILINE)
        others = [other for other in self._script.sections if other is not section]
        if match is None or not any(match[1] in other.execution.loaded for other in others) or not source.strip():
            return source
        head = f"import IPython.utils.capture\n\nwith IPython.utils.capture.capture_output() as {match[1]}:"
        return f"{head}\n{indented(source)}"

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
        if (texts and method != "system" and texts[0] in _GOES) or (method == "system" and _INSTALLS.match(texts[0])):
            edits.remove_line(statement, alone=alone)
        else:
            edits.comment_out(statement, _as_typed(method, texts), alone=alone)
        if texts[:1] == ("store",):
            return "-r" not in texts[1].split()
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
            case "run_line_magic", ("cd" | "pushd" | "popd" as magic, line) if (to := _folder(magic, line)) is not None:
                return f"{self._module('os')}.chdir({self._text(to)})"
            case "run_line_magic", ("pylab", _):
                return PYLAB
            case "run_line_magic", ("run", line):
                return self._run(line)
            case "run_line_magic", ("prun", code) if code.strip() and parse(code) is not None:
                return code.strip()
            case "run_cell_magic", ("writefile" | "file", line, body) if line.split():
                path = self._text(line.split()[-1])
                if {"-a", "--append"} & set(line.split()):
                    return f'print({_long_text(body)}, end="", file=open({path}, "a", encoding="utf-8"))'
                return f'{self._module("pathlib")}.Path({path}).write_text({_long_text(body)}, encoding="utf-8")'
            case "run_cell_magic", (
                "script" | "bash" | "sh" | "python" | "python2" | "python3" | "pypy" | "perl" | "ruby",
                *_,
            ):
                return self._program(*texts)
            case "run_line_magic", ("sx" | "system", command):
                return f"{self._module('subprocess')}.getoutput({self._text(command)}).splitlines()"
            case "system", (command,) if not _WITHOUT_EFFECT.match(command):
                call = f"{self._module('subprocess')}.run({self._text(command)}, shell=True)"
                return f"_exit_code = {call}.returncode" if self._asks_status else call
            case "getoutput", (command,):
                return f"{self._module('subprocess')}.getoutput({self._text(command)}).splitlines()"
        return None

    def _run(self, line: str) -> str | None:
        """Return Python for `%run FILE WORD…`: as there, the file's names become the notebook's."""
        try:
            words = shlex.split(line)
        except ValueError:
            return None
        while words and words[0] in ("-i", "-e", "-t"):
            del words[0]
        if not words or words[0].startswith("-"):
            return None
        if words[0].endswith(".ipynb"):
            text = f'{self._module("pathlib")}.Path({self._text(words[0])}).read_text(encoding="utf-8")'
            cells = f'{self._module("json")}.loads({text})["cells"] if cell["cell_type"] == "code"'
            return f'exec("\\n".join("".join(cell["source"]) for cell in {cells}))'
        file = words[0] if "." in words[0].rpartition("/")[2] else f"{words[0]}.py"
        code = f'exec({self._module("pathlib")}.Path({self._text(file)}).read_text(encoding="utf-8"))'
        if len(words) == 1:
            return code
        given = ", ".join(self._text(word) for word in words)
        return f"{self._module('sys')}.argv = [{given}]; {code}"

    def _program(self, magic: str, line: str = "", body: str = "") -> str | None:
        """Return Python for a cell magic that hands its body to a program."""
        words = shlex.split(line, posix=True)
        out = ""
        if len(words) >= 2 and words[0] == "--out":
            out, words = words[1], words[2:]
        elif words and words[0].startswith("--out="):
            out, words = words[0].removeprefix("--out="), words[1:]
        words = [word for word in words if word != "--no-raise-error"]
        if (
            any(word.startswith("--") for word in words)
            or (magic == "script" and not words)
            or not _is_name_or_none(out)
        ):
            return None
        if magic == "script":
            program = [self._text(word) for word in words]
        else:
            first = f'"{_SCRIPTS[magic]}"' if _SCRIPTS[magic] else f"{self._module('sys')}.executable"
            program = [first, *(self._text(word) for word in words)]
        more = ", stdout=-1" if out else ""
        check = ", check=True" if "--no-raise-error" not in line else ""
        given = f"[{', '.join(program)}], input={_long_text(body)}, text=True{more}{check}"
        call = f"{self._module('subprocess')}.run({given})"
        return f"{out} = {call}.stdout" if out else call

    def _module(self, name: str) -> str:
        self.imports |= {name}
        return self._script.own(name)

    def _text(self, line: str) -> str:
        """Return the Python text that a magic's words stand for: IPython puts values for `{expression}` and `$name`."""
        return _expanded(line, self._names)


def _is_name_or_none(text: str) -> bool:
    return not text or text.isidentifier()


def _magic_of(statement: ast.stmt) -> tuple[str, tuple[str, ...]] | None:
    return magic_call(statement.value) if isinstance(statement, (ast.Expr, ast.Assign)) else None


def _folder(magic: str, line: str) -> str | None:
    """Return the folder that a magic goes to, "-" for the one before; None where it goes by a bookmark or a number."""
    line = line.replace("-q", "", 1).strip() if line.startswith("-q") else line.strip()
    if magic == "popd" or line == "-":
        return "-"
    return None if line.startswith("-") else line.strip("\"'") or "~"


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
