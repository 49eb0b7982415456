from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipeline.playing import Cell, Player, Session


@pytest.fixture(scope="session")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    player = Player(tmp_path_factory.mktemp("home"))
    yield player
    player.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder in which the test's session happens."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def play(player: Player, folder: Path) -> Callable[..., Session]:
    """Play cells in that folder."""

    def play(*cells: Cell, kernel: bool = False, **variables: str) -> Session:
        return player.play(folder, cells, kernel=kernel, **variables)

    return play
