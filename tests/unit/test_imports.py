"""`import mlexp` is cheap, and what it promises is there."""

import subprocess
import sys

import pytest

import mlexp

HEAVY = (
    "IPython", "blake3", "matplotlib", "msgpack", "numpy", "optuna", "pandas", "pyarrow", "sklearn", "sqlite3", "torch",
    "asyncio", "argparse", "importlib.metadata", "logging", "tomllib",
)  # fmt: skip


def loaded_by(*statements):
    code = "; ".join([*statements, "import sys", "print('\\n'.join(sys.modules))"])
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_mlexp_imports_nothing_heavy():
    loaded = loaded_by("import mlexp")
    assert not loaded & set(HEAVY)
    assert {name for name in loaded if name.startswith("mlexp")} == {"mlexp"}


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("mlexp.records", ""),
        ("mlexp.errors", ""),
        ("mlexp.config", ""),
        ("mlexp.query", ""),
        ("mlexp.dataflow.graph", ""),
        ("mlexp.comparison", ""),
        ("mlexp.render.card", ""),
        ("mlexp.storage", "sqlite3 blake3 msgpack logging"),
        ("mlexp.snapshot", "blake3 msgpack logging"),
        ("mlexp.fingerprint", "blake3 msgpack logging"),
        ("mlexp.capture.log", "sqlite3 blake3 msgpack logging"),
    ],
)
def test_a_library_is_imported_only_where_it_is_used(module, allowed):
    assert loaded_by(f"import {module}") & set(HEAVY) <= set(allowed.split())


def test_every_public_name_is_there():
    assert sorted(mlexp.__all__) == list(mlexp.__all__)
    for name in mlexp.__all__:
        assert getattr(mlexp, name) is not None
    assert set(mlexp.__all__) <= set(dir(mlexp))
    assert set(mlexp._HOMES) == set(mlexp.__all__) - {"__version__"}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'mlexp' has no attribute 'nothing'"):
        mlexp.nothing  # noqa: B018  (looking it up is the test)
