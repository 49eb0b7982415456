"""PyTorch: networks, optimizers and loaders."""

import pytest

torch = pytest.importorskip("torch")

SETUP = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(64, 5); y = (X[:, 0] > 0).float()
data = TensorDataset(X, y)
def train(net, optimizer, loader, n_epochs=2):
    for _ in range(n_epochs):
        for a, b in loader:
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(net(a)[:, 0], b).backward()
            optimizer.step()
def make():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 1))
net = make()
"""


@pytest.fixture
def ready(loaded):
    loaded.ok(SETUP)
    return loaded


def test_a_network(ready):
    ready.ok("%%track\nmodel = make()")
    assert [(m.name, m.kind, m.summary) for m in ready.latest().record.models] == [
        ("model", "torch.nn.Sequential", "3 layers, 29 parameters")
    ]


PARAMS = {
    "an optimizer": (
        "opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)",
        {"opt.lr": 0.1, "opt.momentum": 0.9},
    ),
    "its defaults": ("opt = torch.optim.Adam(net.parameters())", {"opt.lr": 0.001}),
    "more of it": (
        "opt = torch.optim.AdamW(net.parameters(), lr=0.01, weight_decay=0.5, betas=(0.8, 0.9))",
        {"opt.lr": 0.01, "opt.weight_decay": 0.5, "opt.betas": (0.8, 0.9)},
    ),
    "groups": (
        "opt = torch.optim.SGD([{'params': net[0].parameters()}, {'params': net[2].parameters(), 'lr': 0.5}], lr=0.1)",
        {"opt.lr": 0.1, "opt.group1.lr": 0.5},
    ),
    "a schedule": (
        "opt = torch.optim.SGD(net.parameters(), lr=0.1)\ns = torch.optim.lr_scheduler.StepLR(opt, 1)\n"
        "opt.step(); s.step(); s.step()",
        {"opt.lr": 0.1},
    ),
    "a rate that is a param": ("lr = 0.1\nopt = torch.optim.SGD(net.parameters(), lr=lr)", {}),
    "a loader": ("loader = DataLoader(data, batch_size=16, shuffle=True)", {"loader.batch_size": 16}),
}  # fmt: skip


@pytest.mark.parametrize("name", PARAMS)
def test_params(ready, name):
    cell, expected = PARAMS[name]
    ready.ok(f"%%track\n{cell}")
    record = ready.latest().record
    assert {p.name: p.value for p in record.params if "." in p.name} == expected
    assert record.notes == ()


def test_what_an_earlier_cell_made_and_this_one_uses(ready):
    ready.ok("opt = torch.optim.SGD(net.parameters(), lr=0.25)\nloader = DataLoader(data, batch_size=8)")
    ready.ok("%%track\ntrain(net, opt, loader)")
    run = ready.latest()
    assert run.params == {"opt.lr": 0.25, "loader.batch_size": 8}
    assert [model.name for model in run.record.models] == ["net"]


def test_a_network_that_only_answers_is_not_changed(ready):
    ready.ok("%%track\nwith torch.no_grad(): print(net(X).mean())")
    assert ready.latest().record.models == ()


def test_the_network_is_the_same_to_the_bit(ready):
    cell = (
        "net = make()\ntrain(net, torch.optim.Adam(net.parameters(), lr=0.01), DataLoader(data, 16, shuffle=True))\n"
        "bits = b''.join(p.detach().numpy().tobytes() for p in net.parameters())"
    )
    ready.ok(cell)
    plain = ready.names["bits"]
    ready.ok(f"%%track\n{cell}")
    assert ready.names["bits"] == plain


def test_a_module_whose_attributes_lie(ready):
    ready.ok(
        "class Liar(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.inner = nn.Linear(2, 1)\n"
        "    def parameters(self, recurse=True): raise SystemExit\n    def __len__(self): raise SystemExit\n"
        "    def __repr__(self): raise SystemExit\n    def __eq__(self, other): raise SystemExit\n    __hash__ = None"
    )
    ready.ok("%%track\nliar = Liar()")
    assert [(m.kind, m.summary) for m in ready.latest().record.models] == [("__main__.Liar", "1 layer, 3 parameters")]
    assert ready.latest().record.notes == ()
