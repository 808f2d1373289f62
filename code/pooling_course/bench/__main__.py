"""``make bench``: time the library next to torch and others, print a table, store the numbers."""

import argparse
import os
from pathlib import Path

from pooling_course.bench import table


def main(arguments=None) -> None:
    """Read the command line, run the works one after the other."""
    parser = argparse.ArgumentParser(
        prog="python -m pooling_course.bench",
        description="Time pools and convolutions of several programs in turn.",
    )
    parser.add_argument("--rounds", type=int, default=15, help="turns of each program (15)")
    parser.add_argument("--only", default="", help="works whose name begins so", metavar="NAME")
    parser.add_argument("--out", type=Path, help="file to store the numbers in", metavar="FILE")
    given = parser.parse_args(arguments)
    if os.environ.get("OMP_NUM_THREADS") != "1":
        parser.exit(2, f"{parser.prog}: set OMP_NUM_THREADS=1 first, or run `make bench`\n")
    from pooling_course.bench.works import works

    for name, value in table.machine().items():
        print(f"{name:<24} {value}")
    print(f"\n{table.heading()}")
    results = []
    for make in works():
        work = make()
        if work.name.startswith(given.only):
            results.append(table.run(work, given.rounds))
            print(table.report(results[-1]), flush=True)
    print(table.LEGEND)
    if given.out:
        table.store(results, table.limits(given.rounds), given.out)


if __name__ == "__main__":
    main()
