"""What cells do to tensors, networks and boosted trees: setup | cell, and the names that it changes."""

import pytest

from mlexp.capture import budget

TORCH = "import torch; from torch import nn; m = nn.Linear(2, 1); x = torch.ones(4, 2); "
TORCH_CASES = {
    "w = m.weight | w.data.fill_(1)": "m w",
    "y = x[:2] | y.zero_()": "x y",
    "x += 0 | x.add_(1)": "x",
    "import numpy as np; a = np.ones(3); t = torch.from_numpy(a) | t[0] = 5": "a t",
    "import numpy as np; a = np.ones(3); t = torch.from_numpy(a) | a[0] = 5": "a t",
    "loss = m(x).mean() | loss.backward()": "m",
    "o = torch.optim.SGD(m.parameters(), lr=.1); m(x).mean().backward() | o.step()": "m o",
    "o = torch.optim.Adam(m.parameters(), lr=.1); m(x).mean().backward() | o.step()": "m o",
    "o = torch.optim.SGD(m.parameters(), lr=.1); m(x).mean().backward() | o.zero_grad()": "m o",
    "pass | m.eval()": "m",
    "pass | m.weight.requires_grad_(False)": "m",
    "pass | nn.init.ones_(m.weight)": "m",
    "pass | m(x)": "",
    "pass | with torch.no_grad(): out = m(x)": "",
    "pass | m.state_dict(); x.mean(); x[:2]; x + 1; print(x)": "",
    "from torch.utils.data import *; d = DataLoader(TensorDataset(x), 2, shuffle=True) | for b, in d: m(b)": "",
    "g = torch.Generator() | torch.rand(2, generator=g)": "",
}
BOOSTING_CASES = {
    "xgboost: m = xgboost.XGBRegressor(n_estimators=2) | m.fit(X, y)": "m",
    "xgboost: m = xgboost.XGBRegressor(n_estimators=2).fit(X, y) | m.predict(X)": "",
    "xgboost: m = xgboost.train({}, xgboost.DMatrix(X, y), 2) | m.update(xgboost.DMatrix(X, y), 3)": "m",
    "lightgbm: m = lightgbm.LGBMRegressor(n_estimators=2, verbose=-1) | m.fit(X, y)": "m",
    "lightgbm: m = lightgbm.LGBMRegressor(n_estimators=2, verbose=-1).fit(X, y) | m.score(X, y)": "",
}


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    monkeypatch.setattr(budget, "_AFTER_S", 5.0)
    monkeypatch.setattr(budget, "_BEFORE_S", 5.0)


@pytest.mark.parametrize(("case", "changed"), TORCH_CASES.items(), ids=TORCH_CASES)
def test_tensors_and_networks(loaded, case, changed):
    pytest.importorskip("torch")
    setup, cell = case.split(" | ")
    loaded.ok(TORCH + setup)
    loaded.ok(cell)
    execution = loaded.executions()[-1]
    assert (set(execution.changed), execution.suspected) == (set(changed.split()), ())


@pytest.mark.parametrize(("case", "changed"), BOOSTING_CASES.items(), ids=BOOSTING_CASES)
def test_boosted_trees(loaded, case, changed):
    library, _, case = case.partition(": ")
    pytest.importorskip(library)
    setup, cell = case.split(" | ")
    loaded.ok(f"import numpy as np, {library}; X = np.arange(60.).reshape(20, 3); y = X[:, 0]\n{setup}")
    loaded.ok(cell)
    execution = loaded.executions()[-1]
    assert (set(execution.changed), execution.suspected) == (set(changed.split()), ())
