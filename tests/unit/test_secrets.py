"""What the redactor takes out, and what it leaves."""

import ast
import json
import random
from urllib.parse import quote

import pytest

from mlexp.dataflow.cell import parse
from mlexp.redaction import MARKER, Redactor
from mlexp.redaction.credentials import holds_credentials, is_credential_file
from mlexp.redaction.names import Suspicion, suspicion_of
from tests.planted import (
    BY_SHAPE,
    CODES,
    INNOCENT,
    NAMED,
    PLACES,
    drawn,
    forms,
    jwt,
    password,
    placed,
    private_key,
    secret_of,
)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("what", BY_SHAPE)
def test_a_secret_of_a_known_shape_is_taken_out_of_any_text(what, seed):
    text, parts = drawn(BY_SHAPE[what], seed)
    secret = secret_of(parts)
    for context in (
        text,
        f"first line\n  {text}\nlast line",
        f"value: {text}.",
        f"['{text}', 1]",
        json.dumps({"a": text}),
    ):
        assert secret not in Redactor().text(context)
    assert secret not in Redactor().code(f"x = fetch({text!r})")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("template", "name"), [(template, name) for template, names in NAMED.items() for name in names]
)
def test_a_literal_bound_to_a_secrets_name_is_taken_out_of_code(template, name, seed):
    value = password(seed)
    code = template.format(name=name, value=value)
    redacted = Redactor().code(code)
    assert value not in redacted
    assert (parse(redacted) is None) == (parse(code) is None)
    assert MARKER.search(redacted)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("template", PLACES)
def test_a_secret_is_known_by_what_stands_around_it(template, seed):
    text, secret = placed(template, seed)
    assert secret not in Redactor().text(text)
    assert secret not in Redactor().text(f"INFO start\n\n{text}\n\nINFO end")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("template", CODES)
def test_a_secret_is_known_by_the_code_around_it(template, seed):
    code, secret = placed(template, seed)
    redacted = Redactor().code(code)
    assert secret not in redacted
    assert redacted.count("\n") == code.count("\n")
    assert (parse(redacted) is None) == (parse(code) is None)


LONG = "".join(f"step {i}: loss {i / 7:.6f}, {i % 91}% of the batches\n" for i in range(1500))
"""Of so long a text the words are gathered first."""


@pytest.mark.parametrize("what", BY_SHAPE)
def test_a_secret_of_a_known_shape_is_found_in_a_long_text(what):
    text, parts = drawn(BY_SHAPE[what], 0)
    assert secret_of(parts) not in Redactor().text(f"{LONG}first line\n  {text}\nlast line\n{LONG}")


@pytest.mark.parametrize("template", PLACES)
def test_what_stands_around_a_secret_is_seen_in_a_long_text(template):
    text, secret = placed(template, 0)
    assert secret not in Redactor().text(f"{LONG}\n{text}\n\n{LONG}")


@pytest.mark.parametrize("seed", range(5))
def test_a_known_value_and_its_pieces_are_found_in_a_long_text(seed):
    value = password(seed) + drawn("{an:40}", seed)[0]
    redactor = Redactor(lambda: {"DB_PASSWORD": value})
    for form in (value, repr(value)[1:-1], json.dumps(value)[1:-1], value.encode().hex(), value[-25:]):
        assert form not in redactor.text(f"{LONG}{form}\n{LONG}")


RUNS = ["A", "a=", "sk-", "token=", "://a:", "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----", '"key":']


