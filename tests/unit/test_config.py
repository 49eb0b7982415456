"""Settings: defaults, pyproject.toml, variables, and what is said of wrong ones."""

from dataclasses import fields

import pytest

from mlexp.config import (
    Settings,
    child_environment,
    load_settings,
    numeric_variables,
    session_notebook,
    state_folder,
)
from mlexp.errors import UsageError


def write(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


def test_without_settings_the_defaults_hold(tmp_path):
    write(tmp_path, "")
    assert load_settings(tmp_path, {}) == Settings()


def test_pyproject_sets_every_setting(tmp_path):
    write(
        tmp_path,
        """[tool.mlexp]
        store = "/runs"
        experiment = "é"
        notebook = "a.ipynb"
        card = false
        max_object_mb = 1
        max_file_mb = 2
        max_output_mb = 4
        watch_folders = false
        proof_limit_s = 3
        """,
    )
    expected = Settings(
        store="/runs",
        experiment="é",
        notebook="a.ipynb",
        card=False,
        max_object_mb=1,
        max_file_mb=2,
        max_output_mb=4,
        watch_folders=False,
        proof_limit_s=3,
    )
    assert load_settings(tmp_path, {}) == expected
    assert all(getattr(expected, field.name) != field.default for field in fields(Settings))


def test_variables_set_every_setting_and_win(tmp_path):
    write(tmp_path, '[tool.mlexp]\nexperiment = "file"\nmax_file_mb = 5\n')
    variables = {
        "MLEXP_STORE": "/runs",
        "MLEXP_EXPERIMENT": "variable",
        "MLEXP_NOTEBOOK": "a.ipynb",
        "MLEXP_CARD": "no",
        "MLEXP_MAX_OBJECT_MB": "7",
        "MLEXP_PROOF_LIMIT_S": "0",
    }
    assert load_settings(tmp_path, variables) == Settings(
        store="/runs", experiment="variable", notebook="a.ipynb", card=False, max_object_mb=7, max_file_mb=5
    )


@pytest.mark.parametrize(
    ("text", "card"),
    [("1", True), ("true", True), ("YES", True), ("0", False), ("False", False), ("no", False), ("", True)],
)
def test_a_variable_says_yes_or_no(tmp_path, text, card):
    assert load_settings(tmp_path, {"MLEXP_CARD": text}).card is card


def test_the_nearest_pyproject_counts(tmp_path):
    write(tmp_path, '[tool.mlexp]\nexperiment = "above"\n')
    write(tmp_path / "project", '[tool.mlexp]\nexperiment = "near"\n')
    (tmp_path / "project" / "notebooks").mkdir()
    assert load_settings(tmp_path / "project" / "notebooks", {}).experiment == "near"
    write(tmp_path / "project" / "notebooks", "[project]\n")
    assert load_settings(tmp_path / "project" / "notebooks", {}) == Settings()


def test_a_store_in_pyproject_is_beside_it_from_wherever_one_works(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/x")
    write(tmp_path, '[tool.mlexp]\nstore = "runs"\n')
    (tmp_path / "notebooks").mkdir()
    assert (
        load_settings(tmp_path / "notebooks", {}).store == load_settings(tmp_path, {}).store == str(tmp_path / "runs")
    )
    write(tmp_path, '[tool.mlexp]\nstore = "~/runs"\n')
    assert load_settings(tmp_path, {}).store == "/home/x/runs"
    assert load_settings(tmp_path, {"MLEXP_STORE": "here"}).store == "here"


WRONG_FILES = {
    'card = "yes"': ("card = 'yes'", "true or false"),
    "card = 1": ("card = 1", "true or false"),
    "max_file_mb = true": ("max_file_mb = True", "a whole number from 0"),
    "max_file_mb = 1.5": ("max_file_mb = 1.5", "a whole number from 0"),
    "max_file_mb = -1": ("max_file_mb = -1", "a whole number from 0"),
    'max_file_mb = "5"': ("max_file_mb = '5'", "a whole number from 0"),
    "store = 5": ("store = 5", "text"),
    "store = []": ("store = []", "text"),
    'stores = "x"': ("no setting 'stores'", "there are store, experiment, notebook, card"),
}


@pytest.mark.parametrize(("line", "said"), WRONG_FILES.items(), ids=WRONG_FILES)
def test_a_wrong_setting_is_named_with_file_value_and_kinds(tmp_path, line, said):
    write(tmp_path, f"[tool.mlexp]\n{line}\n")
    with pytest.raises(UsageError) as caught:
        load_settings(tmp_path, {})
    for part in (str(tmp_path / "pyproject.toml"), "[tool.mlexp]", *said):
        assert part in str(caught.value)


WRONG_VARIABLES = {
    "MLEXP_CARD": ("maybe", "true or false"),
    "MLEXP_MAX_FILE_MB": ("many", "a whole number from 0"),
    "MLEXP_MAX_OBJECT_MB": ("-5", "a whole number from 0"),
    "MLEXP_PROOF_LIMIT_S": ("1e3", "a whole number from 0"),
}


@pytest.mark.parametrize(("variable", "given"), WRONG_VARIABLES.items(), ids=WRONG_VARIABLES)
def test_a_wrong_variable_is_named_with_value_and_kinds(tmp_path, variable, given):
    text, kinds = given
    with pytest.raises(UsageError, match=f"{variable}: .* = '{text}' is not {kinds}"):
        load_settings(tmp_path, {variable: text})


def test_a_number_too_long_for_anything_is_a_wrong_number(tmp_path):
    with pytest.raises(UsageError, match="a whole number"):
        load_settings(tmp_path, {"MLEXP_MAX_FILE_MB": "9" * 5000})


@pytest.mark.parametrize("text", ["tool = 5", "[tool]\nmlexp = 5", "[[tool.mlexp]]\nx = 1", "[tool", "a = 1\na = 2"])
def test_a_broken_pyproject_is_a_usage_error_or_nothing(tmp_path, text):
    write(tmp_path, text)
    if text == "tool = 5":
        assert load_settings(tmp_path, {}) == Settings()
    else:
        with pytest.raises(UsageError, match=r"pyproject\.toml"):
            load_settings(tmp_path, {})


def test_a_pyproject_that_is_no_text_is_a_usage_error(tmp_path):
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings(tmp_path, {})


def test_numeric_variables_are_those_set_in_order():
    found = numeric_variables({"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "", "HOME": "/x", "MKL_CBWR": "AVX2"})
    assert found == (("MKL_CBWR", "AVX2"), ("OMP_NUM_THREADS", "2"))


def test_the_notebook_is_told_by_the_server():
    assert session_notebook({"JPY_SESSION_NAME": "/project/a.ipynb"}) == "/project/a.ipynb"
    assert session_notebook({}) == ""


def test_the_state_folder_follows_the_desktop_standard(monkeypatch):
    monkeypatch.setenv("HOME", "/home/x")
    assert str(state_folder({"XDG_STATE_HOME": "/state"})) == "/state/mlexp"
    assert str(state_folder({"XDG_STATE_HOME": ""})) == str(state_folder({})) == "/home/x/.local/state/mlexp"


def test_a_child_gets_our_environment_with_changes():
    assert child_environment({"A": "2", "B": None, "C": None}, {"A": "1", "B": "1", "D": "1"}) == {"A": "2", "D": "1"}
