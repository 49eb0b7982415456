"""Print a script. The order: metadata, docstring, params and flags, the sections, what the run gave, the check.

The text of ours comes from `support.py`, whose functions are real code: printed here, with names of ours replaced where
the session uses them for something else.
"""

from __future__ import annotations

import io
import json
import tokenize
from collections.abc import Sequence

from mlexp.pipeline import support
from mlexp.pipeline.metadata import metadata_block
from mlexp.pipeline.script import Script
from mlexp.records import Package, Proof, Verdict


def emit(
    script: Script, *, file: str, input_digests: dict[str, str], proof: Proof | None, packages: Sequence[Package]
) -> str:
    """Return the script's text.

    Args:
        script: The script.
        file: Name of the file it is written to; its bundle is called after it.
        input_digests: SHA-256 of each input, by name.
        proof: The proof that the docstring tells of; None: not yet, or not wanted.
        packages: Distributions for the metadata block.
    """
    stem = file.removesuffix(".py")
    parts = [
        metadata_block(script, packages, python=script.run.interpreter.version),
        _docstring(script, file, proof),
        _flags(script, file, stem),
    ]
    last = script.sections[-1]
    for section in script.sections:
        title = f"{section.title}, run {script.run.reference}" if section is last else section.title
        parts.append(f"# %% {title}\n{section.source}")
    parts.append(_recorded(script, input_digests))
    parts.append(_check(script))
    return "\n\n".join(parts) + "\n"


def _docstring(script: Script, file: str, proof: Proof | None) -> str:
    run, labels = script.run, script.labels
    name = f' "{labels.name}"' if labels.name else ""
    lines = [f"Run {run.reference}{name} of {script.notebook}, {run.started:%Y-%m-%d}.", "", *verdict_lines(proof), ""]
    for warning in script.warnings:
        lines += [warning, ""]
    usage = [("", "as it was run")]
    if script.params:
        flag, literal = script.params[0]
        usage.append((f"--{flag} {_shell(literal)}", "with another value; --help lists them"))
    if script.inputs:
        usage.append((f"--data {script.inputs[0].name}=FILE", "on other data"))
    if script.metrics:
        usage.append(("--metrics FILE", "writes the metrics"))
        usage.append(("--check", "compares with the run; exit status 1 if it differs"))
    commands = [f"python {file} {words}".rstrip() for words, _ in usage]
    width = max(map(len, commands)) + 4
    lines += [f"    {command:<{width}}{meaning}" for command, (_, meaning) in zip(commands, usage, strict=True)]
    n_sections = len(script.sections)
    bundled = f"Its inputs lie in {file.removesuffix('.py')}_data/. " if script.inputs or script.modules else ""
    lines += [
        "",
        f"{bundled}The sections are cells as they were executed, numbered as in the",
        f"notebook: {n_sections} of {script.n_executions} up to the run.",
    ]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''")
    return f'"""{text}\n"""'


def verdict_lines(proof: Proof | None) -> list[str]:
    """Return what the docstring says of the proof."""
    if proof is None:
        return ["NOT PROVEN: exported with --no-verify."]
    where = f"(CPython {proof.python}, {proof.platform})"
    if proof.verdict is Verdict.REPRODUCED:
        metrics = sum(c.what == "metric" and c.outcome == "equal" for c in proof.compared)
        values = sum(c.what == "value" and c.outcome == "equal" for c in proof.compared)
        given = [_counted(metrics, "metric"), _counted(values, "other value")]
        what = " and ".join(text for text in given if text) or "printed text"
        volatile = [c.name for c in proof.compared if c.outcome == "volatile"]
        lines = [
            "Proven: in a clean process, in an empty directory, this script gave what the run gave,",
            f"equal to the last bit: its {what}",
            f"{where}; another processor may round otherwise.",
        ]
        return [*lines, f"Not compared, since two runs of it differ: {', '.join(volatile)}."] if volatile else lines
    if proof.verdict is Verdict.NOT_REPRODUCED:
        lines = ["NOT REPRODUCED: in a clean process this script gave other values than the run:"]
        differing = [c for c in proof.compared if c.outcome == "differs"][:6]
        lines += [f"    {c.name}: {c.recorded} in the run, {c.found} in the script" for c in differing]
        return lines
    return [f"NOT VERIFIED: {proof.reason}"]


