"""Clean or dirty as JupyterLab tells it: cells that are deleted, edited, saved."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.test_quickstart import CONNECTED, ENDED

sync_api = pytest.importorskip("playwright.sync_api")

CELLS = ["%load_ext mlexp", "a = 1.5", "b = 2.0", "%%track\nscore = a * b", "%lineage"]


@pytest.fixture
def page(lab: tuple[str, Path]) -> Iterator["sync_api.Page"]:
    address, folder = lab
    cells = [nbformat.v4.new_code_cell(text) for text in CELLS]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "notebooks" / "clean.ipynb")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.goto(address.replace("quickstart", "clean"))
        page.wait_for_function(CONNECTED, timeout=60_000)
        yield page
        browser.close()


def command(page: "sync_api.Page", name: str) -> None:
    page.evaluate("name => window.jupyterapp.commands.execute(name)", name)


def select(page: "sync_api.Page", index: int) -> None:
    page.evaluate("i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i }", index)


def run(page: "sync_api.Page", index: int) -> None:
    select(page, index)
    command(page, "notebook:run-cell")
    page.wait_for_function(ENDED, timeout=60_000)


def edit(page: "sync_api.Page", index: int, text: str) -> None:
    page.evaluate(
        "([i, text]) => window.jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.setSource(text)",
        [index, text],
    )


def test_a_run_tells_whether_the_notebook_would_give_it_again(page: "sync_api.Page") -> None:
    command(page, "notebook:run-all-cells")
    page.wait_for_function(ENDED, timeout=60_000)
    page.get_by_role("region", name="Run r").get_by_text("clean", exact=True).wait_for(timeout=20_000)
    assert "None of 3 names is stale" in page.get_by_role("region", name="Lineage").inner_text()

    edit(page, 1, "a = 7.5")
    command(page, "docmanager:save")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty", timeout=20_000)
    run(page, 3)
    card = page.get_by_role("region", name="Run r")
    card.get_by_text("dirty", exact=True).first.wait_for(timeout=20_000)
    assert "a comes from a cell that was edited since (In [2])" in card.inner_text()

    select(page, 2)
    command(page, "notebook:delete-cell")
    run(page, 2)
    card.get_by_text("deleted").wait_for(timeout=20_000)
    assert "b comes from a cell that was deleted (In [3])" in card.inner_text()
    run(page, 3)
    assert "2 of 3" not in page.get_by_role("region", name="Lineage").inner_text()
    assert "a cell that was deleted" in page.get_by_role("region", name="Lineage").inner_text()
