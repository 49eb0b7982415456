"""torch, XGBoost and LightGBM: parameters changed in place, optimizers, generators, boosters."""

from functools import partial

from tests.sessions.form import junk, need, session, track

torch = partial(session, needs="torch")
NN = need("import torch\nfrom torch import nn")
DATA = need("X = torch.arange(12.0).reshape(6, 2) / 10\ny = X.sum(1, keepdim=True)")
NP = need(
    "import numpy as np\nrng = np.random.default_rng(0)\nX = rng.normal(size=(60, 3))\ny = (X[:, 0] > 0).astype(int)"
)

SESSIONS = [
    torch(
        "a view of a tensor",
        need("import torch"),
        need("a = torch.zeros(4)"),
        need("b = a[1:3]"),
        need("b.add_(5)"),
        junk("c = a.clone()\nc.fill_(9)"),
        track("v = a.tolist()"),
    ),
    torch(
        "a tensor that shares an array",
        need("import numpy as np, torch"),
        need("arr = np.ones(3)"),
        need("t = torch.from_numpy(arr)"),
        need("arr[0] = 7"),
        junk("t.sum()"),
        need("t[2] = -1"),
        track("v = (arr.tolist(), t.tolist())"),
    ),
    torch(
        "a training loop, seeded, the cell run twice",
        NN,
        DATA,
        need("torch.manual_seed(3)"),
        need("net = nn.Linear(2, 1)"),
        need("opt = torch.optim.SGD(net.parameters(), lr=0.1)"),
        junk("sum(p.numel() for p in net.parameters())"),
        need(
            "for _ in range(3):\n    opt.zero_grad()\n    loss = ((net(X) - y) ** 2).mean()\n    loss.backward()\n    opt.step()",
            "train",
        ),
        junk("loss.item()"),
        need(again="train"),
        track("with torch.no_grad():\n    v = net(X).flatten().tolist()"),
        values="v",
    ),
    torch(
        "an optimizer with momentum keeps a state",
        NN,
        DATA,
        need("torch.manual_seed(0)\nnet = nn.Linear(2, 1)"),
        need("opt = torch.optim.Adam(net.parameters(), lr=0.05)"),
        need(
            "def step():\n    opt.zero_grad()\n    loss = ((net(X) - y) ** 2).mean()\n    loss.backward()\n    opt.step()\n    return loss.item()"
        ),
        need("step()"),
        junk("net.state_dict()"),
        need("step()"),
        track("v = step()"),
    ),
    torch(
        "unseeded weights",
        NN,
        junk("torch.rand(2)"),
        need("net = nn.Linear(2, 1)"),
        junk("torch.randn(3)"),
        track("v = net.weight.flatten().tolist()"),
        unseeded=True,
    ),
    torch(
        "dropout and train/eval modes",
        NN,
        need("torch.manual_seed(1)\nnet = nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.5))"),
        junk("net"),
        need("net.eval()"),
        track("v = net(torch.ones(1, 2)).tolist()"),
    ),
    torch(
        "a generator of torch",
        need("import torch"),
        need("g = torch.Generator().manual_seed(5)"),
        need("a = torch.rand(2, generator=g)"),
        junk("torch.rand(1)"),
        track("v = torch.rand(2, generator=g).tolist()"),
    ),
    torch(
        "parameters loaded from a state, a layer frozen",
        NN,
        need("torch.manual_seed(0)\na, b = nn.Linear(2, 2), nn.Linear(2, 2)"),
        need("b.load_state_dict(a.state_dict())"),
        junk("a(torch.ones(2))"),
        need("with torch.no_grad():\n    a.weight.mul_(2)"),
        track("v = (a.weight.tolist(), b.weight.tolist())"),
    ),
    torch(
        "saved and loaded",
        NN,
        need("torch.manual_seed(2)\nnet = nn.Linear(2, 1)"),
        need("torch.save(net.state_dict(), 'net.pt')"),
        junk("net = None"),
        need("fresh = nn.Linear(2, 1)"),
        need("fresh.load_state_dict(torch.load('net.pt'))"),
        track("v = fresh.bias.tolist()"),
    ),
    torch(
        "a loader that shuffles, unseeded",
        need("import torch\nfrom torch.utils.data import DataLoader, TensorDataset"),
        need("ds = TensorDataset(torch.arange(8))"),
        need("loader = DataLoader(ds, batch_size=3, shuffle=True)"),
        junk("next(iter(loader))"),
        track("v = [b[0].tolist() for b in loader]"),
        unseeded=True,
    ),
    session(
        "XGBoost's wrapper",
        NP,
        need("from xgboost import XGBClassifier"),
        need("m = XGBClassifier(n_estimators=4, max_depth=2)"),
        need("m.fit(X, y)"),
        junk("m.feature_importances_"),
        track("p = m.predict_proba(X)[:, 1]"),
        needs="xgboost",
    ),
    session(
        "a booster continued",
        NP,
        need("import xgboost as xgb"),
        need("d = xgb.DMatrix(X, y)"),
        need("b = xgb.train({'max_depth': 2}, d, 3)"),
        junk("b.predict(d)"),
        need("b = xgb.train({'max_depth': 2}, d, 2, xgb_model=b)"),
        track("p = b.predict(d)"),
        needs="xgboost",
    ),
    session(
        "LightGBM's wrapper",
        NP,
        need("from lightgbm import LGBMClassifier"),
        need("m = LGBMClassifier(n_estimators=4, min_child_samples=5, verbose=-1)"),
        need("m.fit(X, y)"),
        junk("m.booster_.num_trees()"),
        track("p = m.predict_proba(X)[:, 1]"),
        needs="lightgbm",
    ),
]
