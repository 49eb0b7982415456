"""The card under a tracked cell."""

import re

import pytest


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_first_run_says_what_to_do_next(kernel):
    answer = kernel.ok("%%track base\nlr = 0.1\nloss = lr * len('ab')\nloss")
    assert [kind for kind, _ in answer.outputs] == ["execute_result", "display_data"]
    (card,) = answer.cards
    text = text_of(card)
    for part in ("r1", "base", "finished", "loss", "0.2000", "lr", "%export r1", "%runs"):
        assert part in text, part
    plain = answer.outputs[-1][1]["data"]["text/plain"]
    assert plain.startswith("r1  base  finished in")
    second = kernel.ok("%%track base\nlr = 0.3\nloss = lr * len('ab')\nloss").cards[0]
    text = text_of(second)
    assert "%export" not in text
    for part in ("vs r1", "0.6000", "+0.4000", "higher", "lr 0.3 was 0.1"):
        assert part in text, part


def test_differences_are_against_the_last_finished_run_of_the_name(loaded, capsys):
    loaded.ok("%%track a\nlr = 1\nm = lr * 1.0")
    loaded.ok("%%track b\nlr = 2\nm = lr * 1.0")
    loaded.run("%%track a\nlr = 3\nm = lr / 0")
    capsys.readouterr()
    loaded.ok("%%track a\nlr = 4\nm = lr * 1.0")
    out = capsys.readouterr().out
    assert "vs r1" in out
    assert "lr 4 (was 1)" in out


def test_data_and_files_that_changed(loaded, capsys, folder):
    (folder / "x.csv").write_text("a\n1\n")
    loaded.ok("import pandas as pd\ndf = pd.read_csv('x.csv')\nother = df.copy()")
    loaded.ok("%%track\nm = float(df['a'].sum() + other['a'].sum())")
    (folder / "x.csv").write_text("a\n2\n3\n")
    loaded.ok("df = pd.read_csv('x.csv')")
    capsys.readouterr()
    loaded.ok("%%track\nm = float(df['a'].sum() + other['a'].sum())")
    out = capsys.readouterr().out
    assert "data" in out
    assert "df" in out


def test_hostile_text_is_escaped(kernel):
    answer = kernel.run(
        "%%track '<script>x</script>'\nname = '<img src=x onerror=y>'\nprint(name)\nraise ValueError('<u>')"
    )
    (card,) = answer.cards
    assert "<script>" not in card
    assert "<img" not in card
    assert "<u>" not in card


@pytest.mark.parametrize("value", ["0", "false"])
def test_no_card_when_not_wanted(kernels, project, value):
    kernel = kernels(MLEXP_CARD=value)
    kernel.load()
    answer = kernel.ok("%%track base\nx = 1\nx")
    assert [kind for kind, _ in answer.outputs] == ["execute_result"]
    assert project.find("base").status == "finished"


def test_no_card_by_the_projects_setting(shell, folder, capsys):
    (folder / "pyproject.toml").write_text("[tool.mlexp]\ncard = false\n")
    shell.load()
    capsys.readouterr()
    shell.ok("%%track base\nx = 1")
    assert capsys.readouterr().out == ""


def test_the_card_says_what_was_not_captured(loaded, capsys):
    loaded.ok("%%track -p nowhere\nx = 1")
    assert "-p nowhere: no such name" in capsys.readouterr().out


def test_the_card_is_no_output_of_the_cell(loaded):
    loaded.ok("%%track base\n7")
    assert loaded.names["_"] == 7
    assert loaded.names["Out"][2] == 7
    assert loaded.latest().stdout == ""
