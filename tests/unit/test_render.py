"""Cards and tables: every text is escaped and cut, and without a screen they are still whole."""

import math
import unicodedata
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from mlexp.comparison import Side, compare
from mlexp.records import (
    DataRecord,
    Digest,
    ErrorRecord,
    InputFile,
    Metric,
    MetricOrigin,
    Param,
    ParamOrigin,
    RunStatus,
)
from mlexp.render.card import run_card
from mlexp.render.comparison import comparison_text
from mlexp.render.runs import runs_table, state_of
from mlexp.render.text import clean, cut, table
from mlexp.testing import samples

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "end of an attribute": "\"' onmouseover='alert(1)' style=\"display:none",
    "end of a cell": "</td></table></div><h1>",
    "entity": "&lt;b&gt; &amp; &#x202e;",
    "control": "a\x00b\x07c\x1b[31mred\x1b]0;title\x07\x7f\x9b",
    "lines": "a\nb\r\nc\u2028d\u2029e\tf",
    "right to left": "a\u202eb\u2066c\u200fd\u061ce",
    "invisible": "a\u200b\ufeffb\u00adc",
    "half a pair": "a\udcffb",
    "long": "x" * 100_000,
    "long markup": "<b>" * 40_000,
    "wide": "学習" * 100,
}
TAGS = {"div", "span", "b", "table", "tr", "th", "td", "code", "details", "summary"}
ATTRIBUTES = {"style", "role", "aria-label", "scope"}


class Page(HTMLParser):
    """Reads a card as a browser does, and notes what is odd."""

    def __init__(self, html):
        super().__init__()
        self.open, self.texts, self.odd = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.odd += [tag] * (tag not in TAGS) + [name for name, _ in attrs if name not in ATTRIBUTES]
        self.odd += [value for name, value in attrs if name == "style" and "url" in value]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.odd.append(f"/{tag}")

    def handle_data(self, data):
        self.texts.append(data)


def hostile_side(text, number, **fields):
    run = samples.finished(
        number=number,
        experiment=text,
        source=f"%%track\n{text}\nx = {number}",
        params=samples.params({text: text, "lr": number, f"{text}{number}": 1}),
        metrics=samples.metrics({text: 0.5, f"{text}1": 0.1 * number}),
        timings=(Metric(name=text, value=1.5, origin=MetricOrigin.BOUND),),
        data=(DataRecord(name=text, kind=text, summary=text, size_bytes=1, digest=None, kept=False, reason=text),),
        notes=(text,),
        error=ErrorRecord(type=text, message=text, line=3, traceback=text),
        **fields,
    )
    file = InputFile(path=text, resolved=text, size_bytes=1, digest=Digest("blake3:" + f"{number:064}"))
    return Side(run=run, labels=samples.labels(run.id, name=text, tags=(text,), note=text), inputs=(file,))


def assert_one_line(text):
    for line in text.split("\n"):
        for character in line:
            assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), repr(line[:200])


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE)
def sides(request):
    return [hostile_side(request.param, 1), hostile_side(request.param, 2)]


@pytest.mark.parametrize("with_before", [False, True])
def test_a_card_is_whole_whatever_the_names(sides, with_before):
    html, text = run_card(sides[1], sides[0] if with_before else None, state="finished", first=True)
    page = Page(html)
    assert page.odd == []
    assert page.open == []
    assert len(html) < 30_000
    assert len(text) < 5_000
    assert_one_line(text)
    for character in "".join(page.texts):
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs")


def test_a_comparison_is_plain_text_whatever_the_names(sides):
    compared = compare(sides)
    for show_all in (False, True):
        assert_one_line(comparison_text(compared, show_all=show_all))


def test_a_table_of_runs_is_plain_text_whatever_the_names(sides):
    states = {side.run.id: "finished" for side in sides}
    text = runs_table(sides, states=states)
    assert_one_line(text)
    assert all(len(line) < 400 for line in text.split("\n"))
    assert_one_line(runs_table(sides, states=states, wide=True))


# What a card says


def side(number=1, **fields):
    labels = samples.labels(name=fields.pop("name", ""))
    return Side(run=samples.finished(number=number, **fields), labels=labels)


def card(*args, first=False, **fields):
    return run_card(*args, state="finished", first=first, **fields)[1].split("\n")


