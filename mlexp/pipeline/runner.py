"""Run a script in this process, which was started for it, and tell what it gave. Started as a file, not imported.

    python -P runner.py REQUEST.json

Nothing but the standard library is loaded before the script has ended, and nothing of ours stands on its path. The
script is run as it is, as `__main__`; its values are read afterwards, from its variables.
"""

import ast
import json
import os
import sys
import traceback
from types import ModuleType
from typing import Any

RESULT = "Out"
"""What the value of the cell's last expression is called among the values: in a notebook it lies there."""


def main() -> None:
    """Read the request, run the script, write the answer."""
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    script = request["script"]
    level, heard = confined(script, request)
    sys.argv = [script, *request["arguments"]]
    sys.path.insert(0, os.path.dirname(script))
    module = ModuleType("__main__")
    module.__file__ = script
    sys.modules["__main__"] = module
    before = set(sys.modules)
    answer = {"confinement": level, **run(script, module, request["result"])}
    sys.stdout.flush()
    sys.stderr.flush()
    loaded = sorted(sys.modules.keys() - before)
    heard.ended = True  # from here on we write ourselves
    sys.path.append(request["mlexp"])
    answer["values"] = digests(request["values"], vars(module)) if answer["status"] == 0 else {}
    answer["packages"] = packages(loaded)
    answer["refused"] = heard.refused
    answer["started"] = heard.started
    with open(request["answer"], "w", encoding="utf-8") as file:
        json.dump(answer, file)
    sys.stdout.flush()
    os._exit(0)  # threads and finalizers of the script's have nothing more to say


def run(script: str, module: ModuleType, result: list[int] | None) -> dict[str, object]:
    """Run the script; tell its exit status, and its error if it had one.

    Args:
        script: Its path.
        module: What it is run as.
        result: The first and the last line of the section whose last expression is a value to be read.
    """
    try:
        with open(script, encoding="utf-8") as file:
            text = file.read()
        code = compile(text, script, "exec", dont_inherit=True)
        if result is not None:
            code = compile(keeping_result(ast.parse(text, script), *result), script, "exec", dont_inherit=True)
        exec(code, vars(module))
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        return {"status": status, "error": f"it ended by itself, with status {status}" if status else ""}
    except BaseException as error:
        traceback.print_exc()
        lines = [s.lineno for s in traceback.extract_tb(error.__traceback__) if s.filename == script]
        return {
            "status": 1,
            "error": f"{type(error).__name__}: {error}"[:500],
            "line": lines[0] if lines else None,  # the outermost: a line of a section
        }
    return {"status": 0, "error": ""}


def keeping_result(tree: ast.Module, first: int, last: int) -> ast.Module:
    """Return the script's tree with a name for what the last expression of a section gives."""
    inside = [i for i, statement in enumerate(tree.body) if first <= statement.lineno <= last]
    ours = [i for i in inside if _shows_figures(tree.body[i])]
    inside = [i for i in inside if i not in ours]
    if inside and isinstance(shown := tree.body[inside[-1]], ast.Expr):
        kept = ast.Assign([ast.Name(RESULT, ast.Store())], shown.value)
        tree.body[inside[-1]] = ast.fix_missing_locations(ast.copy_location(kept, shown))
    return tree


def _shows_figures(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id.startswith("show_figures")


def confined(script: str, request: dict[str, Any]) -> tuple[str, Any]:
    """Keep the script's side effects in; return how, and what hears of them."""
    from importlib.util import module_from_spec, spec_from_file_location

    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "confine.py")
    spec = spec_from_file_location("_mlexp_confine", place)
    assert spec is not None
    assert spec.loader is not None
    confine = module_from_spec(spec)
    spec.loader.exec_module(confine)
    heard = confine.Heard(script)
    return confine.confine(heard, writable=request["writable"], network=bool(request["network"])), heard


def digests(names: list[str], namespace: dict[str, object]) -> dict[str, str]:
    """Return the digests of the values, by the walk that capture used; what it cannot walk is left out."""
    if not names:
        return {}
    from mlexp.errors import NotWalkableError
    from mlexp.fingerprint import digest_of

    found = {}
    for name in names:
        if name in namespace:
            try:
                found[name] = str(digest_of(namespace[name]))
            except (NotWalkableError, MemoryError):
                continue
    return found


def packages(loaded: list[str]) -> list[dict[str, object]]:
    """Return the distributions that the script loaded, and all that these require."""
    if {name.partition(".")[0] for name in loaded} <= sys.stdlib_module_names:
        return []
    from mlexp.installed import packages_of, with_required
    from mlexp.records.documents import to_document

    return [to_document(package) for package in with_required(packages_of(loaded))]


if __name__ == "__main__":
    main()
