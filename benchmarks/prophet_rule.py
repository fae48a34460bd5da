"""Prophet's intervals as a spike rule, where the extra ``benchmarks`` has installed Prophet (MIT).

At each midnight a model is fitted to the hours of the last two weeks; each hour of the coming day
that lies above the interval, with five negatives at least, is an alert. A fit takes some tenths of
a second, which is why it is made once a day and judged on a few series only.
"""

import importlib
import importlib.util
import logging
from types import ModuleType

import numpy as np

from benchmarks.rival_rules import DAY_H, HOUR, LEAST, WEEK_H, Alerts, Counts

PAST_H = 2 * WEEK_H
# As wide as three standard deviations of a normal distribution to either side.
INTERVAL = 0.9973
SAMPLES = 300


def is_installed() -> bool:
    """Say whether Prophet can be imported."""
    return importlib.util.find_spec("prophet") is not None


def prophet_intervals(counts: Counts) -> Alerts:
    """Alert at the end of each hour whose count lies above what Prophet expected at midnight.

    The first fit needs a week. Series are taken to begin at a midnight, as generated ones do.
    """
    logging.getLogger("prophet.plot").setLevel(logging.CRITICAL)
    prophet, pandas = importlib.import_module("prophet"), importlib.import_module("pandas")
    logging.getLogger("cmdstanpy").setLevel(logging.CRITICAL)
    whole = len(counts) // HOUR * HOUR
    hours = counts[:whole].reshape(-1, HOUR).sum(axis=1).astype(float)
    times = pandas.date_range("2025-01-06", periods=len(hours), freq="h")
    alerts = np.zeros(len(counts), dtype=bool)
    for midnight in range(WEEK_H, len(hours), DAY_H):
        past = slice(max(0, midnight - PAST_H), midnight)
        coming = slice(midnight, min(midnight + DAY_H, len(hours)))
        upper = _upper(prophet, pandas, times[past], hours[past], times[coming])
        found = (hours[coming] > upper) & (hours[coming] >= LEAST)
        alerts[(np.flatnonzero(found) + midnight + 1) * HOUR - 1] = True
    return alerts


def _upper(
    prophet: ModuleType, pandas: ModuleType, past: object, hours: Counts, coming: object
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the upper ends of the intervals of the coming hours."""
    # Prophet draws its intervals from numpy's global generator.
    np.random.seed(0)
    model = prophet.Prophet(
        interval_width=INTERVAL, uncertainty_samples=SAMPLES, yearly_seasonality=False
    )
    model.fit(pandas.DataFrame({"ds": past, "y": hours}), seed=0)
    forecast = model.predict(pandas.DataFrame({"ds": coming}))
    return np.asarray(forecast["yhat_upper"], dtype=np.float64)
