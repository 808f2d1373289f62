"""What is expected is computed anew each time, and a result's key covers it."""

import inspect

import numpy as np
import pytest

import pooling
from pooling_class import example, exercise, export, grader, notebooks
from pooling_class.course import Limits
from pooling_course import judge

EXERCISE = """\
---
title: Twice
chapter: 01_start
function: twice
minutes: 5
---

Double x.

```{code-cell}
:tags: [answer]
def twice(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
```
"""
CHECKS = """\
import pooling

POINTS = {"all": 1}
reference = pooling.max_pool2d


def cases(rng):
    yield "all", (rng.normal(size=(1, 1, 4, 4)), 2)
"""


@pytest.fixture
def folder(tmp_path):
    """Return a folder with one exercise, whose checks use the library."""
    home = tmp_path / "twice"
    home.mkdir()
    (home / "exercise.md").write_text(EXERCISE)
    (home / "checks.py").write_text(CHECKS)
    return tmp_path


def drawn(folder):
    return grader.draw("twice", (folder,), 1)


def key(exam, sandbox="bubblewrap"):
    return grader.key(exam, b"release", b"submitted", Limits(), sandbox)


def test_checks_edited_meanwhile_are_the_ones_that_count(folder):
    before = drawn(folder)
    first = key(before)
    (folder / "twice" / "checks.py").write_text(CHECKS.replace("4, 4", "6, 6"))
    after = drawn(folder)
    assert [p.groups[0].calls[0].expected.shape[-1] for p in (before, after)] == [2, 3]
    assert key(before) == first, "of the checks that it was drawn with"
    assert key(after) != first


def test_a_judge_alone_changes_the_key(folder):
    before = key(drawn(folder))
    more = "\n\ndef judge(got, expected, *arguments):\n    return None\n"
    (folder / "twice" / "checks.py").write_text(CHECKS + more)
    assert key(drawn(folder)) != before


def test_another_library_changes_the_key(folder, monkeypatch):
    before = drawn(folder)
    assert key(drawn(folder)) == key(before)
    monkeypatch.setattr(pooling, "max_pool2d", pooling.avg_pool2d)
    assert key(drawn(folder)) != key(before)


@pytest.mark.parametrize("slug", exercise.slugs())
def test_the_key_of_an_exercise_stays(slug):
    exams = [grader.draw(slug, (exercise.EXERCISES,), seed) for seed in (1, 1, 2)]
    keys = [key(exam) for exam in exams]
    assert keys[0] == keys[1] != keys[2]
    assert key(exams[0], "none: submissions trusted") != keys[0]


def test_a_reference_that_gives_no_value_is_its_authors_to_mend(folder):
    checks = CHECKS.replace("pooling.max_pool2d", "lambda *arguments: lambda: None")
    (folder / "twice" / "checks.py").write_text(checks)
    with pytest.raises(exercise.ExerciseError, match="twice: .* must be plain values"):
        drawn(folder)


@pytest.mark.parametrize(
    ("changed", "more", "differs"),
    [
        ("pooling_course.judge", "TOLERANCE = 10", True),
        ("pooling_class.worker", "REPLY = 1", True),
        ("pooling_class.grader", "LONGEST_TEXT = 1", True),
        ("pooling_course.judge", "# a comment", False),
        (export.__name__, "LAYOUTS = ()", False),
    ],
)
def test_the_key_covers_what_decides_and_nothing_else(folder, monkeypatch, changed, more, differs):
    exam, source = drawn(folder), inspect.getsource

    def edited(module):
        return source(module) + f"\n{more}\n" * (module.__name__ == changed)

    before = key(exam)
    monkeypatch.setattr(inspect, "getsource", edited)
    grader._grader.cache_clear()
    after = key(exam)
    grader._grader.cache_clear()
    assert (after != before) is differs


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (1000.005, 1000.0),
        (1000.0005, 1000.0),
        (1e-7, 0.0),
        (1e-5, 0.0),
        (np.nan, np.nan),
        (np.inf, 1e300),
        (np.ones((2, 1)), np.ones(2)),
        ([1, 2.000001], [1, 2]),
    ],
)
def test_an_example_and_a_check_have_one_rule_for_what_is_near(got, expected, capsys):
    example.example(got, expected)
    assert (capsys.readouterr().out == "as expected\n") == judge.same(got, expected)
    notebook: dict = {"np": np}
    exec(notebooks.EXAMPLE, notebook)
    notebook["example"](got, expected)
    assert (capsys.readouterr().out == "as expected\n") == judge.same(got, expected)
    assert inspect.signature(judge.near).parameters["tolerance"].default == judge.TOLERANCE
