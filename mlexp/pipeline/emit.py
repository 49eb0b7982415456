"""Print a script. The order: metadata, docstring, params and flags, the sections, what the run gave, the check.

The text of ours comes from `support.py`, whose functions are real code: printed here, with names of ours replaced where
the session uses them for something else.
"""

from __future__ import annotations

import io
import json
import textwrap
import tokenize
from collections.abc import Sequence

from mlexp.pipeline import support
from mlexp.pipeline.bundle import has_bundle
from mlexp.pipeline.metadata import metadata_block
from mlexp.pipeline.passes.folders import HELPER, moves_in
from mlexp.pipeline.script import Script
from mlexp.records import ComparisonOutcome, Package, Proof, Verdict
from mlexp.render.text import clean

_WIDTH = 110


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
    metadata = metadata_block(script, packages, python=script.run.interpreter.version)
    parts = [f"{metadata}\n{_docstring(script, file, proof)}", _flags(script, file, proof)]
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
    lines = [f"Run {run.reference}{name} of {clean(script.notebook)}, {run.started:%Y-%m-%d}.", ""]
    lines += [*verdict_lines(script, proof), ""]
    if script.secrets:
        they, are = ("They are", "secrets") if len(script.secrets) > 1 else ("It is", "a secret")
        names = ", ".join(script.secrets)
        lines += [*_wrapped(f"It needs {names} in the environment. {they} {are} of the notebook's, kept nowhere."), ""]
    for warning in script.warnings:
        lines += [*_wrapped(warning), ""]
    usage = [("", "as it was run"), *_other_value(script)]
    if script.inputs:
        usage.append((f"--data {script.inputs[0].name}=FILE", "on other data"))
    if script.metrics:
        usage.append(("--metrics FILE", "writes the metrics"))
        usage.append(("--check", "compares with the run; exit status 1 if it differs"))
    commands = [f"python {file} {words}".rstrip() for words, _ in usage]
    width = max(map(len, commands)) + 4
    lines += [f"    {command:<{width}}{meaning}" for command, (_, meaning) in zip(commands, usage, strict=True)]
    where = f"What it reads lies in {file.removesuffix('.py')}_data/. " if has_bundle(script) else ""
    counted = f"{len(script.sections)} of {script.n_executions} up to the run"
    cells = f"The sections are cells as they were executed, numbered as in the notebook: {counted}."
    lines += ["", *_wrapped(where + cells)]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''")
    return f'"""{text}\n"""'


def _other_value(script: Script) -> list[tuple[str, str]]:
    """Return an example: a flag with another value than the run's, of a number that the run's own cell binds if any."""
    if not script.params:
        return []
    own = {param.name for param in script.run.params if param.execution == script.run.execution}
    values = {param.name: param.value for param in script.run.params}
    numbers = [name for name, _ in script.params if type(values.get(name)) in (int, float) and values[name]]
    name = next((name for name in numbers if name in own), numbers[0] if numbers else script.params[0][0])
    value = values.get(name)
    other = f"{value / 2:g}" if isinstance(value, float) else f"{value * 2}" if type(value) is int else "VALUE"
    return [(f"--{name} {other}", "with another value; --help lists them")]


def verdict_lines(script: Script, proof: Proof | None) -> list[str]:
    """Return what the docstring says of the proof."""
    if proof is None:
        return ["NOT PROVEN: exported with --no-verify."]
    if proof.verdict is Verdict.NOT_VERIFIED:
        return _wrapped(f"NOT VERIFIED: {clean(proof.reason)}")
    if proof.verdict is Verdict.NOT_REPRODUCED:
        lines = ["NOT REPRODUCED: in a clean process this script gave other values than the run."]
        differing = [c for c in proof.compared if c.outcome is ComparisonOutcome.DIFFERS][:6]
        rows = [f"    {c.name}: {clean(c.recorded)} in the run, {clean(c.found)} in the script" for c in differing]
        return [*lines, *rows] if rows else [*lines, *_wrapped(f"{clean(proof.reason)}.")]
    metrics, values = (
        sum(c.what == what and c.outcome is ComparisonOutcome.EQUAL for c in proof.compared)
        for what in ("metric", "value")
    )
    given = [_counted(metrics, "metric"), _counted(values, "other value" if metrics else "value")]
    what = " and ".join(text for text in given if text) or "printed text"
    variables = [f"{name}={value}" for name, value in script.run.interpreter.variables]
    where = ", ".join([f"CPython {proof.python}", proof.platform, clean(script.run.interpreter.cpu), *variables])
    lines = _wrapped(
        "Proven: in a clean process, in an empty directory, this script gave what the run gave, equal to the last bit: "
        f"its {what} ({where}; another processor may round otherwise)."
    )
    volatile = [c.name for c in proof.compared if c.outcome is ComparisonOutcome.VOLATILE]
    if volatile:
        lines += _wrapped(f"Not compared, since two runs of it differ: {', '.join(volatile)}.")
    unknown = [c for c in proof.compared if c.outcome is ComparisonOutcome.NOT_COMPARABLE]
    others = ", ".join(f"{c.name} ({clean(c.recorded)})" for c in unknown)
    return [*lines, *_wrapped(f"Not compared: {others}.")] if others else lines


