"""Secrets never reach the disk: every byte of the store, of a script and of its bundle is searched."""

import base64
import json
import re
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.kernel.conftest import until
from tests.planted import BY_SHAPE, CODES, NAMED, PLACES, drawn, jwt, password, placed, private_key, secret_of


def found_in(folder: Path, secrets: list[str]) -> list[str]:
    """Return those of the secrets that stand in a file there, as they are, escaped, or encoded."""
    contents = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    return [s for s in secrets if any(form in content for content in contents for form in _forms(s))]


def _forms(secret: str) -> set[bytes]:
    texts = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret), quote(secret, safe="")}
    texts |= {json.dumps(json.dumps(secret)[1:-1])[1:-1], base64.b64encode(secret.encode()).decode().rstrip("=")}
    return {text.encode() for text in texts}


def test_hundreds_of_planted_secrets(loaded, folder):
    secrets = []
    for n, (what, template) in enumerate(BY_SHAPE.items()):
        text, parts = drawn(template, "kernel")
        secrets.append(secret_of(parts))
        places = (
            f"x{n} = {text!r}",
            f"%%track\nprint({text!r})",
            f"%%track\nx = {text!r}\nraise ValueError(x)",
            f"# {text}",
        )
        loaded.run(places[n % len(places)])
        del what
    for n, (template, names) in enumerate(NAMED.items()):
        for name in names:
            value = password(f"{n}{name}")
            secrets.append(value)
            loaded.run(("%%track\n" if n % 2 else "") + template.format(name=name, value=value))
    for n in range(5):
        secrets += [jwt(n), private_key(n)[1]]
        loaded.run(f"%%track\nt = {jwt(n)!r}\nk = '''{private_key(n)[0]}'''\nprint(t, k)\n1/0")
    for n, template in enumerate((*PLACES, *CODES)):
        text, secret = placed(template, f"kernel{n}")
        if not secret.isalpha():  # words are drawn from a few, and stand in many places
            secrets.append(secret)
        if template in CODES:
            loaded.run(text if text.startswith(("!", "%%")) else f"%%track\n{text}")
        elif n % 2:
            hidden = base64.b64encode(text.encode()).decode()[::-1]
            loaded.ok(f"import base64, logging\nhidden = base64.b64decode('{hidden}'[::-1]).decode()")
            loaded.run("%%track\nprint(hidden)\nlogging.warning(hidden)\nraise ValueError(hidden)")
        else:
            loaded.ok(f"%%track\ntext = {text!r}\n# {text.splitlines()[-1]}")
    assert len(secrets) > 180
    missed = found_in(folder / ".mlexp", secrets)
    assert not missed, f"{len(missed)} of {len(secrets)}: {missed}"
    loaded.ip.run_line_magic("unload_ext", "mlexp")
    assert not found_in(folder / ".mlexp", secrets)


def test_values_of_secret_variables_in_every_place(loaded, folder, monkeypatch):
    first, late = password("first"), secret_of(drawn("{an:40}", 1)[1])
    monkeypatch.setenv("MY_DB_PASSWORD", first)
    loaded.ok(
        f"%%track -n 'it is {first}' -t x\nimport os\np = os.environ['MY_DB_PASSWORD']\n"
        "print(p)\nprint(repr(p), {'a': p})"
    )
    loaded.ok(
        "import sys, json, urllib.parse\n_late = bytes.fromhex('"
        + late.encode().hex()
        + "').decode()\nos.environ['LATE_TOKEN'] = _late"
    )
    loaded.ok(
        "%%track\nfor c in _late: sys.stdout.write(c)\nprint()\n"
        "print(_late[:20]); print(_late[20:])\nprint(list(_late))"
    )
    loaded.ok("%%track\nprint(urllib.parse.quote(p), json.dumps(p), file=sys.stderr)\nlr = 0.1\n_late")
    loaded.run("%%track\ndef f(q):\n    raise RuntimeError(f'no access with {q}')\nf(p)")
    loaded.run("%%track\nassert False, _late")
    loaded.ok("from IPython.display import HTML, display")
    loaded.ok("%%track\ndisplay(HTML(f'<b>{p}</b>'), {'text/plain': _late})")
    assert not found_in(folder / ".mlexp", [first, late, late[:20], late[20:]])
    assert "<secret MY_DB_PASSWORD>" in loaded.project.find("r1").stdout


def test_answers_of_getpass_and_values_from_anywhere(kernel, folder):
    typed, other, third = "not-a-shape-42x", "plain and long words", "Abc98xyzw"
    kernel.ok("from getpass import getpass")
    kernel.ok("%%track\nx = getpass('Say: ')\nprint(x)", answers=(typed,))
    kernel.ok("y = input('API key: ')\nprint(y)", answers=(third,))
    kernel.ok(f"db_password = bytes.fromhex('{other.encode().hex()}').decode()")
    kernel.ok("%%track\nprint(x, y, db_password)\nz = 1.5")
    kernel.ok("%unload_ext mlexp")
    assert not found_in(folder / ".mlexp", [typed, other, third])
    assert kernel.ok("getpass('again: ')", answers=("q",)).result == "'q'"


