"""The main job as a newcomer does it: the quickstart notebook in JupyterLab, run from top to bottom."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import CHROMIUM, FLAGS

sync_api = pytest.importorskip("playwright.sync_api")

RUN = re.compile(r"^Run r\d+$")
CONNECTED = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.sessionContext?.session?.kernel?.connectionStatus === 'connected'
        && panel.sessionContext.session.kernel.status === 'idle';
}"""
ENDED = """() => {
    const cells = window.jupyterapp.shell.currentWidget.content.widgets.filter(cell => cell.model.type === 'code');
    return cells.every(cell => cell.model.executionCount !== null)
        && window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle';
}"""


@pytest.fixture(scope="module")
def page(lab: tuple[str, Path]) -> Iterator["sync_api.Page"]:
    address, _ = lab
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.goto(address)
        page.wait_for_function(CONNECTED, timeout=60_000)
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(ENDED, timeout=120_000)
        yield page
        browser.close()


def screenshot(page: "sync_api.Page", name: str) -> None:
    """Keep a picture where MLEXP_TEST_SCREENSHOTS names a folder."""
    if folder := os.environ.get("MLEXP_TEST_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def show(page: "sync_api.Page", text: str) -> None:
    """Bring the cell that holds a text into sight: JupyterLab draws cells as they come near."""
    index = page.evaluate(
        "text => window.jupyterapp.shell.currentWidget.content.widgets"
        ".findIndex(cell => cell.model.sharedModel.getSource().includes(text))",
        text,
    )
    assert index >= 0, text
    page.evaluate("i => window.jupyterapp.shell.currentWidget.content.scrollToItem(i, 'start')", index)


@pytest.mark.parametrize("name", ["baseline", "forest", "boosting", "steps"])
def test_each_tracked_cell_has_its_card(page: "sync_api.Page", name: str) -> None:
    show(page, f"%%track {name}")
    card = page.get_by_role("region", name=RUN).filter(has_text=name).filter(has_text="auc").first
    card.wait_for(timeout=20_000)
    assert "finished" in card.inner_text()
    screenshot(page, f"card-{name}-light")


def test_the_parts_of_a_card_do_not_overlap(page: "sync_api.Page") -> None:
    show(page, "%%track boosting")
    row = page.get_by_role("region", name="Run r3").get_by_role("row").first
    head, cell = (row.locator(part).bounding_box() for part in ("th", "td"))
    assert head["x"] + head["width"] <= cell["x"]
    assert row.locator("th").evaluate("head => head.scrollWidth <= head.clientWidth")


def test_the_second_card_tells_what_changed(page: "sync_api.Page") -> None:
    show(page, "%%track boosting")
    card = page.get_by_role("region", name="Run r3")
    card.wait_for(timeout=20_000)
    assert "vs r2" in card.inner_text()
    assert "was" in card.inner_text()
    assert "higher" in card.inner_text()


def test_the_card_can_be_read_in_the_dark(page: "sync_api.Page") -> None:
    set_theme = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
    page.evaluate(set_theme, "JupyterLab Dark")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=20_000)
    show(page, "%%track boosting")
    card = page.get_by_role("region", name="Run r3")
    card.wait_for(timeout=20_000)
    screenshot(page, "card-boosting-dark")
    colours = card.evaluate(
        "card => [getComputedStyle(card).color, getComputedStyle(card.closest('.jp-Notebook')).backgroundColor]"
    )
    assert _contrast(*colours) > 7
    page.evaluate(set_theme, "JupyterLab Light")
    page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=20_000)


def test_the_export_at_the_end_is_proven_and_runs(page: "sync_api.Page", lab: tuple[str, Path]) -> None:
    show(page, "%export")
    page.get_by_text("Reproduced bit for bit").first.wait_for(timeout=20_000)
    screenshot(page, "export-light")
    script = lab[1] / "notebooks" / "train.py"
    checked = subprocess.run(
        [sys.executable, "-I", script, "--check"], cwd=lab[1].parent, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "equal those of run r3" in checked.stderr


def _contrast(first: str, second: str) -> float:
    """Return the contrast of two CSS colours, after WCAG."""

    def luminance(colour: str) -> float:
        channels = [float(part) / 255 for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