def _flags(script: Script, file: str, proof: Proof | None) -> str:
    own = script.own
    lines = ["# %% Params, inputs and flags", _imports(script), "", f"{own('sys')}.dont_write_bytecode = True"]
    for name, value in script.run.interpreter.variables:
        if name != "PYTHONHASHSEED":
            lines.append(f'{own("os")}.environ.setdefault("{name}", {_quoted(value)})  # as in the run')
    if _draws(script):
        lines.append(f'{own("os")}.environ.setdefault("MPLBACKEND", "Agg")  # draw without windows')
    if script.params:
        lines += ["", f"{own('PARAMS')} = {{  # as in the run; each is a flag"]
        lines += [*(f'    "{name}": {value},' for name, value in script.params), "}"]
    if script.inputs:
        lines += ["", f"{own('INPUTS')} = {{  # what the notebook called them: what they are called in the bundle"]
        for item in script.inputs:
            since = f", from In {item.since} on" if item.since is not None else ""
            lines += [f"    {_quoted(path + since)}: {_quoted(item.name)}," for path in item.paths]
        lines += [f"    {_quoted(path)}: {_quoted(name)}," for path, name in script.folders]
        lines.append("}")
    if script.listed:
        lines += ["", f"{own('LISTED')} = {{  # what lay in the folders that the notebook lists: size, time of change"]
        lines += [*(f"    {_quoted(path)}: ({size}, {changed})," for path, size, changed in script.listed), "}"]
    places = support.SCRIPT + (support.BUNDLE if has_bundle(script) else "")
    places = places.replace("@FILE@", _quoted(file)).replace("@BUNDLE@", _quoted(f"{file.removesuffix('.py')}_data"))
    lines += ["", *(line for line in _renamed(places, script).split("\n") if line)]
    text = "\n\n\n".join(_renamed(function, script).strip("\n") for function in _functions(script))
    tail = [f"{own('history')} = []"] if script.logs else []
    tail += [f"{own('measured')} = {{}}"] if script.scores else []
    tail += [f"{own('shown')} = {{}}"] if script.shows else []
    temporary = f"{own('tempfile')}.TemporaryDirectory()"
    tail += [f"{own('started')} = {own('time')}.time()"] if "rewritten" in script.helpers else []
    tail += [f"{own('copied')}, {own('copies')} = {temporary}, {{}}"] if "input_copy" in script.helpers else []
    tail += [f"{own('order')} = {{}}"] if script.listed else []
    tail += [f"{own('args')} = {own('read_flags')}()"]
    tail += [f"{own('lay_folders')}({own('LISTED')})"] if script.listed else []
    if moves_in(script):
        tail += _renamed(_from_here(script), script).split("\n")
    if script.programs:
        function = own("input_path")
        tail.append(f"{own('builtins')}.{function} = {function}  # for the modules in the bundle")
    if script.secrets:
        tail.append(f"{own('need_secrets')}({', '.join(map(_quoted, script.secrets))})")
    if script.modules or "own_modules" in script.helpers:
        tail.append(f"{own('find_modules')}()")
    if script.metrics:
        tail.append(f"{own('sys')}.excepthook = {own('could_not_tell')}")
    if proof is not None and proof.verdict is Verdict.NOT_REPRODUCED:
        tail.append(_renamed('print("not reproduced: see the top of", script, file=sys.stderr)', script))
    return "\n".join(lines) + f"\n\n\n{text}\n\n\n" + "\n".join(tail)


def _from_here(script: Script) -> str:
    """Return statements for a script that changes its working directory: the paths of its flags are meant from here."""
    lines = ["folders = [os.getcwd()]"] if HELPER in script.helpers else []
    for flag, is_there in ("metrics", True), ("figures", script.shows):
        lines += [f"args.{flag} = args.{flag} and os.path.abspath(args.{flag})"] if is_there else []
    if script.inputs:
        lines.append("args.data = {name: os.path.abspath(path) for name, path in args.data.items()}")
    return "\n".join(lines)


