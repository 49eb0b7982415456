"""Models: fitted, refitted, changed, tried and thrown away."""

from tests.sessions.form import junk, may, need, session, track

DATA = need(
    """
    import numpy as np
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = (X[:, 0] + 0.3 * X[:, 1] > 0).astype(int)
    """
)

SESSIONS = [
    session(
        "fit in one cell, score in another",
        DATA,
        need("from sklearn.linear_model import LogisticRegression"),
        need("model = LogisticRegression(C=0.5)"),
        need("model.fit(X, y)"),
        junk("model.coef_"),
        junk("model.predict(X[:5])"),
        track("acc = model.score(X, y)"),
    ),
    session(
        "partial_fit twice",
        DATA,
        need("from sklearn.linear_model import SGDClassifier"),
        need("sgd = SGDClassifier(random_state=0)"),
        need("sgd.partial_fit(X[:30], y[:30], classes=[0, 1])"),
        junk("sgd.score(X, y)"),
        need("sgd.partial_fit(X[30:], y[30:])"),
        track("w = sgd.coef_.tolist()"),
    ),
    session(
        "set_params between",
        DATA,
        need("from sklearn.tree import DecisionTreeClassifier"),
        need("tree = DecisionTreeClassifier(random_state=0)"),
        junk("tree.get_params()"),
        need("tree.set_params(max_depth=2)"),
        need("tree.fit(X, y)"),
        track("v = (tree.get_depth(), tree.score(X, y))"),
    ),
    session(
        "a model refitted: the first fit is nothing",
        DATA,
        need("from sklearn.linear_model import Ridge"),
        need("ridge = Ridge()"),
        may("ridge.fit(X[:10], y[:10])"),
        need("ridge.fit(X, y)"),
        track("v = ridge.coef_.tolist()"),
    ),
    session(
        "other models tried in between",
        DATA,
        need("from sklearn.linear_model import LogisticRegression"),
        junk("from sklearn.tree import DecisionTreeClassifier"),
        junk("tree = DecisionTreeClassifier(random_state=1).fit(X, y)"),
        junk("tree.score(X, y)"),
        need("clf = LogisticRegression().fit(X, y)"),
        junk("from sklearn.neighbors import KNeighborsClassifier\nknn = KNeighborsClassifier().fit(X, y)"),
        junk("print(knn.score(X, y), clf.score(X, y))"),
        track("p = clf.predict_proba(X)[:, 1]"),
    ),
    session(
        "a pipeline's step changed through its alias",
        DATA,
        need("from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler"),
        need("from sklearn.linear_model import Ridge"),
        need("ridge = Ridge(alpha=1.0)"),
        need("pipe = make_pipeline(StandardScaler(), ridge)"),
        need("ridge.alpha = 50.0"),
        junk("pipe"),
        track("v = pipe.fit(X, y).predict(X[:3])"),
    ),
    session(
        "the scaler was fitted on other data than it seems",
        DATA,
        need("from sklearn.preprocessing import StandardScaler"),
        need("scaler = StandardScaler()"),
        may("scaler.fit(X)"),
        need("train = X[:20]"),
        need("scaler.fit(train)"),
        junk("scaler.mean_"),
        track("v = scaler.transform(X[:2])"),
    ),
    session(
        "a split, reused names",
        DATA,
        need("from sklearn.model_selection import train_test_split"),
        junk("X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)"),
        junk("X_train.mean()"),
        need("X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=42)"),
        need("from sklearn.linear_model import LogisticRegression"),
        need("model = LogisticRegression().fit(X_train, y_train)"),
        junk("from sklearn.metrics import confusion_matrix\nconfusion_matrix(y_test, model.predict(X_test))"),
        need("from sklearn.metrics import f1_score"),
        track("f1 = f1_score(y_test, model.predict(X_test))"),
        cli=True,
    ),
    session(
        "a warm start grows the forest",
        DATA,
        need("from sklearn.ensemble import RandomForestClassifier"),
        need("rf = RandomForestClassifier(5, warm_start=True, random_state=0)"),
        may("rf.fit(X, y)"),
        need("rf.n_estimators = 8"),
        need("rf.fit(X, y)"),
        junk("rf.feature_importances_"),
        track("p = rf.predict_proba(X[:4])"),
    ),
    session(
        "the clone of a model is another",
        DATA,
        need("from sklearn.base import clone\nfrom sklearn.linear_model import Ridge"),
        need("base = Ridge(alpha=2.0)"),
        junk("fitted = clone(base).fit(X[:10], y[:10])"),
        junk("fitted.coef_"),
        need("m = clone(base)"),
        track("c = m.fit(X, y).coef_"),
    ),
    session(
        "a search by cross validation, its table looked at",
        DATA,
        need("from sklearn.model_selection import GridSearchCV\nfrom sklearn.linear_model import LogisticRegression"),
        need("grid = GridSearchCV(LogisticRegression(), {'C': [0.1, 1.0]}, cv=3)"),
        need("grid.fit(X, y)"),
        junk("import pandas as pd\npd.DataFrame(grid.cv_results_)[['mean_test_score']]"),
        need("best = grid.best_estimator_"),
        junk("grid.best_params_"),
        track("v = best.coef_"),
    ),
    session(
        "a results table filled by several cells",
        DATA,
        need("results = {}"),
        need("from sklearn.linear_model import Ridge, Lasso"),
        need("results['ridge'] = Ridge().fit(X, y).score(X, y)"),
        need("results['lasso'] = Lasso(alpha=0.01).fit(X, y).score(X, y)"),
        junk("results"),
        junk("max(results, key=results.get)"),
        track("scores = sorted(results.items())"),
    ),
    session(
        "a network trained by hand, cell run three times",
        DATA,
        need("W = np.zeros(3)\nlosses = []"),
        need(
            """
            for _ in range(5):
                p = 1 / (1 + np.exp(-X @ W))
                W -= 0.5 * X.T @ (p - y) / len(y)
                losses.append(float(np.mean((p - y) ** 2)))
            """,
            "train",
        ),
        junk("losses[-1]"),
        need(again="train"),
        need(again="train"),
        track("final = losses[-1]\nnorm = float(W @ W)"),
    ),
    session(
        "columns encoded by a fitted encoder",
        need("import pandas as pd\nfrom sklearn.preprocessing import OneHotEncoder"),
        need("df = pd.DataFrame({'c': ['r', 'g', 'r', 'b']})"),
        need("enc = OneHotEncoder(sparse_output=False)"),
        need("enc.fit(df[['c']])"),
        junk("enc.categories_"),
        junk("df['c'].nunique()"),
        track("m = enc.transform(df[['c']])"),
    ),
]
