"""Means over seeds and what they leave open: 95 % intervals of Student's t."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A mean of n values and its 95 % interval, from low to high: mean plus or minus half_width."""

    mean: float
    half_width: float
    low: float
    high: float
    n: int


def mean_interval(runs: Iterable[dict], arm: str, metric: str) -> Interval:
    """Average a metric over the seeds of an arm.

    Parameters
    ----------
    runs : iterable of dict
        As from `load`.
    arm : str
    metric : str
        A key of the runs' ``results``.

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        If the arm has fewer than two runs, a seed twice, or runs with other arguments, or if
        its results lack the metric.
    """
    return _interval(list(_by_seed(list(runs), [arm], metric)[0].values()))


def paired_difference(runs: Iterable[dict], arm: str, baseline: str, metric: str) -> Interval:
    """Average `arm` minus `baseline` over seeds, each seed compared with itself.

    What a seed does to both arms alike cancels, so the interval is narrower than that of two
    separate means.

    Parameters
    ----------
    runs : iterable of dict
        As from `load`.
    arm, baseline : str
        Arms with the same seeds.
    metric : str
        A key of the runs' ``results``.

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        As `mean_interval`, or if the two arms have other seeds.

    Examples
    --------
    >>> runs = [
    ...     {"arm": arm, "seed": seed, "arguments": {}, "results": {"accuracy": accuracy}}
    ...     for arm, accuracies in {"a": (70.0, 80.0), "b": (71.0, 83.0)}.items()
    ...     for seed, accuracy in enumerate(accuracies)
    ... ]
    >>> difference = paired_difference(runs, "b", "a", "accuracy")
    >>> difference.mean, round(difference.half_width, 1), difference.n
    (2.0, 12.7, 2)
    """
    ours, theirs = _by_seed(list(runs), [arm, baseline], metric)
    if ours.keys() != theirs.keys():
        raise ValueError(
            f"arm {arm!r} and baseline {baseline!r} must have the same seeds, "
            f"got {sorted(ours)} and {sorted(theirs)}"
        )
    return _interval([ours[seed] - theirs[seed] for seed in ours])


def _by_seed(runs: list[dict], arms: Sequence[str], metric: str) -> list[dict[int, float]]:
    """Return seed -> value for each arm, or say why these runs must not be compared."""
    known = sorted({run["arm"] for run in runs})
    if unknown := set(arms) - set(known):
        raise ValueError(f"arm must be one of {known}, got {min(unknown)!r}")
    chosen = [run for run in runs if run["arm"] in arms]
    if any(run["arguments"] != chosen[0]["arguments"] for run in chosen):
        raise ValueError("runs must share their arguments to be compared")
    if len({(run["arm"], run["seed"]) for run in chosen}) < len(chosen):
        raise ValueError("runs must hold each seed of an arm once")
    if metrics := [run["results"].keys() for run in chosen if metric not in run["results"]]:
        raise ValueError(f"metric must be one of {sorted(metrics[0])}, got {metric!r}")
    values = {arm: {} for arm in arms}
    for run in chosen:
        values[run["arm"]][run["seed"]] = run["results"][metric]
    return [values[arm] for arm in arms]


def _interval(values: Sequence[float]) -> Interval:
    from scipy.special import stdtrit

    n = len(values)
    if n < 2:
        raise ValueError(f"an interval needs at least two seeds, got {n}")
    mean = float(np.mean(values))
    quantile = stdtrit(n - 1, (1 + CONFIDENCE) / 2)
    half_width = float(quantile * np.std(values, ddof=1) / math.sqrt(n))
    return Interval(mean, half_width, mean - half_width, mean + half_width, n)
