"""Sessions as data scientists have them, in the style of real notebooks."""

from tests.sessions.form import answer, junk, may, need, session, sh, track

CHURN = "id,age,plan,spend,left\n" + "".join(
    f"{i},{20 + i * 7 % 45},{'abc'[i % 3]},{'' if i % 11 == 5 else i * 13 % 97 / 4},{int(i * 7 % 5 == 0)}\n"
    for i in range(80)
)
SALES = "day,shop,n\n" + "".join(f"2024-01-{1 + i % 28:02d},{'NS'[i % 2]},{i * 5 % 23}\n" for i in range(112))

SESSIONS = [
    session(
        "churn: clean, explore, two models, the second tracked",
        junk("%matplotlib inline"),
        need("import pandas as pd\nimport numpy as np\nimport matplotlib.pyplot as plt"),
        need("df = pd.read_csv('churn.csv')"),
        junk("df.head()"),
        junk("df.info()"),
        junk("df.isna().sum()"),
        junk("df['age'].hist()\nplt.show()"),
        need("df['spend'] = df['spend'].fillna(df['spend'].median())"),
        junk("df.groupby('plan')['left'].mean()"),
        need("X = pd.get_dummies(df[['age', 'plan', 'spend']], columns=['plan'])"),
        need("y = df['left']"),
        junk("X.shape, y.mean()"),
        need("from sklearn.model_selection import train_test_split"),
        need("X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)"),
        junk(
            "from sklearn.dummy import DummyClassifier\nDummyClassifier().fit(X_train, y_train).score(X_test, y_test)"
        ),
        junk("from sklearn.linear_model import LogisticRegression\nlr = LogisticRegression(max_iter=500)"),
        junk("lr.fit(X_train, y_train)"),
        junk("lr.score(X_test, y_test)"),
        need("from sklearn.ensemble import RandomForestClassifier"),
        need("n_trees = 10"),
        junk("plt.bar(['a'], [1]); plt.title('plans')"),
        track(
            """
            model = RandomForestClassifier(n_trees, random_state=1)
            model.fit(X_train, y_train)
            proba = model.predict_proba(X_test)[:, 1]
            acc = model.score(X_test, y_test)
            """
        ),
        values="proba acc",
        files={"churn.csv": CHURN},
        cli=True,
    ),
    session(
        "the same table cleaned twice by mistake",
        need("import pandas as pd"),
        need("df = pd.read_csv('churn.csv')", "load"),
        need("df['age'] = df['age'] * 1.1", "scale"),
        need(again="scale"),
        junk("df['age'].mean()"),
        track("mean_age = df['age'].mean()"),
        files={"churn.csv": CHURN},
    ),
    session(
        "reloaded and cleaned again: the first round is nothing",
        need("import pandas as pd"),
        junk("df = pd.read_csv('churn.csv')", "load"),
        junk("df = df.dropna()\ndf['spend'] += 1", "clean"),
        junk("df.describe()"),
        need(again="load"),
        need("df = df.fillna(0.0)\ndf['spend'] += 2", "clean"),
        track("total = float(df['spend'].sum())"),
        files={"churn.csv": CHURN},
    ),
    session(
        "sales by week, a helper edited",
        need("import pandas as pd"),
        need("sales = pd.read_csv('sales.csv', parse_dates=['day'])"),
        junk("sales.dtypes"),
        junk("def weekly(t):\n    return t.groupby('shop')['n'].sum()", "helper"),
        junk("weekly(sales)"),
        need(
            "def weekly(t, rule='7D'):\n    return t.set_index('day').groupby('shop')['n'].resample(rule).sum()",
            "helper",
        ),
        need("table = weekly(sales)"),
        junk("table.unstack(0).plot if False else table.head(3)"),
        need("best = table.groupby('shop').max()"),
        track("gap = int(best['N'] - best['S'])"),
        files={"sales.csv": SALES},
    ),
    session(
        "k-means with scores for several k, unseeded",
        need("import numpy as np\nfrom sklearn.cluster import KMeans"),
        need("pts = np.random.default_rng(1).normal(size=(40, 2))"),
        junk("inertias = [KMeans(k, n_init=1).fit(pts).inertia_ for k in (2, 3)]"),
        junk("inertias"),
        need("k = 4"),
        track("km = KMeans(k, n_init=2).fit(pts)\nlabels = km.labels_\ninertia = km.inertia_"),
        values="labels inertia",
        unseeded=True,
    ),
    session(
        "a learning curve by hand",
        junk("import numpy as np"),
        need("from sklearn.datasets import make_regression\nX, y = make_regression(80, 4, noise=3.0, random_state=0)"),
        need("from sklearn.linear_model import Ridge\nfrom sklearn.metrics import mean_squared_error"),
        need("curve = []"),
        need(
            "for n in (10, 20, 40):\n    m = Ridge().fit(X[:n], y[:n])\n    curve.append(mean_squared_error(y[40:], m.predict(X[40:])))"
        ),
        junk("import matplotlib.pyplot as plt\nplt.plot(curve)"),
        junk("np.diff(curve)"),
        track("last = curve[-1]"),
    ),
    session(
        "text: a vocabulary grown cell by cell",
        need("from collections import Counter\nimport re"),
        need("docs = ['the cat sat', 'the dog', 'a cat']"),
        need("vocab = Counter()"),
        need("def tokens(t):\n    return re.findall(r'\\w+', t.lower())"),
        junk("tokens('Try this')"),
        need("for d in docs:\n    vocab.update(tokens(d))"),
        junk("vocab.most_common(2)"),
        need("stop = {'the', 'a'}"),
        need("for w in stop:\n    del vocab[w]"),
        track("top = sorted(vocab.items())"),
    ),
    session(
        "a threshold asked for, failures on the way",
        need("scores = [0.2, 0.9, 0.6, 0.7]"),
        junk("cut = float(threshold)", raises=True),
        answer("0.65"),
        need("cut = float(input('cut? '))"),
        junk("[s for s in score if s > cut]", raises=True),
        need("chosen = [s for s in scores if s > cut]"),
        junk("len(chosen)"),
        track("share = len(chosen) / len(scores)"),
    ),
    session(
        "preprocessing with pipes and column transformers",
        need("import pandas as pd\nfrom sklearn.compose import ColumnTransformer"),
        need("from sklearn.preprocessing import OneHotEncoder, StandardScaler"),
        need("df = pd.read_csv('churn.csv').dropna()"),
        junk("df.sample(3, random_state=0)"),
        need("ct = ColumnTransformer([('n', StandardScaler(), ['age', 'spend']), ('c', OneHotEncoder(), ['plan'])])"),
        need("Z = ct.fit_transform(df)"),
        junk("ct.named_transformers_['n'].mean_"),
        need("from sklearn.svm import SVC\nsvc = SVC(C=2.0).fit(Z, df['left'])"),
        junk("svc.n_support_"),
        track("pred = svc.decision_function(Z)"),
        files={"churn.csv": CHURN},
    ),
    session(
        "simulation with an unseeded helper",
        need("import random, statistics"),
        need("def walk(n):\n    x = 0\n    for _ in range(n):\n        x += random.choice((-1, 1))\n    return x"),
        junk("walk(10)"),
        need("ends = [walk(50) for _ in range(20)]"),
        junk("statistics.mean(ends)"),
        track("spread = statistics.pstdev(ends)\nnew = walk(30)"),
        unseeded=True,
    ),
    session(
        "downloaded once by a shell line, then used",
        need("!printf '1 2 3\\n4 5 6\\n' > raw.txt"),
        junk("!head -1 raw.txt"),
        need("import numpy as np\nm = np.loadtxt('raw.txt')"),
        sh("rm -f raw.txt"),
        junk("m.shape"),
        track("det = float((m @ m.T)[0, 1])"),
    ),
    session(
        "an experiment class that collects results",
        need(
            "class Experiment:\n    def __init__(self, name):\n        self.name, self.results = name, []\n    def run(self, f, *a):\n        self.results.append(f(*a))\n        return self.results[-1]"
        ),
        need("exp = Experiment('a')"),
        need("exp.run(max, 3, 9)"),
        junk("Experiment('scratch').run(min, 1, 2)"),
        junk("exp.name"),
        need("exp.run(lambda p: p**2, 4)"),
        track("results = list(exp.results)"),
    ),
    session(
        "statistics of a bootstrap with a Generator drawn elsewhere, too",
        need("import numpy as np"),
        need("rng = np.random.default_rng(12)"),
        need("sample = rng.exponential(size=30)"),
        may("rng.normal(size=5)"),
        need("boots = [rng.choice(sample, 30).mean() for _ in range(20)]"),
        may("rng.random()"),
        junk("np.percentile(boots, 50)"),
        track("low, high = np.percentile(boots, [2.5, 97.5])"),
        unseeded=True,
    ),
    session(
        "images as arrays, augmented in place",
        need("import numpy as np"),
        need("imgs = np.arange(2 * 4 * 4, dtype=float).reshape(2, 4, 4)"),
        need("def flip(a):\n    a[:] = a[:, ::-1].copy()"),
        need("flip(imgs[0])"),
        junk("import matplotlib.pyplot as plt\nplt.imshow(imgs[0])"),
        need("imgs /= imgs.max()"),
        junk("imgs.min(), imgs.dtype"),
        track("patch = imgs[:, 1:3, 1:3].copy()"),
    ),
]