@pytest.mark.parametrize("run", RUNS)
def test_a_text_that_repeats_itself_takes_no_time(run):
    text = run * (300_000 // len(run))  # some took minutes, since each place was searched to the end
    assert Redactor().text(text) == text


def test_many_names_in_one_long_value_do_not_hide_the_next():
    text = "token=" * 60 + "\napi_key=Zk3vQ9sLp2Xw7Rt5\n"
    assert "Zk3vQ9sLp2Xw7Rt5" not in Redactor().text(text)


def test_what_is_no_secret_stays():
    for line in INNOCENT.splitlines():
        assert Redactor().code(line) == line
        assert Redactor().text(line) == line
    assert Redactor().code(INNOCENT) == INNOCENT


def test_data_stays():
    rng = random.Random(0)
    digests = "\n".join(
        f"{rng.getrandbits(128):032x} {rng.getrandbits(160):040x} {rng.getrandbits(256):064x}" for _ in range(200)
    )
    image = "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=200_000))
    table = "\n".join(
        f"{i}  token_{i}  {rng.random():.17f}  key={i}  tokens: {rng.randrange(9999)}" for i in range(500)
    )
    for text in (digests, image, table, f"data:image/png;base64,{image}"):
        assert Redactor().text(text) == text


@pytest.mark.parametrize(
    ("name", "suspicion"),
    [
        ("password", 3),
        ("DB_PASSWORD", 3),
        ("userPassword", 3),
        ("pgpassword", 3),
        ("client_secret", 3),
        ("secretKey", 3),
        ("api_key", 2),
        ("OPENAI_API_KEY", 2),
        ("apikey", 2),
        ("hf_token", 2),
        ("accessToken", 2),
        ("x-api-key", 2),
        ("token", 1),
        ("Authorization", 1),
        ("account_key", 1),
        ("some_token", 1),
        ("password_2", 3),
        ("API_KEY_PROD", 2),
        ("pad_token", 0),
        ("cls_token", 0),
        ("num_tokens", 0),
        ("key", 0),
        ("sort_key", 0),
        ("key_padding_mask", 0),
        ("password_strength", 0),
        ("secret_santa_rate", 0),
        ("tokenizer", 0),
        ("monkey", 0),
        ("api_key_path", 0),
        ("passes", 0),
    ],
)
def test_the_words_of_a_name_decide(name, suspicion):
    assert suspicion_of(name) == Suspicion(suspicion)


@pytest.mark.parametrize("seed", range(5))
def test_a_known_value_is_found_in_every_form(seed):
    secret = password(seed) + "Äß\"'\\/&" + password(-seed - 1)
    redactor = Redactor(lambda: {"MY_PASSWORD": secret, "OTHER": "plain"})
    for text in (secret, repr(secret), json.dumps(secret), quote(secret), quote(secret, safe=""), f"x{secret}y"):
        assert password(seed) not in redactor.text(text)


@pytest.mark.parametrize("seed", range(5))
def test_a_known_token_is_found_in_pieces(seed):
    secret = secret_of(drawn("{an:40}", seed)[1])
    redactor = Redactor(lambda: {"SOME_TOKEN": secret})
    for text in [*forms(secret), f"{secret[:20]} and {secret[20:]}", " ".join(secret), str(list(secret)), secret[:20]]:
        redacted = redactor.text(text)
        assert "".join(c for c in redacted if c.isalnum()).find(secret[:20]) < 0
        assert "SOME_TOKEN" in redacted


def test_what_was_once_taken_for_a_secret_is_found_later():
    redactor = Redactor()
    assert redactor.code("password = 'zebra crossing 12'") == 'password = "<secret PASSWORD>"'
    assert redactor.text("it was zebra crossing 12!") == "it was <secret PASSWORD>!"
    assert redactor.code("print('zebra crossing 12')") == 'print("<secret PASSWORD>")'


def test_two_secrets_have_two_names():
    redactor = Redactor(lambda: {"API_KEY": "another-value-1"})
    assert redactor.code("api_key = 'abcd1234efgh'") == 'api_key = "<secret API_KEY_2>"'
    assert redactor.code("api_key = 'ijkl5678mnop'") == 'api_key = "<secret API_KEY_3>"'
    assert redactor.code("os.environ['API_KEY'] = 'qrst5678mnop'") == "os.environ['API_KEY'] = \"<secret API_KEY>\""


def test_short_and_plain_values_of_variables_are_not_searched_for():
    redactor = Redactor(
        lambda: {"DB_PASSWORD": "abc123", "PG_PASSWORD": "postgres", "MY_TOKEN": "true", "A_SECRET": "12345678"}
    )
    text = "abc123 postgres true 12345678"
    assert redactor.text(text) == text


def test_a_variable_that_is_set_later_is_known():
    variables, changed = {}, []
    redactor = Redactor(lambda: variables, changed=lambda: bool(changed))
    variables["X_TOKEN"] = "f8Gh2kLm9PqRs4"
    assert redactor.text("f8Gh2kLm9PqRs4") == "f8Gh2kLm9PqRs4"
    changed.append(True)
    assert redactor.text("f8Gh2kLm9PqRs4") == "<secret X_TOKEN>"


_PEM, _PEM_LINE = private_key(1)
HARD = [
    f'key = """{_PEM}"""\nx = 1',
    f"key = {_PEM!r}",
    f"text = '''a\n{_PEM}\nb'''\ny = 2",
    'api_key = ("abcd1234"\n  "efgh5678")\nz = 3',
    "api_key = 'abcd' + '1234' + 'efgh'",
    'api_key = b"abcd1234efgh"',
    "password = 12345678",
    "url = f'postgres://ada:abcd1234efgh@{host}/x'",
    "print(f\"{connect(password='abcd1234efgh')}\")",
    "%%time\napi_key = 'abcd1234efgh'\n!echo abcd1234efgh\nx = !ls\n",
    "!export API_KEY=abcd1234efgh",
    "%env API_KEY=abcd1234efgh",
    "%%bash\nexport API_KEY=abcd1234efgh\n",
    "get_ipython().run_cell_magic('bash', '', 'export API_KEY=abcd1234efgh\\n')",
    "if x:\n\tapi_key = 'abcd1234efgh'\n",
    "é = 'ü'; api_key = 'abcd1234efgh'; ñ = 'é'",
    "match x:\n    case {'password': 'abcd1234efgh'}: pass",
    "def f():\n    '''password: abcd1234efgh'''\n",
    "api_key = 'abcd1234efgh' \\\n  'ijkl'\n",
    "x = 1 +\npassword = 'abcd1234efgh'",
    "api_key = ''.join(['abcd1234', 'efgh5678'])",
    "client = OpenAI(api_key='abcd1234efgh'); d = {**a, 'token': 'Abcd1234efgh5678'}",
    "headers = {'Authorization': 'Bearer Abcd1234efgh5678ijkl'}",
    "headers = {'Authorization': f'Bearer {token}'}; token = 'Abcd1234efgh5678'",
    "lambda password='abcd1234efgh': 0",
    "(password := 'abcd1234efgh')",
]


@pytest.mark.parametrize("code", HARD)
def test_code_stays_code_line_by_line(code):
    redacted = Redactor().code(code)
    for piece in ("abcd1234", "efgh5678", "Abcd1234", "12345678", _PEM_LINE):
        assert piece not in redacted
    assert redacted.count("\n") == code.count("\n")
    assert (parse(redacted) is None) == (parse(code) is None)
    before, after = code.split("\n"), redacted.split("\n")
    assert after[-1] == before[-1] or "secret" in after[-1]


@pytest.mark.parametrize("code", [*HARD, INNOCENT, *(drawn(text, 0)[0] for text in BY_SHAPE.values())])
def test_what_is_redacted_is_not_redacted_again(code):
    redactor = Redactor()
    once = redactor.code(code)
    assert redactor.code(once) == once
    assert Redactor().code(once) == once
    assert redactor.text(once) == once


@pytest.mark.parametrize("template", [template for template in NAMED if not template.startswith(("!", "%"))])
def test_only_literals_change(template):
    code = template.format(name=NAMED[template][0], value=password(0))
    before, after = parse(code), parse(Redactor().code(code))
    assert before is not None
    assert after is not None
    shapes = [[type(node) for node in ast.walk(tree)] for tree in (before, after)]
    assert shapes[0] == shapes[1]


def test_keys_and_web_tokens():
    redactor = Redactor()
    for kind in (
        "RSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "EC PRIVATE KEY",
        "PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ):
        key, line = private_key(2, kind)
        for text in (key, repr(key), json.dumps({"private_key": key}), f"a\n{key}\nb", key[:300], key[100:]):
            assert line[:30] not in redactor.text(text)
    for seed in range(5):
        token = jwt(seed)
        assert token[-40:] not in redactor.text(f"got {token} back")


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/home/ada/.env", True),
        ("x/.env.local", True),
        ("prod.env", True),
        ("key.pem", True),
        ("/home/ada/.aws/credentials", True),
        ("/home/ada/.ssh/id_rsa", True),
        ("id_ed25519", True),
        (".netrc", True),
        ("/home/ada/.kaggle/kaggle.json", True),
        ("service-account.json", True),
        ("secrets.toml", True),
        (".streamlit/secrets.toml", True),
        ("hf_token.txt", True),
        ("data.csv", False),
        (".env.example", False),
        ("tokens.parquet", False),
        ("keys.csv", False),
        ("train.json", False),
        ("password_strength.csv", False),
        ("tokenizer.json", False),
        ("environment.yml", False),
    ],
)
def test_files_of_credentials_are_known_by_their_names(path, is_one):
    assert is_credential_file(path) == is_one


def test_and_by_what_they_hold():
    assert holds_credentials(private_key(0)[0].encode())
    assert holds_credentials(b"# settings\nDB_HOST=db\nDB_PASSWORD=abcd1234\n")
    assert holds_credentials(b'{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\nMII"}')
    assert not holds_credentials(b"password,strength\nabc,1\n")
    assert not holds_credentials(b"lr=0.1\nepochs=3\n")
    assert not holds_credentials(b"")