def test_a_first_card_says_what_to_do_next():
    html, text = run_card(side(metrics=samples.metrics({"auc": 0.9})), None, state="finished", first=True)
    assert "%export r1 -o train.py" in text
    assert "%export r1 -o train.py" in html
    assert "next" not in "".join(card(side(), None))


def test_a_card_folds_what_another_model_was_given():
    def params(**given):
        return tuple(
            Param(name=name.replace("_", "."), literal=repr(value), execution=0, origin=ParamOrigin.ESTIMATOR)
            for name, value in given.items()
        )

    forest = side(number=1, params=(*samples.params({"seed": 1}), *params(forest_depth=3, scaler_mean=False)))
    boosting = side(number=2, params=(*samples.params({"seed": 2}), *params(boosting_rate=0.1, scaler_mean=True)))
    assert card(boosting, None)[2] == "params   seed 2 · 2 of the model"
    assert card(boosting, forest)[2] == "params   seed 2 (was 1) · scaler.mean True (was False) · 1 of the model"
    html, _ = run_card(boosting, forest, state="finished", first=False)
    assert "boosting.rate 0.1" in html


def test_a_card_tells_metrics_and_params():
    run = side(name="forest", metrics=samples.metrics({"auc": 0.9, "n": 3}), params=samples.params({"lr": 0.1}))
    clock = samples.START.astimezone().strftime("%H:%M")
    assert card(run, None) == [
        f"r1  forest  finished in 1.5 s · finished · {clock}",
        "metrics  auc 0.9000   n 3",
        "params   lr 0.1",
    ]


def test_a_card_tells_what_changed():
    before = side(1, metrics=samples.metrics({"auc": 0.9, "f1": 0.5}), params=samples.params({"lr": 0.1, "k": 2}))
    after = side(
        2,
        metrics=samples.metrics({"auc": 0.93, "f1": 0.5, "new": 1.0}),
        params=samples.params({"lr": 0.2, "k": 2, "m": 1}),
    )
    _, metrics, params = card(after, before)
    assert metrics == "metrics  auc 0.9300 +0.0300 higher   new 1.0000 new   f1 0.5000 = equal"
    assert params == "params   lr 0.2 (was 0.1) · m 1 (new) · 1 unchanged"


def test_a_card_tells_a_diverged_metric():
    before, after = (side(n, metrics=samples.metrics({"loss": x})) for n, x in ((1, 0.5), (2, math.nan)))
    assert card(after, before)[1] == "metrics  loss nan +nan differs"


def test_a_card_of_a_failure_tells_the_error_and_asks_for_no_metrics():
    error = ErrorRecord(type="ValueError", message="no <rows>", line=3)
    lines = card(side(status=RunStatus.FAILED, error=error), None)
    assert lines[1] == "error    ValueError: no <rows> line 3"
    assert not any(line.startswith("metrics") for line in lines)
    assert "none found" in card(side(), None)[1]


def test_a_card_says_of_data_not_kept_neither_changed_nor_unchanged():
    data = (
        DataRecord(name="df", kind="x", summary="3 × 2", size_bytes=9, digest=None, kept=False, reason="too large"),
    )
    assert card(side(2, data=data), side(1, data=data))[-1] == "data     df 3 × 2 not kept"


def test_more_metrics_than_fit_are_counted():
    metrics = samples.metrics({f"m{n}": float(n) for n in range(9)})
    assert card(side(metrics=metrics), None)[1].endswith("m5 5.0000   3 more")


# Texts


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("plain é 学 🚀", "plain é 学 🚀"), ("a\nb\tc", "a b c"), ("a\x1b[31mb", "a[31mb"), ("a\u202eb", "ab"), ("", "")],
)
def test_clean(text, cleaned):
    assert clean(text) == cleaned


@pytest.mark.parametrize(("n", "text"), [(10, "abcdef"), (6, "abcdef"), (5, "abcd…"), (1, "…")])
def test_cut(n, text):
    assert cut("abcdef", n) == text


def test_a_table_pads_by_width_on_the_screen():
    assert table(["a", "number"], [["学", "1"], ["e\u0301x", "22"], ["abc", "333"]], right=frozenset({1})).split(
        "\n"
    ) == [
        "a    number",
        "───────────",
        "学        1",
        "e\u0301x       22",
        "abc     333",
    ]


