"""What is expected is computed anew each time, and a result's key covers it."""

import pytest

import pooling
from pooling_class import exercise, grader
from pooling_class.course import Limits

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
    return grader.paper("twice", (folder,), 1)


def key(paper, sandbox="bubblewrap"):
    return grader.key(paper, b"release", b"submitted", Limits(), sandbox)


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
    papers = [grader.paper(slug, (exercise.EXERCISES,), seed) for seed in (1, 1, 2)]
    keys = [key(paper) for paper in papers]
    assert keys[0] == keys[1] != keys[2]
    assert key(papers[0], "none: submissions trusted") != keys[0]


def test_a_reference_that_gives_no_value_is_its_authors_to_mend(folder):
    checks = CHECKS.replace("pooling.max_pool2d", "lambda *arguments: lambda: None")
    (folder / "twice" / "checks.py").write_text(checks)
    with pytest.raises(exercise.ExerciseError, match="twice: .* must be plain values"):
        drawn(folder)