def _functions(script: Script) -> list[str]:
    """Return the functions of ours that the sections need."""
    functions = [support.TYPED] if script.params else []
    functions.append(
        support.flag_reader(
            params=bool(script.params), inputs=bool(script.inputs), logs=script.logs, figures=script.shows
        )
    )
    if script.modules or "own_modules" in script.helpers:
        folders = ('"", ' if "own_modules" in script.helpers else "") + ("bundle, " if has_bundle(script) else "")
        functions.append(support.MODULES_PATH.replace("@FOLDERS@", folders))
    if HELPER in script.helpers:
        functions.append(support.GO_TO)
    if script.inputs:
        anew = support.NOT_REWRITTEN if "rewritten" in script.helpers else ""
        functions.append(support.INPUT_PATH.replace("@NOT_REWRITTEN@", anew))
    if "input_copy" in script.helpers:
        functions.append(support.INPUT_COPY)
    if "place_input" in script.helpers:
        functions.append(support.PLACE_INPUT)
    if script.listed:
        place, found = ("input_path(path)", support.FOUND_THERE) if script.inputs else ("path", "")
        functions.append(support.LAY_FOLDERS.replace("@PLACE@", place).replace("@FOUND_THERE@", found))
    if "as_listed" in script.helpers:
        functions.append(support.AS_LISTED)
    if script.secrets:
        functions.append(support.NEED_SECRETS)
    if script.logs:
        functions.append(support.LOG)
    if script.scores:
        functions.append(support.METRIC)
    if script.shows:
        functions.append(support.SHOW_FIGURES)
    if script.states:
        kinds = {state.generator for state in script.states}
        functions.append(support.restore_state(kinds=kinds, flags=any(state.flags for state in script.states)))
    functions += [support.STAND_INS[name].replace("@ANSWERS@", script.answers) for name in script.stand_ins]
    if script.metrics:
        functions.append(support.COULD_NOT_TELL)
    return functions


def _recorded(script: Script, input_digests: dict[str, str]) -> str:
    rows = [f"    {_quoted(metric.name)}: {_number(metric.recorded, script)}," for metric in script.metrics]
    rows += [f'    {_quoted(name)}: "sha256 {digest}",' for name, digest in input_digests.items()]
    head = f"# %% What run {script.run.reference} gave\n{script.own('RECORDED')} = {{"
    what = "the metrics, and digests of the inputs" if input_digests else "the metrics"
    return "\n".join([f"{head}  # {what}", *rows, "}"]) if rows else f"{head}}}"


def _check(script: Script) -> str:
    readings = []
    for metric in script.metrics:
        function, given = ("number", metric.expression) if metric.expression else ("last", _quoted(metric.name))
        readings.append(f"{_quoted(metric.name)}: {script.own(function)}({given})")
    text = support.check(
        n_read=sum(bool(metric.expression) for metric in script.metrics),
        n_logged=sum(not metric.expression for metric in script.metrics),
        has_inputs=bool(script.inputs),
        logs=script.logs,
        reference=script.run.reference,
    )
    rows = "\n".join(f"        {reading}," for reading in readings)
    return "# %% --metrics and --check\n" + _renamed(text, script).strip("\n").replace("        @READINGS@,", rows)


def _imports(script: Script) -> str:
    futures = [f"from __future__ import {', '.join(script.futures)}", ""] if script.futures else []
    names = [
        name if script.own(name) == name else f"{name} as {script.own(name)}"
        for name in sorted({"argparse", "json", "os", "sys", *(["ast"] if script.params else []), *script.imports})
    ]
    return "\n".join([*futures, f"import {', '.join(names)}"])


def _renamed(text: str, script: Script) -> str:
    """Return our text with names replaced where the session uses them; attributes and keyword arguments stay."""
    if not script.renamed:
        return text
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    lines = text.split("\n")
    depth = 0
    changes = []
    for before, token, behind in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        is_attribute = before is not None and before.string == "."
        is_keyword = depth > 0 and behind is not None and behind.string == "="
        if token.type == tokenize.NAME and token.string in script.renamed and not is_attribute and not is_keyword:
            changes.append(token)
    for token in reversed(changes):
        (row, start), (_, end) = token.start, token.end
        lines[row - 1] = lines[row - 1][:start] + script.renamed[token.string] + lines[row - 1][end:]
    return "\n".join(lines)


def _draws(script: Script) -> bool:
    words = ("matplotlib", "pyplot", "seaborn", "pylab", ".plot")
    return script.shows or any(word in section.source for section in script.sections for word in words)


def _number(value: float, script: Script) -> str:
    text = repr(value)
    return f'{script.own("float")}("{text}")' if text in ("nan", "inf", "-inf") else text


def _quoted(text: str) -> str:
    has_surrogates = any("\ud800" <= c <= "\udfff" for c in text)
    return json.dumps(text, ensure_ascii=has_surrogates)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _counted(n: int, word: str) -> str:
    return "" if not n else f"{n} {word}{'s' if n > 1 else ''}"