def test_an_empty_table_of_runs_says_how_to_begin():
    assert runs_table([], states={}) == "No runs yet. Put %%track on the first line of a cell and run it."


def test_a_table_of_runs_shows_the_params_that_vary():
    sides = []
    for n in (2, 1):
        found, chosen = samples.metrics({"auc": n / 8}), samples.params({"lr": n, "k": 5})
        run = samples.finished(f"run {n}", number=n, params=chosen, metrics=found)
        sides.append(Side(run=run, labels=samples.labels(run.id, name=f"name {n}")))
    assert runs_table(sides, states={"run 1": "finished", "run 2": "proven"}).split("\n") == [
        "run  name    state     auc max  lr   time",
        "─────────────────────────────────────────",
        "r2   name 2  proven     0.2500  2   1.5 s",
        "r1   name 1  finished   0.1250  1   1.5 s",
        "the same in all: k 5",
    ]


@pytest.mark.parametrize(
    ("status", "verdict", "state"),
    [
        (RunStatus.FINISHED, None, "finished"),
        (RunStatus.FINISHED, "reproduced", "proven"),
        (RunStatus.FINISHED, "not reproduced", "not reproduced"),
        (RunStatus.FAILED, "reproduced", "failed"),
        (RunStatus.KILLED, None, "killed"),
    ],
)
def test_the_gravest_state_is_shown(status, verdict, state):
    assert state_of(samples.finished(status=status), verdict) == state


@pytest.mark.parametrize(
    ("clean", "verdict", "state"),
    [
        (True, None, "clean"),
        (True, "reproduced", "proven"),
        (False, None, "dirty"),
        (False, "reproduced", "dirty"),
        (False, "reproduced from snapshot", "dirty"),
        (False, "not reproduced", "not reproduced"),
        (None, None, "finished"),
    ],
)
def test_a_dirty_run_is_called_so_unless_it_is_worse(clean, verdict, state):
    assert state_of(samples.finished(clean=clean), verdict) == state


def test_the_card_says_why_a_run_is_dirty():
    notes = ("`<b>x` comes from a cell that was deleted (In [2])", "`y` too")
    html, text = run_card(side(clean=False, clean_notes=notes), None, state="dirty", first=False)
    assert "<code>&lt;b&gt;x</code> comes from a cell that was deleted (In [2]); <code>y</code> too" in html
    assert "dirty    `<b>x` comes from a cell that was deleted (In [2]); `y` too" in text.split("\n")
    html, text = run_card(side(clean_notes=("it was not saved",)), None, state="finished", first=False)
    assert "clean?   it was not saved" in text.split("\n")
    assert "clean" not in run_card(side(clean=None), None, state="finished", first=False)[1]


def test_a_comparison_says_which_side_is_dirty_and_why():
    notes = ("`x` comes from a cell that was deleted (In [2])",)
    runs = (
        samples.finished("a", number=1, clean=True),
        samples.finished("b", number=2, clean=False, clean_notes=notes),
    )
    text = comparison_text(compare([Side(run=run, labels=samples.labels(run.id)) for run in runs]))
    assert "finished, clean" in text
    assert "finished, dirty" in text
    assert f"r2 is dirty: {notes[0]}" in text
    assert "r1 is dirty" not in text


def test_a_comparison_as_text():
    sides = [
        Side(
            run=samples.finished(
                number=n, started=datetime(2026, 1, n, 12, tzinfo=UTC), params=samples.params({"lr": n, "k": 5}),
                metrics=samples.metrics({"auc": n / 8, "f1": 0.5}), source=f"%%track\nlr = {n}\n\tfit()",
            ),
            labels=samples.labels(name=f"name {n}"),
        )
        for n in (1, 2)
    ]  # fmt: skip
    text = comparison_text(compare(sides))
    assert text.startswith(" Same data. lr differs. r2 reads +0.1250 higher on auc; one run each.\n\nrun  name")
    assert "Params, 1 of 2 differ\n    r1  r2\n──────────\nlr  1   2\n\n" in text
    assert "Metrics, 1 of 2 differ\n" in text
    assert "auc max  0.1250  0.2500  +0.1250 higher" in text
    assert "Code of the tracked cell\n  -lr = 1\n  +lr = 2\n      fit()" in text
    assert "Data, none\n" in text
    assert "--all" in text
    assert "\nk   5   5" in comparison_text(compare(sides), show_all=True)
