"""torch's generators in a script: restored where the sections would not lead to their states."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipeline.playing import Player, Session

pytest.importorskip("torch")

IMPORT = "import torch\nfrom torch import nn\nfrom torch.utils.data import DataLoader, TensorDataset"
SPENT = "%timeit -n1 -r1 torch.rand(1)"
Play = Callable[..., Session]

SESSIONS: dict[str, tuple[list[str], list[str]]] = {
    "seeded": (
        ["torch.manual_seed(0)\nm = nn.Linear(2, 1)", "%%track\ny = float(m.weight.sum()) + float(torch.rand(1))"],
        [],
    ),
    "unseeded": (["%%track\ny = float(torch.rand(1))"], ["rng-3-torch.json"]),
    "imported and drawn from in one cell": (
        ["import torch\nx = torch.rand(2)", "%%track\ny = float(x.sum())"],
        ["rng-3-torch.json"],
    ),
    "spent elsewhere": (["torch.manual_seed(0)", SPENT, "%%track\ny = float(torch.rand(1))"], ["rng-5-torch.json"]),
    "an object": (
        ["g = torch.Generator()\ng.manual_seed(3)", "%%track\ny = float(torch.rand(1, generator=g))"],
        [],
    ),
    "an object, spent elsewhere": (
        [
            "g = torch.Generator().manual_seed(3)",
            "%timeit -n1 -r1 torch.rand(1, generator=g)",
            "%%track\ny = float(torch.rand(1, generator=g))",
        ],
        ["rng-5-g.json"],
    ),
    "a loader": (
        [
            "dl = DataLoader(TensorDataset(torch.arange(10.0)), batch_size=2, shuffle=True)",
            SPENT,
            "%%track\ny = float(next(iter(dl))[0].sum())",
        ],
        ["rng-5-torch.json"],
    ),
}


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    player = Player(tmp_path_factory.mktemp("home"))
    yield player
    player.close()


@pytest.mark.parametrize("name", SESSIONS)
def test_a_state_of_torchs_is_restored_where_it_must_be(player: Player, tmp_path: Path, name: str) -> None:
    cells, states = SESSIONS[name]
    folder = tmp_path / "project"
    folder.mkdir()
    script = player.play(folder, [IMPORT, *cells]).export()
    assert script.verdict == "reproduced", (script.proof.reason, script.cells)
    assert script.bundled == states, script.cells
    assert script.start("--check").returncode == 0