def test_what_asks_for_answers_is_as_it_was_after_unloading(shell):
    import getpass

    before = getpass.getpass
    shell.load()
    assert getpass.getpass is not before
    shell.ok("%unload_ext mlexp")
    assert getpass.getpass is before


def test_modules_and_diffs(loaded, folder):
    inside, changed = password("inside"), password("changed")
    (folder / "mine.py").write_text(f"import os\n\napi_key = {inside!r}\n\n\ndef f(x):\n    return x + 1\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "mine.py"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True, cwd=folder)
    with open(folder / "mine.py", "a") as file:
        file.write(f"\npassword = {changed!r}\n")
    loaded.ok("import sys\nsys.path.insert(0, '.')\nimport mine")
    loaded.ok("%%track\nprint(mine.api_key)\nscore = mine.f(2) / 3")
    run = loaded.latest()
    until(lambda: loaded.project.store.environment(run.record.id))
    assert not found_in(folder / ".mlexp", [inside, changed])
    module = next(m for e in loaded.executions() for m in e.modules if m.name == "mine")
    assert b'api_key = "<secret API_KEY' in loaded.project.blobs.get(module.digest)


def test_files_of_credentials_are_only_digested(loaded, folder):
    secret = secret_of(drawn("{an:40}", 2)[1])
    (folder / ".env").write_text(f"SOME_KEY={secret}\n")
    (folder / "app.cfg").write_text(f"db_password = {secret}\nhost = db\n")
    (folder / "data.csv").write_text("a,b\n1,2\n")
    loaded.ok(
        "%%track\nimport pathlib\n"
        "for name in ('.env', 'app.cfg', 'data.csv'):\n    n = len(pathlib.Path(name).read_text())"
    )
    kept = {Path(file.path).name: file for file in loaded.executions()[-1].inputs}
    assert kept["data.csv"].digest is not None
    for name in (".env", "app.cfg"):
        assert kept[name].digest is None
        assert "blake3:" in kept[name].reason
    assert not found_in(folder / ".mlexp", [secret])


def test_what_is_no_secret_is_kept_as_it_is(loaded):
    code = "use_cls_token = True\nnum_tokens = 512\npad_token = '[PAD]'\nkey_padding_mask = None\n"
    code += "h = 'd41d8cd98f00b204e9800998ecf8427e'"
    loaded.ok(f"%%track\n{code}\nprint(h, num_tokens, 'token: the')\nscore = num_tokens / 7")
    run = loaded.latest()
    assert (
        loaded.executions()[-1].source == f"%%track\n{code}\nprint(h, num_tokens, 'token: the')\nscore = num_tokens / 7"
    )
    assert run.stdout == "d41d8cd98f00b204e9800998ecf8427e 512 token: the\n"


@pytest.mark.parametrize("before", [True, False])
def test_the_namespace_keeps_its_secrets(shell, before):
    if before:
        shell.load()
    shell.ok("password = 'abcd1234efgh'")
    if not before:
        shell.load()
    shell.ok("%%track\nprint(password)\napi_key = 'ijkl5678mnop'")
    assert (shell.names["password"], shell.names["api_key"]) == ("abcd1234efgh", "ijkl5678mnop")
    assert "abcd1234" not in "".join(e.source + e.python for e in shell.executions())
    assert re.fullmatch(r"<secret \w+>\n", shell.latest().stdout)


def test_no_secret_stands_on_a_card(kernel):
    token = password("card")
    kernel.ok(f"API_KEY = {token!r}")
    answer = kernel.run("%%track\nraise ValueError('wrong key ' + API_KEY)", stop_on_error=False)
    (card,) = answer.cards
    assert token not in card
    assert "wrong key &lt;secret API_KEY&gt;" in card


def test_names_of_metrics_and_params_that_are_declared(loaded, folder):
    token, secret = drawn("ghp_{an:36}", "metric")[0], password("declared")
    loaded.ok("import mlexp, base64")
    hidden = base64.b64encode(f"{token} {secret}".encode()).decode()
    loaded.ok(f"t, s = base64.b64decode('{hidden[::-1]}'[::-1]).decode().split()")
    loaded.ok("%%track\nmlexp.log({t: 1.0, 'loss': 0.5})\nmlexp.param('api_key', s)\nmlexp.param('lr', 0.1)")
    run = loaded.latest()
    assert not found_in(folder / ".mlexp", [token, secret])
    assert run.metrics == {"<secret GITHUB_TOKEN>": 1.0, "loss": 0.5}
    assert run.params["lr"] == 0.1


def test_a_token_that_was_pasted_without_quotes(loaded, folder):
    token = drawn("hf_{an:34}", "pasted")[0]
    assert loaded.run(f"%%track\n{token}").error_in_exec is not None
    assert not found_in(folder / ".mlexp", [token])
    assert loaded.executions()[-1].source == '%%track\n"<secret HF_TOKEN>"'
