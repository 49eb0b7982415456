"""Settings: `[tool.mlexp]` in pyproject.toml, overridden by MLEXP_… variables. No other module reads the environment.

The table below is the whole truth: the guide's table is compared with it by a test.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from mlexp.errors import UsageError

NUMERIC_VARIABLES = (
    "CUBLAS_WORKSPACE_CONFIG",
    "MKL_CBWR",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "PYTHONHASHSEED",
    "VECLIB_MAXIMUM_THREADS",
)
"""Variables that can move the last bits of a result: recorded with a run, and given to its script."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings, with their defaults."""

    store: str = ""
    """Folder of the store; empty: found as the guide says. In pyproject.toml it is relative to that file."""
    experiment: str = ""
    """Experiment of runs that name none; empty: the notebook's path in the project."""
    notebook: str = ""
    """Path of the notebook, where the front end tells none."""
    card: bool = True
    """Whether a card is shown under a tracked cell."""
    max_object_mb: int = 1024
    """Data objects larger than this are not kept, only named."""
    max_file_mb: int = 1024
    """Files larger than this are not kept, only digested."""
    max_output_mb: int = 10
    """Of a text or a form of an output larger than this, only the head, the tail and the size are kept, or the size."""
    watch_folders: bool = True
    """Whether, on Linux, folders are watched for what libraries in C and other processes do to files."""
    proof_limit_s: int = 0
    """Time limit of a proof in seconds; 0: ten times the recorded duration, at least a minute."""


def load_settings(folder: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that hold in `folder`.

    Raises:
        UsageError: A setting has no such name, or its value is of another kind.
    """
    return Settings(**{**_from_pyproject(folder), **_from_environment(environ)})  # type: ignore[arg-type]  # checked there


def numeric_variables(environ: Mapping[str, str] = os.environ) -> tuple[tuple[str, str], ...]:
    """Return those of NUMERIC_VARIABLES that are set."""
    return tuple((name, environ[name]) for name in NUMERIC_VARIABLES if environ.get(name))


def session_notebook(environ: Mapping[str, str] = os.environ) -> str:
    """Return the notebook's path as the Jupyter server told it to the kernel, or nothing."""
    return environ.get("JPY_SESSION_NAME", "")


class Variables:
    """The environment variables of this process, and whether they have changed since they were last looked at."""

    def __init__(self) -> None:
        self._seen: object = None

    def read(self) -> dict[str, str]:
        """Return them."""
        return dict(os.environ)

    def changed(self) -> bool:
        """Tell whether any has changed since this was last asked; it takes a few microseconds."""
        held = getattr(os.environ, "_data", None)  # what stands behind: nothing has to be decoded to compare it
        now = dict(held if held is not None else os.environ)
        changed, self._seen = now != self._seen, now
        return changed


def home_folder() -> Path | None:
    """Return the user's home, or None for a user without one, as in some containers."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def expanded(path: str) -> Path:
    """Return a path with `~` replaced, where there is a home to replace it by."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the user's state folder, for stores whose project cannot be written; without a home, a temporary one."""
    home = home_folder()
    if named := environ.get("XDG_STATE_HOME"):
        return Path(named) / "mlexp"
    if home is not None:
        return home / ".local" / "state" / "mlexp"
    import tempfile

    return Path(tempfile.gettempdir()) / f"mlexp-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


def ipython_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of IPython's profiles, as IPython finds it."""
    named = environ.get("IPYTHONDIR")
    try:
        return Path(named or "~/.ipython").expanduser().absolute()
    except RuntimeError:
        raise UsageError("there is no home folder, so no profile of IPython's. IPYTHONDIR names one.") from None


def child_environment(changes: Mapping[str, str | None], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a process that we start: ours with `changes`, None taking a variable away."""
    merged = {**environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _from_pyproject(folder: Path) -> dict[str, object]:
    for parent in (folder, *folder.parents):
        file = parent / "pyproject.toml"
        if file.is_file():
            import tomllib

            try:
                tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
            except (OSError, ValueError) as error:
                raise UsageError(f"{file}: cannot be read: {error}") from error
            table = tool.get("mlexp", {}) if isinstance(tool, dict) else {}
            if not isinstance(table, dict):
                raise UsageError(f"{file}: tool.mlexp = {table!r} is not a table of settings")
            found = {name: _checked(name, value, f"{file}, [tool.mlexp]") for name, value in table.items()}
            if found.get("store"):
                found["store"] = str(parent / expanded(str(found["store"])))
            return found
    return {}


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in fields(Settings):
        variable = f"MLEXP_{field.name.upper()}"
        if text := environ.get(variable):
            found[field.name] = _checked(field.name, _parsed(text, field.default), variable)
    return found


def _parsed(text: str, default: object) -> object:
    if isinstance(default, bool):
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(text.lower(), text)
    if isinstance(default, int):
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else text
    return text


def _checked(name: str, value: object, where: str) -> object:
    defaults = {field.name: field.default for field in fields(Settings)}
    if name not in defaults:
        raise UsageError(f"{where}: no setting {name!r}; there are {', '.join(defaults)}")
    expected = type(defaults[name])
    if type(value) is not expected or (isinstance(value, int) and value < 0):
        kinds = {bool: "true or false", int: "a whole number from 0", str: "text"}
        raise UsageError(f"{where}: {name} = {value!r} is not {kinds[expected]}")
    return value
