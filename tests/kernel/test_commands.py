"""The commands as magics."""

import re
import subprocess
import sys

import pytest


@pytest.fixture
def three(loaded, capsys):
    """A shell with three runs."""
    for depth, name in ((2, "a"), (3, "b"), (4, "a")):
        loaded.ok(f"%%track {name} -t tag{depth}\ndepth = {depth}\nauc = depth / 8")
    capsys.readouterr()
    return loaded


def said(shell, capsys, line):
    capsys.readouterr()
    shell.ok(line)
    return capsys.readouterr().out


def refused(shell, capsys, line):
    capsys.readouterr()
    result = shell.run(line)
    assert type(result.error_in_exec).__name__ == "UsageError"
    return capsys.readouterr().err


class TestRuns:
    def test_all(self, three, capsys):
        out = said(three, capsys, "%runs")
        assert re.findall(r"^r\d", out, re.M) == ["r3", "r2", "r1"]
        assert "0.5000" in out

    @pytest.mark.parametrize(
        ("query", "references"),
        [
            ("metrics.auc > 0.3", ["r3", "r2"]),
            ("params.depth = 2", ["r1"]),
            ('name == "a" order by metrics.auc', ["r1", "r3"]),
            ("'tag3' in tags", ["r2"]),
            ("order by metrics.auc desc limit 1", ["r3"]),
            ("metrics.auc > -1 --wide", ["r3", "r2", "r1"]),
            ("--wide metrics.auc < 0.3", ["r1"]),
            ("--all-experiments", ["r3", "r2", "r1"]),
        ],
    )
    def test_queries(self, three, capsys, query, references):
        assert re.findall(r"^r\d", said(three, capsys, f"%runs {query}"), re.M) == references

    def test_nothing_is_expanded(self, three, capsys):
        three.ok("auc = 'value'")
        assert "r1" in said(three, capsys, "%runs metrics.auc in [0.25, 0.5]")

    def test_none_match(self, three, capsys):
        assert "No run matches" in said(three, capsys, "%runs metrics.auc > 100")

    def test_none_yet(self, loaded, capsys):
        assert "%%track" in said(loaded, capsys, "%runs")

    @pytest.mark.parametrize(
        ("query", "mistake"),
        [("metrics.acu > 0.3", "acu"), ("params.depth > 2 and metrics.lss < 1", "lss"), ("nmae == 'a'", "nmae")],
    )
    def test_a_caret_under_the_mistake(self, three, capsys, query, mistake):
        lines = refused(three, capsys, f"%runs {query}").split("\n")
        at = next(i for i, line in enumerate(lines) if "^" in line)
        assert lines[at - 1] == query
        assert lines[at].index("^") == query.index(mistake)
        assert lines[at].strip() == "^" * len(mistake)
        assert "There is no" in lines[at + 1]

    def test_an_unknown_option(self, three, capsys):
        err = refused(three, capsys, "%runs --wrong")
        assert "--wrong" in err
        assert "%runs?" in err


class TestCompare:
    def test_two(self, three, capsys):
        out = said(three, capsys, "%compare r1 r3")
        assert "depth" in out
        assert "0.2500" in out
        assert "0.5000" in out

    def test_by_name_and_best(self, three, capsys):
        three.ok("import mlexp\nmlexp.metric_goal('auc', 'max')")
        out = said(three, capsys, "%compare b @best:auc")
        assert "r2" in out
        assert "r3" in out

    def test_where(self, three, capsys):
        out = said(three, capsys, "%compare --where 'metrics.auc > 0.3'")
        assert "r2" in out
        assert "r1" not in out

    @pytest.mark.parametrize("line", ["%compare", "%compare r1", "%compare r1 r99", "%compare r1 nothing"])
    def test_wrong(self, three, capsys, line):
        assert "UsageError" in refused(three, capsys, line)


class TestExport:
    def test_unproven(self, three, capsys, folder):
        out = said(three, capsys, "%export r3 -o made.py --no-verify")
        assert "made.py" in out
        run = subprocess.run([sys.executable, "made.py"], cwd=folder, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr

    def test_quoted_paths_and_last(self, three, capsys, folder):
        said(three, capsys, '%export @last -o "my script.py" --no-verify')
        assert (folder / "my script.py").is_file()

    def test_nothing_is_overwritten(self, three, capsys, folder):
        (folder / "mine.py").write_text("mine")
        assert "mine.py" in refused(three, capsys, "%export r3 -o mine.py --no-verify")
        assert (folder / "mine.py").read_text() == "mine"

    def test_an_unfinished_run(self, three, capsys):
        three.run("%%track bad\n1 / 0")
        assert "failed" in refused(three, capsys, "%export bad -o bad.py")

    def test_proven_in_a_kernel(self, kernel):
        kernel.ok("%%track base\nlr = 0.1\nloss = lr * len('ab')")
        answer = kernel.ok("%export r1 -o train.py")
        assert "Reproduced bit for bit" in answer.stdout
        assert "proven" in kernel.ok("%runs").stdout


class TestHelp:
    @pytest.mark.parametrize("magic", ["%%track", "%runs", "%compare", "%export", "%verify"])
    def test_question_mark(self, loaded, capsys, magic):
        loaded.ok(f"{magic}?")
        out = capsys.readouterr().out
        assert f"usage: {magic}" in out
        assert "options:" in out

    def test_in_a_kernel(self, kernel):
        payload = kernel.ok("%%track?").content["payload"]
        assert "--note" in payload[0]["data"]["text/plain"]

    def test_completion(self, loaded):
        with pytest.warns(PendingDeprecationWarning):
            assert "%%track" in loaded.ip.complete("%%tra")[1]
        with pytest.warns(PendingDeprecationWarning):
            assert "%compare" in loaded.ip.complete("%compa")[1]

    def test_a_cell_is_complete_at_a_blank_line(self, loaded):
        check = loaded.ip.input_transformer_manager.check_complete
        assert check("%%track base\nx = 1")[0] == "incomplete"
        assert check("%%track base\nx = 1\n\n")[0] == "complete"


def test_public_functions_in_a_cell(three):
    three.ok("import mlexp")
    assert three.ok("[run.ref for run in mlexp.runs('metrics.auc > 0.3')]") == ["r3", "r2"]
    assert three.ok("mlexp.run('@last').ref") == "r3"
    assert three.ok("mlexp.run('b').params") == {"depth": 3}
    assert "depth" in three.ok("str(mlexp.compare('r1', 'r2'))")
    assert three.ok("sorted(set(dir(mlexp)) >= set(mlexp.__all__) and mlexp.__all__)") == three.ok(
        "sorted(mlexp.__all__)"
    )
