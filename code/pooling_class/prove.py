"""Prove exercises: what an author must know before a class meets them."""

import contextlib
import io
import json
import secrets
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
import numpy as np

from pooling_class import describe, grader, notebooks, rebuild
from pooling_class.course import Limits
from pooling_class.example import example
from pooling_class.exercise import EXERCISES, Exercise, load, slugs, stub


def prove(
    chosen: Sequence[str] = (), folders: Sequence[Path] = (EXERCISES,), seeds: int = 20
) -> Iterator[tuple[str, int]]:
    """Yield a line and the number of faults for each exercise.

    The solution must pass each check with each seed, its examples must come out, each wrong
    answer must fail some check with each seed, the stub must neither raise nor answer, and two
    builds must give the same bytes. All of this is trusted code and runs in this process.
    """
    for slug in chosen or slugs(folders):
        exercise = load(slug, folders)
        found = faults(exercise, seeds)
        mark = "ok " if not found else "NOT"
        wrong = f", {len(exercise.wrong)} wrong answers fail" if exercise.checks else ""
        line = f"{mark} {slug}: {exercise.points} points{wrong}"
        yield "\n".join([line, *(f"    {fault}" for fault in found)]), len(found)


def try_notebook(
    path: Path, chosen: Sequence[str] = (), folders: Sequence[Path] = (EXERCISES,)
) -> tuple[bool, str]:
    """Run the checks on a notebook of one's own, without a sandbox.

    Parameters
    ----------
    path : Path
        The notebook.
    chosen : sequence of str
        The exercise, unless the notebook says it or is called like it.
    folders : sequence of Path
        Where exercises are looked for.

    Returns
    -------
    bool
        Whether all checks passed.
    str
        Each check, and the first case that failed.
    """
    data = path.read_bytes()
    submitted = rebuild.read_submitted(data)
    of = json.loads(data).get("metadata", {}).get("pooling_course", {}).get("exercise", path.stem)
    exercise = load(chosen[0] if chosen else of, folders)
    release = notebooks.release_notebook(exercise)
    rebuilt = rebuild.rebuild(submitted, release, exercise.function)
    exam = grader.draw(exercise.slug, tuple(folders), secrets.randbits(32))
    graded = grader.grade(rebuilt, release, exam, Limits(), trust=True)
    lines = [f"{exercise.title}: {graded.status.replace('-', ' ')}", graded.message]
    for check in graded.checks:
        lines.append(f"{check.score}/{check.points}  {check.name}")
        if check.failure:
            case = check.failure
            text = f"{case.inputs}\nexpected: {case.expected}\ngot:      {case.got}"
            lines.append(textwrap.indent(text, "     "))
    return all(check.passed for check in graded.checks), "\n".join(filter(None, lines))


def faults(exercise: Exercise, seeds: int = 20) -> list[str]:
    """Return what is wrong with an exercise."""
    found = []
    first, second = (nbformat.writes(notebooks.source_notebook(exercise)) for _ in range(2))
    if first != second:
        found.append("two builds differ")
    if exercise.checks is None:
        return found
    if len(exercise.wrong) < 3:
        found.append(f"there must be at least 3 wrong answers, got {len(exercise.wrong)}")
    answer = notebooks.reference_answer(exercise)
    for seed in range(seeds):
        if failed := notebooks.failed_checks(exercise, answer, seed):
            found.append(f"the solution fails {failed} with seed {seed}")
    for name, source in exercise.wrong.items():
        passed = [s for s in range(seeds) if not notebooks.failed_checks(exercise, source, s)]
        if passed:
            found.append(f"wrong/{name}.py gets full points with seeds {passed}")
    found += _too_large(exercise)
    found += _examples(exercise, answer, "as expected")
    found += _examples(exercise, stub(exercise.of("answer")[0].source), "not attempted yet")
    return found


def _too_large(exercise: Exercise) -> list[str]:
    """Return the checks whose first case could not be pasted by a student who failed it."""
    first = {case.check: case.arguments for case in reversed(exercise.cases(seed=0))}
    calls = {c: describe.describe_call(exercise.function, a) for c, a in first.items()}
    return [
        f"the first case of {c!r} is too large to show" for c in calls if "too large" in calls[c]
    ]


def _examples(exercise: Exercise, answer: str, wanted: str) -> list[str]:
    namespace = {"__name__": "answer", "example": example, "np": np}
    printed = io.StringIO()
    cells = [part.source for part in exercise.of("setup")] + [answer]
    try:
        with contextlib.redirect_stdout(printed):
            for source in cells + [part.source for part in exercise.of("examples")]:
                exec(source, namespace)
    except Exception as error:
        return [f"an example raises {type(error).__name__}: {error}, where {wanted!r} is expected"]
    lines = printed.getvalue().splitlines()
    return [] if set(lines) == {wanted} else [f"examples print {lines}, expected {wanted!r}"]
