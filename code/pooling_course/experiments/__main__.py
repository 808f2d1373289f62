"""``python -m pooling_course.experiments``: make the runs behind the plotted results."""

import argparse
import json
from collections.abc import Sequence
from typing import Any

from pooling_course.experiments.runs import EXPERIMENTS, results_path
from pooling_course.experiments.sweep import sweep


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, sweep, and say where the runs are."""
    parser = argparse.ArgumentParser(
        prog="python -m pooling_course.experiments",
        description="Make the runs of an experiment that are not stored yet. "
        "A killed sweep goes on where it stopped.",
    )
    parser.add_argument("name", choices=EXPERIMENTS)
    parser.add_argument("--seeds", type=int, required=True, help="seeds 0 to N - 1", metavar="N")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=int, default=1, help="runs at a time (1)", metavar="J")
    where.add_argument("--dask", help="scheduler of a Dask cluster for the runs", metavar="ADDRESS")
    parser.add_argument("--results", help="folder of the results (data/results)", metavar="FOLDER")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_assignment,
        help="another value for an argument of the experiment; may be repeated",
        metavar="NAME=JSON",
    )
    given = parser.parse_args(arguments)
    try:
        made = sweep(
            given.name, given.seeds, given.jobs, given.results, dict(given.set), given.dask
        )
    except (ImportError, OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    print(f"{made} runs made, stored in {results_path(given.name, given.results)}")


def _assignment(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be NAME=JSON, got {text!r}") from None


if __name__ == "__main__":
    main()
