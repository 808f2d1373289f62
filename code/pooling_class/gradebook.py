"""Results into nbgrader's gradebook, all of them or none."""

import csv
import logging
import os
import shutil
import sqlite3
import sys
import warnings
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SAWarning

from pooling_class import files
from pooling_class.course import Course, CourseError
from pooling_class.result import Result


def path(course: Course) -> Path:
    """Return where the gradebook lies."""
    return course.root / "gradebook.db"


def must_hold(course: Course, assignment: str) -> None:
    """Raise CourseError unless the gradebook knows an assignment."""
    if path(course).is_file():
        with opened(path(course)) as book:
            if any(known.name == assignment for known in book.assignments):
                return
    raise CourseError(
        f"the gradebook does not know {assignment!r}: run `release {assignment}` first"
    )


def must_allow(course: Course, assignment: str, slugs: list[str]) -> None:
    """Raise CourseError if an assignment would lose or get exercises after it was graded."""
    if not path(course).is_file():
        return
    with opened(path(course)) as book:
        known = {a.name: a for a in book.assignments}.get(assignment)
        before = sorted(n.name for n in known.notebooks) if known and known.submissions else None
    if before is not None and before != sorted(slugs):
        raise CourseError(
            f"{assignment} has submissions, its exercises cannot change any more: "
            f"put {before} back into course.toml, or make a new assignment"
        )


def record(course: Course, assignment: str, students: list[str]) -> None:
    """Enter stored results into the gradebook, as far as they are not in it.

    The work is done on a copy that takes the gradebook's place at the end. If anybody else wrote
    to the gradebook meanwhile, it is done again. Manual scores and comments stay.

    Parameters
    ----------
    course : Course
        Whose gradebook.
    assignment : str
        The assignment.
    students : list of str
        Those who handed in.
    """
    book = path(course)
    copy = book.with_name(".gradebook.db.new")
    for _ in range(5):
        before = files.digest(book.read_bytes())
        _copy(book, copy)
        try:
            entered = _enter(course, copy, assignment, students)
            if files.digest(book.read_bytes()) == before:
                shutil.copymode(book, copy)
                copy.replace(book)
                for result in entered:
                    mark(course, result)
                return
        finally:
            copy.unlink(missing_ok=True)
    raise CourseError(f"{book} is being written to: close formgrader and grade again")


def mark(course: Course, result: Result) -> None:
    """Note that a result is in the gradebook."""
    _mark(course, result).write_text(f"{result.key}\n{result.submitted}\n", "utf-8")


@contextmanager
def programs():
    """Let nbgrader find `alembic`, which it runs by name, where Python lies."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


@contextmanager
def opened(file: Path):
    """Open a gradebook, without its messages.

    Without the name of a course, too: nbgrader would enter one that is not there.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with warnings.catch_warnings(), programs(), Gradebook(f"sqlite:///{file}", "") as book:
        warnings.simplefilter("ignore", SAWarning)  # of how nbgrader adds a submission
        try:
            yield book
        finally:
            book.engine.dispose()


def roster(course: Course) -> dict[str, dict[str, str]]:
    """Return the rows of ``roster.csv`` by id; no file, no rows."""
    file = course.root / "roster.csv"
    if not file.is_file():
        return {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"{file} must be a CSV file in UTF-8: {error}") from None
    if rows and "id" not in rows[0]:
        raise CourseError(f"{file} must have a column id and commas, got {list(rows[0])}")
    return {row["id"]: row for row in rows if row["id"]}


def _enter(course: Course, copy: Path, assignment: str, students: list[str]) -> list[Result]:
    """Enter what is new; return these results."""
    names = roster(course)
    stored = course.results(assignment)
    entered = []
    with opened(copy) as book:
        known = {submission.student.id for submission in book.assignment_submissions(assignment)}
        for student in students:
            # A result without key came from a grader that failed.
            results = [result for result in stored.get(student, {}).values() if result.key]
            if student in known:
                results = [result for result in results if not _is_marked(course, result)]
            if results or student not in known:
                submission = _submission(book, course, assignment, student, names)
                _set_grades(course, submission, {result.exercise: result for result in results})
                entered += results
        book.db.commit()
    return entered


def _submission(book: Gradebook, course: Course, assignment: str, student: str, names: dict):
    row = names.get(student, {})
    person = {"last_name": row.get("name"), "email": row.get("email")}
    book.update_or_create_student(student, **{k: v for k, v in person.items() if v})
    when = _timestamp(course, student, assignment)
    more = {"timestamp": when} if when else {}
    return book.update_or_create_submission(assignment, student, **more)


def _set_grades(course: Course, submission, results: dict[str, Result]) -> None:
    """Set grades; a notebook not handed in gives 0.

    As in nbgrader's SaveAutoGrades, what a reader graded waits to be read again, but here only if
    something else was handed in since.
    """
    for notebook in submission.notebooks:
        result = results.get(notebook.name)
        for grade in notebook.grades:
            if result is not None:
                scores = {f"check-{i}": c.score for i, c in enumerate(result.checks, start=1)}
                scores |= dict.fromkeys(result.questions)
                grade.auto_score = scores.get(grade.cell.name, 0)
                if grade.manual_score is None:
                    grade.needs_manual_grade = grade.auto_score is None
                elif not _was_marked(course, result):
                    grade.needs_manual_grade = True
            elif grade.auto_score is None and not grade.needs_manual_grade:
                grade.auto_score = 0


def _mark(course: Course, result: Result) -> Path:
    path = course.result_path(result.student, result.assignment, result.exercise)
    return path.with_suffix(".recorded")


def _is_marked(course: Course, result: Result) -> bool:
    """Whether this result is in the gradebook."""
    return _marks(course, result)[:1] == [result.key]


def _was_marked(course: Course, result: Result) -> bool:
    """Whether a result of the same file was in the gradebook before."""
    return _marks(course, result)[1:] == [result.submitted]


def _marks(course: Course, result: Result) -> list[str]:
    mark = _mark(course, result)
    return mark.read_text("utf-8").split() if mark.is_file() else []


def _timestamp(course: Course, student: str, assignment: str) -> datetime | None:
    file = course.submitted(student, assignment) / "timestamp.txt"
    try:
        return parse_utc(file.read_text("utf-8").strip())
    except (OSError, ValueError, OverflowError):
        return None


def _copy(book: Path, copy: Path) -> None:
    """Copy with SQLite's own backup, which sees what is not yet in the main file."""
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(book)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
