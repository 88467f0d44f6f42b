"""Records how well scikit-learn's ExtraTreesRegressor does, for test/agents/trees/extra-trees.test.ts.

The samples are numpy's default_rng(7).random((1000, 10)), which our own generator draws too, and the target is
Friedman's first function (Friedman 1991), without noise; the first 500 are for training. Writes
test/fixtures/trees/extra-trees.json: for each setting the mean and the standard deviation, over 40 seeds, of R^2 on the
other 500, of the mean number of leaves, and of the mean depth of a tree.

    pip install scikit-learn==1.9.1 numpy==2.4.6
    python scripts/record-extra-trees.py
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.ensemble import ExtraTreesRegressor

SEEDS = 40
SETTINGS = [
    {"splitFeatures": 10, "minSplit": 5, "minLeaf": 2},
    {"splitFeatures": 3, "minSplit": 20, "minLeaf": 1},
    {"splitFeatures": 1, "minSplit": 2, "minLeaf": 7},
]

x = np.random.default_rng(7).random((1000, 10)).astype(np.float32)
y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]


def measure(seed, splitFeatures, minSplit, minLeaf):
    forest = ExtraTreesRegressor(
        n_estimators=50,
        max_features=splitFeatures,
        min_samples_split=minSplit,
        min_samples_leaf=minLeaf,
        random_state=seed,
    ).fit(x[:500], y[:500])
    return (
        forest.score(x[500:], y[500:]),
        np.mean([tree.get_n_leaves() for tree in forest.estimators_]),
        np.mean([tree.get_depth() for tree in forest.estimators_]),
    )


cases = []
for settings in SETTINGS:
    measured = np.array([measure(seed, **settings) for seed in range(SEEDS)])
    means, deviations = measured.mean(axis=0), measured.std(axis=0, ddof=1)
    cases.append(
        {
            **settings,
            **{
                name: {"mean": round(mean, 6), "sd": round(sd, 6)}
                for name, mean, sd in zip(["r2", "leaves", "depth"], means, deviations)
            },
        }
    )

path = pathlib.Path(__file__).parent.parent / "test/fixtures/trees/extra-trees.json"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps({"sklearn": sklearn.__version__, "seeds": SEEDS, "cases": cases}, indent=2) + "\n")
