"""The measurements of speed: they compare equals, in turn, and what is stored is complete."""

import json
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from pooling_course import bench
from pooling_course.bench import table, works
from pooling_course.bench.measure import peak_memory

TINY = (2, 3, 8, 8)
MAKERS = {
    "max": partial(works.maximum, TINY, 2, 2),
    "overlapping max": partial(works.maximum, TINY, 3, 2),
    "dense max": partial(works.maximum, TINY, 3, 1),
    "indices": partial(works.maximum, TINY, 3, 2, indices=True),
    "float16": partial(works.maximum, TINY, 2, 2, dtype=np.float16),
    "both ways": partial(works.both_ways, TINY, 3, 2),
    "average": partial(works.average, TINY, 2, 2),
    "dense average": partial(works.average, TINY, 4, 1),
    "convolution": partial(works.convolution, TINY, 4),
    "pyramid": partial(works.pyramid, TINY, (2, 1)),
    "adaptive average": partial(works.adaptive_average, TINY, 3),
    "regions": partial(works.regions, TINY, 4, 2),
    "blocks": partial(works.block_sizes, TINY, 3, 2),
    "orders": partial(works.orders, TINY, 3, 2),
}


@pytest.mark.parametrize("name", MAKERS)
def test_each_kind_of_work_runs_and_makes_a_line_of_the_table(name):
    work = MAKERS[name]()
    result = table.run(work, rounds=2)
    assert set(result["seconds"]) == {*work.programs, "copy"}
    assert all(len(times) == 2 and min(times) > 0 for times in result["seconds"].values())
    assert result["peak"] >= result["written"] > 0
    assert json.loads(json.dumps(result)) == result
    line = table.report(result)
    assert line.startswith(work.name) and "x".join(map(str, TINY)) in line
    missing = [name for name in table.COLUMNS.values() if name not in work.programs]
    assert line.split().count("-") == len(missing)


def test_a_program_with_another_result_is_not_timed():
    work = works.maximum(TINY, 2, 2)
    wrong = works.Program(lambda: work.programs["torch"].call() + 1)
    with pytest.raises(AssertionError, match="wrong one"):
        table.run(works.Work("max", TINY, 1, 1, work.programs | {"wrong one": wrong}), rounds=1)


def test_loops_are_compared_and_counted_up():
    work = works.maximum((1, 2, 64, 64), 2, 2)
    assert work.programs["loops"].scale == 2 * 32 * 32 / 81
    wrong = works.Program(lambda: work.programs["loops"].call() + 1)
    with pytest.raises(AssertionError, match="loops"):
        table.run(works.Work("max", TINY, 1, 1, work.programs | {"loops": wrong}), rounds=1)


def test_race_prints_a_time_for_each_and_refuses_unequal_results(capsys):
    bench.race({"a": lambda: np.ones(2), "longer": lambda: np.ones(2)}, rounds=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["a", "longer"]
    assert all(line.endswith(" ms") and len(line) == len(lines[0]) for line in lines)
    with pytest.raises(AssertionError, match="longer"):
        bench.race({"a": lambda: np.ones(2), "longer": lambda: np.zeros(2)})


def test_calls_take_turns():
    order = []
    calls = {name: partial(order.append, name) for name in "abc"}
    seconds = bench.interleave(calls, rounds=20, least=0)
    turns = order[-60:]
    rounds = [turns[i : i + 3] for i in range(0, 60, 3)]
    assert all(sorted(names) == ["a", "b", "c"] for names in rounds)
    assert len({tuple(names) for names in rounds}) > 1
    assert {name: len(times) for name, times in seconds.items()} == {"a": 20, "b": 20, "c": 20}
    with pytest.raises(ValueError, match="rounds must be at least 1, got 0"):
        bench.interleave(calls, rounds=0)


def test_peak_memory_counts_what_is_freed_again():
    assert peak_memory(lambda: np.ones(10**6).sum()) >= 8 * 10**6


def test_numbers_are_stored_and_read(tmp_path):
    results = [table.run(MAKERS["max"](), rounds=1)]
    table.store(results, {"copy": 1.0}, tmp_path / "speed.json")
    loaded = bench.load(tmp_path / "speed.json")
    assert loaded["works"] == results and loaded["machine"] == table.machine()


def test_the_stored_numbers_are_those_of_all_works():
    stored = bench.load()
    names = {(work["work"], tuple(work["shape"])) for work in stored["works"]}
    makers = [(make.func.__name__, make.args[0]) for make in works.works()]
    assert len(names) == len(stored["works"])
    if not any(name.startswith(("adaptive", "roi")) for name, _ in names):  # stored before these
        makers = [made for made in makers if made[0] not in ("adaptive_average", "regions")]
    assert [tuple(work["shape"]) for work in stored["works"]] == [shape for _, shape in makers]
    assert set(stored["limits"]) == {"copy", "contiguous", "rows", "every second"}
    sizes = {name for name in stored["works"][-5]["seconds"] if name.isdigit()}
    assert sizes == {str(size) for size in works.BLOCKS}
    for work in stored["works"]:
        assert len({len(times) for times in work["seconds"].values()}) == 1


@pytest.mark.parametrize("threads", ["2", None])
def test_the_command_wants_one_thread(threads):
    settings = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    settings |= {"OMP_NUM_THREADS": threads} if threads else {}
    command = [sys.executable, "-m", "pooling_course.bench", "--only", "none"]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "OMP_NUM_THREADS=1" in done.stderr