def _flags(script: Script, file: str, stem: str) -> str:
    own = script.own
    lines = ["# %% Params, inputs and flags", _imports(script), "", f"{own('sys')}.dont_write_bytecode = True"]
    for name, value in script.run.interpreter.variables:
        if name != "PYTHONHASHSEED":
            lines.append(f'{own("os")}.environ.setdefault("{name}", {_quoted(value)})  # as in the run')
    if _draws(script):
        lines.append(f'{own("os")}.environ.setdefault("MPLBACKEND", "Agg")  # draw without windows')
    lines += ["", f"{own('PARAMS')} = {{{'  # as in the run; each is a flag' if script.params else '}'}"]
    if script.params:
        lines += [*(f'    "{name}": {literal},' for name, literal in script.params), "}"]
    if script.inputs:
        lines += [f"{own('INPUTS')} = {{  # files in the bundle: as the notebook calls them"]
        lines += [*(f"    {_quoted(item.name)}: {_quoted(item.path)}," for item in script.inputs), "}"]
    places = support.PLACES.replace("@FILE@", file).replace("@BUNDLE@", f"{stem}_data")
    lines += ["", _renamed(places, script).strip("\n")]
    functions = [
        support.TYPED,
        support.flag_reader(inputs=bool(script.inputs), logs=script.logs, figures=_shows(script)),
    ]
    if script.modules:
        functions.append(support.MODULES_PATH)
    if script.inputs:
        functions.append(support.INPUT_PATH)
    if script.logs:
        functions.append(support.LOG)
    if _shows(script):
        functions.append(support.SHOW_FIGURES)
    if script.states:
        functions.append(support.RESTORE_STATE)
    if script.metrics:
        functions.append(support.COULD_NOT_TELL)
    text = "\n\n\n".join(_renamed(function, script).strip("\n") for function in functions)
    tail = [f"{own('history')} = []"] if script.logs else []
    tail += [f"{own('args')} = {own('read_flags')}()"]
    if script.modules:
        tail += [f"{own('find_modules')}()"]
    if script.metrics:
        tail += [f"{own('sys')}.excepthook = {own('could_not_tell')}"]
    return "\n".join(lines) + f"\n\n\n{text}\n\n\n" + "\n".join(tail)


def _recorded(script: Script, input_digests: dict[str, str]) -> str:
    own = script.own
    lines = [f"# %% What run {script.run.reference} gave", f"{own('RECORDED')} = {{"]
    for metric in script.metrics:
        lines.append(f"    {_quoted(metric.name)}: {_number(metric.recorded)},")
    for name, digest in input_digests.items():
        lines.append(f'    {_quoted(name)}: "sha256 {digest}",')
    return "\n".join([*lines, "}"]) if len(lines) > 2 else f"{lines[0]}\n{own('RECORDED')} = {{}}"


def _check(script: Script) -> str:
    readings = []
    for metric in script.metrics:
        call = f"number({metric.expression})" if metric.expression else f"last({_quoted(metric.name)})"
        function, _, rest = call.partition("(")
        readings.append(f"        {_quoted(metric.name)}: {script.own(function)}({rest},")
    text = support.check(readings, inputs=bool(script.inputs), logs=script.logs, reference=script.run.reference)
    return "# %% --metrics and --check\n" + _renamed(text, script).strip("\n").replace(
        "        @READINGS@,", "\n".join(readings)
    )


def _imports(script: Script) -> str:
    names = []
    for name in ("argparse", "ast", "json", "os", "sys"):
        names.append(name if script.own(name) == name else f"{name} as {script.own(name)}")
    return f"import {', '.join(names)}"


def _renamed(text: str, script: Script) -> str:
    """Return our text with our names replaced; attributes and keyword arguments stay."""
    if not script.renamed:
        return text
    lines = text.split("\n")
    before = ""
    changes = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and before != "." and token.string in script.renamed:
            changes.append(token)
        before = token.string
    for token in reversed(changes):
        (row, start), (_, end) = token.start, token.end
        lines[row - 1] = lines[row - 1][:start] + script.renamed[token.string] + lines[row - 1][end:]
    return "\n".join(lines)


def _shows(script: Script) -> bool:
    return any(section.execution.n_figures for section in script.sections)


def _draws(script: Script) -> bool:
    words = ("matplotlib", "pyplot", "seaborn", "pylab", ".plot")
    return _shows(script) or any(word in section.source for section in script.sections for word in words)


def _number(value: float) -> str:
    text = repr(value)
    return f'float("{text}")' if text in ("nan", "inf", "-inf") else text


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _shell(literal: str) -> str:
    return (
        literal
        if all(c.isalnum() or c in "._-" for c in literal)
        else f'"{literal}"'
        if '"' not in literal
        else f"'{literal}'"
    )


def _counted(n: int, word: str) -> str:
    return "" if not n else f"{n} {word}{'s' if n > 1 else ''}"
