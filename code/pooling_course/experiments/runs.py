"""One run, one line of JSON: make it, store it, read it back."""

import json
import os
import threading
import time
import warnings
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import pooling
from pooling_course.data import data_folder
from pooling_course.files import write

EXPERIMENTS = ("operators", "overlap", "pyramid", "shift")
FIELDS = {"experiment", "arm", "seed", "arguments", "versions", "seconds", "results"}

Folder = str | os.PathLike[str]

_one_run = threading.Lock()


def arms(name: str) -> tuple[str, ...]:
    """Return the names of the arms of an experiment.

    Examples
    --------
    >>> arms("overlap")
    ('max 2/2', 'max 3/2', 'average 2/2', 'average 3/2')
    """
    return tuple(_experiment(name).ARMS)


def run(name: str, arm: str, seed: int, arguments: Mapping[str, Any] | None = None) -> dict:
    """Make one run, with one thread, and no other at the same time in this process.

    The same seed gives every arm the same starting weights and the same batches. Equal
    arguments give equal results on one machine; another processor or version may differ in
    the last digits of a weight, which moves a result by about a point at most.

    Parameters
    ----------
    name : str
        One of `EXPERIMENTS`.
    arm : str
        One of `arms(name)`.
    seed : int
    arguments : mapping, optional
        In place of the experiment's own ``ARGUMENTS``; those not named stay.

    Returns
    -------
    dict
        A line of the results file: ``experiment``, ``arm``, ``seed``, ``arguments``,
        ``versions``, ``seconds`` and ``results``.

    Raises
    ------
    ValueError
        If the experiment, the arm or an argument is unknown, or the seed negative.
    """
    import torch

    from pooling_course.experiments.training import one_thread

    experiment = _experiment(name)
    if arm not in experiment.ARMS:
        raise ValueError(f"arm must be one of {tuple(experiment.ARMS)}, got {arm!r}")
    if seed < 0:
        raise ValueError(f"seed must be at least 0, got {seed}")
    complete = complete_arguments(name, arguments)
    with _one_run, one_thread():
        started = time.perf_counter()
        results = experiment.measure(arm, seed, **complete)
        seconds = time.perf_counter() - started
    return {
        "experiment": name,
        "arm": arm,
        "seed": seed,
        "arguments": complete,
        "versions": {
            "pooling": pooling.__version__,
            "torch": str(torch.__version__),
            "numpy": np.__version__,
        },
        "seconds": round(seconds, 1),
        "results": {metric: round(value, 6) for metric, value in results.items()},
    }


def complete_arguments(name: str, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the experiment's arguments with `arguments` in place of its own.

    Raises
    ------
    ValueError
        If the experiment or an argument is unknown.
    """
    own = _experiment(name).ARGUMENTS
    given = dict(arguments or {})
    if unknown := given.keys() - own.keys():
        raise ValueError(f"arguments must be among {sorted(own)}, got {min(unknown)!r}")
    return own | given


def results_path(name: str, folder: Folder | None = None) -> Path:
    """Return the file of an experiment's runs, by default in ``data/results``."""
    if name not in EXPERIMENTS:
        raise ValueError(f"name must be one of {EXPERIMENTS}, got {name!r}")
    return Path(folder or data_folder() / "results") / f"{name}.jsonl"


def load(name: str, folder: Folder | None = None) -> list[dict]:
    """Read the stored runs of an experiment.

    Parameters
    ----------
    name : str
        One of `EXPERIMENTS`.
    folder : path, optional
        By default ``data/results``.

    Returns
    -------
    list of dict
        Empty when nothing is stored. See `run` for a run's fields.

    Warns
    -----
    UserWarning
        For each damaged line, by number; the line is left out.

    Raises
    ------
    ValueError
        If the experiment is unknown.

    Examples
    --------
    >>> sorted({run["arm"] for run in load("overlap")})
    ['average 2/2', 'average 3/2', 'max 2/2', 'max 3/2']
    """
    path = results_path(name, folder)
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    runs = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            runs.append(_parsed(line, name))
        except ValueError as error:
            warnings.warn(f"{path}: line {number} is left out: {error}", stacklevel=2)
    return runs


def append(run: dict, name: str, folder: Folder | None = None) -> None:
    """Add a run to its file, on a line of its own even after a line that was cut short."""
    path = results_path(name, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        file.seek(0)
        cut_short = not (b"\n" + file.read()).endswith(b"\n")
        file.write(b"\n" * cut_short + _line(run))


def rewrite(runs: Iterable[dict], name: str, folder: Folder | None = None) -> None:
    """Replace the file by these runs, sorted by arm and seed, all at once or not at all."""
    ordered = sorted(runs, key=lambda run: (run["arm"], run["seed"]))
    write(results_path(name, folder), b"".join(map(_line, ordered)))


def _line(run: dict) -> bytes:
    return json.dumps(run, sort_keys=True, allow_nan=False).encode() + b"\n"


def _parsed(line: bytes, name: str) -> dict:
    try:
        run = json.loads(line)
    except ValueError:
        raise ValueError("it is not whole JSON") from None
    if not isinstance(run, dict) or FIELDS - run.keys():
        raise ValueError(f"it is not a run with the fields {sorted(FIELDS)}")
    if run["experiment"] != name:
        raise ValueError(f"it is a run of {run['experiment']!r}")
    return run


def _experiment(name: str) -> ModuleType:
    if name not in EXPERIMENTS:
        raise ValueError(f"name must be one of {EXPERIMENTS}, got {name!r}")
    return import_module(f"pooling_course.experiments.{name}")
