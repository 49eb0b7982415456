"""A script reads its secrets from the environment; without them it says so, and the proof does too."""

import ast

import pytest

from mlexp.pipeline.passes.secrets import from_environment, module_from_environment
from tests.kernel.test_secrets import found_in
from tests.planted import password

VALUE, OTHER = password("script"), password("module")


def test_a_secret_literal_is_read_from_the_environment(play, folder):
    session = play(
        f"api_key = {VALUE!r}",
        "%%track\ndef n_of(key):\n    return len(key)\nlr = 0.5\nscore = n_of(api_key) * lr",
    )
    script = session.export()
    assert script.verdict == "not verified"
    assert script.proof.reason == "needs API_KEY"
    assert 'api_key = os.environ["API_KEY"]' in script.cells
    assert "NOT VERIFIED: needs API_KEY" in script.text
    assert not found_in(folder, [VALUE])
    assert not found_in(script.path.parent, [VALUE])
    alone = script.start("--check")
    assert (alone.returncode, alone.stderr) == (3, "could not tell: set API_KEY in the environment\n")
    assert script.start("--help").returncode == 0
    assert script.start("--check", API_KEY=VALUE).returncode == 0
    assert script.start("--check", API_KEY="x").returncode == 1


def test_with_the_secret_in_the_environment_it_is_proven(play, folder, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", VALUE)
    session = play(
        "import os",
        f"%%track\nkey = {VALUE!r}\nlr = 0.5\nscore = len(key) * lr\nprint('with', key, score)",
        SOME_API_KEY=VALUE,
    )
    script = session.export()
    assert (script.verdict, script.proof.reason) == ("reproduced", "")
    assert 'key = os.environ["SOME_API_KEY"]' in script.cells
    assert dict(script.exported.script.params).keys() == {"lr"}
    assert not found_in(folder, [VALUE])
    assert not found_in(script.path.parent, [VALUE])


def test_printed_text_is_compared_without_its_secrets(play, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", VALUE)
    session = play(f"%%track\nprint('with', {VALUE!r})", kernel=True, SOME_API_KEY=VALUE)
    proof = session.verify()
    assert (proof.verdict, proof.reason) == ("reproduced", "")


def test_secrets_in_modules_and_within_texts(play, folder, monkeypatch):
    (folder / "mine.py").write_text(
        f'"""Mine."""\nfrom __future__ import annotations\n\n'
        f"api_key = {OTHER!r}\n\n\ndef f(x):\n    return len(api_key) * x\n"
    )
    url = f"postgresql://ada:{VALUE}@db/x"
    session = play(
        "import sys; sys.path.insert(0, '.')\nimport mine",
        f"host = 'h'\nurl = {url!r}\n"
        f"other = f'redis://:{VALUE}@{{host}}/0'\nraw = b'{VALUE}'.decode() if False else 'x'",
        "%%track\nscore = mine.f(1.5) + len(url) + len(other)",
    )
    script = session.export()
    assert script.verdict == "not verified"
    (name,) = script.exported.script.secrets
    assert script.proof.reason == f"needs {name}, API_KEY"
    assert not found_in(folder / ".mlexp", [VALUE, OTHER])
    assert not found_in(script.path.parent, [VALUE, OTHER])
    variables = {name: VALUE, "API_KEY": OTHER}
    assert script.start("--check", **variables).returncode == 0
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert session.verify().verdict == "reproduced"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('k = "<secret A_KEY>"', 'k = os.environ["A_KEY"]'),
        ('k = b"<secret A_KEY>"', 'k = os.environ["A_KEY"].encode()'),
        ('k = """<secret A_KEY>\n\n"""', 'k = os.environ["A_KEY"]'),
        ('k = int("<secret A_KEY>")', 'k = int(os.environ["A_KEY"])'),
        ('k = "a <secret A_KEY>"', 'k = ("a <secret A_KEY>".replace("<secret A_KEY>", os.environ["A_KEY"]))'),
        ('k = f"{a} <secret A_KEY>"', 'k = (f"{a} <secret A_KEY>".replace("<secret A_KEY>", os.environ["A_KEY"]))'),
        ('"""<secret A_KEY>"""', '"""<secret A_KEY>"""'),
        ("k = 1  # <secret A_KEY>", "k = 1  # <secret A_KEY>"),
        ('match k:\n    case "<secret A_KEY>": pass', 'match k:\n    case "<secret A_KEY>": pass'),
    ],
)
def test_markers_become_variables(before, after):
    source, names = from_environment(before, "os")
    assert source == after
    assert names == (("A_KEY",) if before != after else ())
    ast.parse(source)


def test_a_module_imports_what_it_needs():
    text = '"""Doc."""\nfrom __future__ import annotations\nimport re\nk = "<secret A_KEY>"\n'
    read = 'k = os.environ.get("A_KEY", "<secret A_KEY>")\n'
    head = '"""Doc."""\nfrom __future__ import annotations\n'
    assert module_from_environment(text) == f"{head}import os\nimport re\n{read}"
    assert module_from_environment('import os\nk = "<secret A_KEY>"\n') == f"import os\n{read}"
    assert module_from_environment("k = 1\n") == "k = 1\n"


def test_a_secret_in_a_module_that_the_run_does_not_use_is_not_needed(play, folder):
    (folder / "mine.py").write_text(f"api_key = {OTHER!r}\n\n\ndef f(x):\n    return 2 * x\n")
    session = play("import sys; sys.path.insert(0, '.')\nimport mine", "%%track\nscore = mine.f(1.5)")
    script = session.export()
    assert (script.verdict, script.proof.reason) == ("reproduced", "")
    assert not found_in(script.path.parent, [OTHER])
