"""All seeds of all arms, as many at a time as asked, each run stored as soon as it is done."""

from collections.abc import Iterator, Mapping, Sequence
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
    dask: str | None = None,
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
    dask : str, optional
        Address of the scheduler of a Dask cluster, which makes the runs in place of this
        machine's processes; `jobs` is not used then. Each worker makes one run at a time.

    Returns
    -------
    int
        How many runs were made.

    Raises
    ------
    ValueError
        If a name or number is wrong, or the file holds runs with other arguments.
    ImportError
        If `dask` is given and the package distributed is not installed.
    OSError
        If no scheduler answers at the address.
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
    calls = [(name, arm, seed, complete) for arm, seed in missing]
    made = _on_cluster(dask, calls) if dask else _on_this_machine(jobs, calls)
    for result in tqdm(made, desc=name, total=len(planned), initial=len(planned) - len(missing)):
        append(result, name, folder)
        stored.append(result)
    if stored:
        rewrite(stored, name, folder)
    return len(missing)


def _on_this_machine(jobs: int, calls: Sequence[tuple]) -> Iterator[dict]:
    return Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(run)(*call) for call in calls
    )


def _on_cluster(address: str, calls: Sequence[tuple]) -> Iterator[dict]:
    """Yield runs as they are done; a run whose worker died goes to another worker."""
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ImportError(
            "a sweep on a Dask cluster needs a package more: pip install distributed"
        ) from None
    with Client(address) as client:
        futures = as_completed(client.map(lambda call: run(*call), calls, pure=False))
        for future in futures:
            result = future.result()
            future.release()  # else a worker that dies later would take it along, to be redone
            yield result
