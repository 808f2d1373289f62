"""The points of a notebook: what the checks gave, and what a reader entered in formgrader."""

import math
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass

from nbgrader import api
from sqlalchemy import create_engine, exc, select

from pooling_class import gradebook
from pooling_class.course import Course, CourseError
from pooling_class.exercise import Exercise
from pooling_class.result import Result


@dataclass(frozen=True)
class Entry:
    """What the gradebook has of one cell of one student.

    Attributes
    ----------
    manual : float or None
        Points that a reader gave.
    extra : float
        Points beyond these, or beyond those of the check.
    waits : bool
        Whether nbgrader wants it to be read, for the first time or again.
    comment : str
        What the reader wrote.
    """

    manual: float | None = None
    extra: float = 0.0
    waits: bool = False
    comment: str = ""


@dataclass(frozen=True)
class Part:
    """The points of one graded cell.

    Attributes
    ----------
    cell : str
        Its name.
    score : float or None
        Points, or None as long as a reader is awaited.
    of : int
        The most it can earn, without extra points.
    by_hand : bool
        Whether the points are a reader's.
    """

    cell: str
    score: float | None
    of: int
    by_hand: bool


def entries(course: Course, assignment: str) -> dict[tuple[str, str], dict[str, Entry]]:
    """Read the gradebook, without a way to write to it: by student and exercise, then by cell.

    Raises
    ------
    CourseError
        If it cannot be read.
    """
    path = gradebook.path(course)
    if not path.is_file():
        return {}
    address = f"{path.resolve().as_uri()}?mode=ro"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True))
    found: dict[tuple[str, str], dict[str, Entry]] = defaultdict(dict)
    try:
        with closing(engine.connect()) as connection:
            comments = {
                (student, slug, cell): text
                for student, slug, cell, text in connection.execute(
                    _of(assignment, api.Comment, api.Comment.manual_comment)
                )
            }
            grade = (api.Grade.manual_score, api.Grade.extra_credit, api.Grade.needs_manual_grade)
            for student, slug, cell, manual, extra, waits in connection.execute(
                _of(assignment, api.Grade, *grade)
            ):
                comment = comments.pop((student, slug, cell), None) or ""
                found[student, slug][cell] = Entry(manual, extra or 0.0, waits, comment)
    except exc.DatabaseError as error:
        raise CourseError(f"{path} cannot be read: {error.orig}") from None
    finally:
        engine.dispose()
    for (student, slug, cell), text in comments.items():
        found[student, slug][cell] = Entry(comment=text or "")
    return found


def parts(exercise: Exercise, result: Result | None, entered: dict[str, Entry]) -> list[Part]:
    """Return the points of each graded cell: of the checks, then of the questions.

    Points that a reader gave win over those of a check. A written answer that the student touched
    waits until it has some.

    Parameters
    ----------
    exercise : Exercise
        What was asked.
    result : Result or None
        What grading gave. Without one, nothing is earned.
    entered : dict
        From `entries`, of this student and exercise.
    """
    checks = enumerate(exercise.check_points.values(), start=1)
    worth = {f"check-{number}": points for number, points in checks}
    questions = enumerate(exercise.of("question"), start=1)
    worth |= {f"question-{number}": part.points for number, part in questions}
    earned: dict[str, float | None] = dict.fromkeys(worth, 0)
    if result is not None:
        earned |= {f"check-{i}": check.score for i, check in enumerate(result.checks, start=1)}
        earned |= dict.fromkeys(result.questions)
    return [_part(name, worth[name], earned[name], entered.get(name, Entry())) for name in worth]


def so_far(parts: list[Part]) -> float:
    """Return the points without those that wait for a reader."""
    return math.fsum(part.score or 0 for part in parts)


def _part(cell: str, of: int, earned: float | None, entry: Entry) -> Part:
    if entry.manual is not None:
        score = None if entry.waits else entry.manual + entry.extra
    else:
        score = None if earned is None else earned + entry.extra
    return Part(
        cell, score, of, score is not None and (entry.manual is not None or entry.extra != 0)
    )


def _of(assignment: str, what, *columns):
    """Select columns of a table, with the student, the exercise and the cell of each row."""
    names = api.SubmittedAssignment.student_id, api.Notebook.name, api.BaseCell.name
    return (
        select(*names, *columns)
        .select_from(what)
        .join(api.SubmittedNotebook, what.notebook_id == api.SubmittedNotebook.id)
        .join(
            api.SubmittedAssignment,
            api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id,
        )
        .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
        .join(api.Notebook, api.SubmittedNotebook.notebook_id == api.Notebook.id)
        .join(api.BaseCell, what.cell_id == api.BaseCell.id)
        .where(api.Assignment.name == assignment)
    )
