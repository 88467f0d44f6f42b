"""Records what rliable and scipy compute of made-up scores, for test/agents/statistics.test.ts.

pip install rliable==1.2.0 "pandas<3"; python scripts/record-statistics.py > test/fixtures/statistics.json
"""

import json

import numpy as np
import scipy.stats
from rliable import library, metrics

rng = np.random.default_rng(0)
CONFIDENCE = 0.95
RESAMPLES = 4_000


def interval(scores, aggregate):
    """Scores are an array [runs, tasks], or a pair of them."""
    task = {"x": scores}
    _, bounds = library.get_interval_estimates(
        task, lambda *x: np.array([aggregate(*x)]), reps=RESAMPLES, confidence_interval_size=CONFIDENCE
    )
    return bounds["x"][:, 0].tolist()


def case(runs, tasks):
    x = np.round(rng.normal(10, 3, (runs, tasks)), 3)
    y = np.round(rng.normal(9, 3, (runs + 1, tasks)), 3)
    return {
        "x": x.T.tolist(),
        "y": y.T.tolist(),
        "iqm": metrics.aggregate_iqm(x),
        "mean": metrics.aggregate_mean(x),
        "median": float(np.median(x)),
        "probabilityOfImprovement": metrics.probability_of_improvement(x, y),
        "iqmInterval": interval(x, metrics.aggregate_iqm),
        "meanInterval": interval(x, metrics.aggregate_mean),
        "improvementInterval": interval((x, y), metrics.probability_of_improvement),
    }


trimmed = [[3.0], [1.0, 4.0], [9.0, 1.0, 5.0], [7.0, 1.0, 3.0, 100.0], [500.0, 18.5, 500.0, 190.0, 475.0]]
print(
    json.dumps(
        {
            "trimmed": [{"values": v, "iqm": scipy.stats.trim_mean(v, 0.25)} for v in trimmed],
            "cases": [case(5, 1), case(10, 1), case(6, 3)],
        },
        indent=1,
    )
)
