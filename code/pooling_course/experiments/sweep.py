"""All seeds of all arms, as many at a time as asked, each run stored as soon as it is done."""

from collections.abc import Mapping
from typing import Any

from joblib import Parallel, delayed
from tqdm import tqdm

from pooling_course.experiments.runs import (
    Folder,
    append,
    arms,
    complete_arguments,
    load,
    results_path,
    rewrite,
    run,
)


def sweep(
    name: str,
    seeds: int,
    jobs: int = 1,
    folder: Folder | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> int:
    """Make the runs that are not stored yet, then sort the file by arm and seed.

    A sweep that is killed loses only the runs under way; started again, it makes the rest.

    Parameters
    ----------
    name : str
        One of `EXPERIMENTS`.
    seeds : int
        Seeds 0 to ``seeds - 1`` of every arm.
    jobs : int
        Processes at a time; each computes with one thread.
    folder : path, optional
        Of the results; by default ``data/results``. One sweep at a time may write to it.
    arguments : mapping, optional
        As for `run`.

    Returns
    -------
    int
        How many runs were made.

    Raises
    ------
    ValueError
        If a name or number is wrong, or the file holds runs with other arguments.
    """
    for argument, value in {"seeds": seeds, "jobs": jobs}.items():
        if value < 1:
            raise ValueError(f"{argument} must be at least 1, got {value}")
    complete = complete_arguments(name, arguments)
    stored = load(name, folder)
    if any(known["arguments"] != complete for known in stored):
        raise ValueError(
            f"{results_path(name, folder)} holds runs with other arguments than {complete}: "
            "name another folder for these runs"
        )
    done = {(known["arm"], known["seed"]) for known in stored}
    planned = [(arm, seed) for seed in range(seeds) for arm in arms(name)]
    missing = [case for case in planned if case not in done]
    made = Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(run)(name, arm, seed, complete) for arm, seed in missing
    )
    for result in tqdm(made, desc=name, total=len(planned), initial=len(planned) - len(missing)):
        append(result, name, folder)
        stored.append(result)
    if stored:
        rewrite(stored, name, folder)
    return len(missing)
