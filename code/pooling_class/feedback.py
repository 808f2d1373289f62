"""Feedback: one page a student, in one file, made of this student's files and nothing else.

All that comes from students is shown as plain text. A page has no script and asks no other host
for anything, and its content security policy has browsers hold it to that.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup
from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook
from sqlalchemy.exc import SQLAlchemyError

from pooling_class import files, rebuild
from pooling_class.course import Course, CourseError
from pooling_class.exercise import Exercise
from pooling_class.gradebook import path as gradebook_path
from pooling_class.result import CheckResult, Result, read

LONGEST = 20_000  # characters of a text on the page

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SEEN = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"}
_SEEN |= dict.fromkeys([*range(0x7F, 0xA0), *range(0xD800, 0xE000)], "\ufffd")
_SEEN |= {code: f"[U+{code:04X}]" for code in _DIRECTIONS}  # they would reorder the text around


@dataclass(frozen=True)
class Hand:
    """What a reader entered into the gradebook for one notebook, by the names of its cells.

    A cell of which another version was scored waits for the reader again: it has no score.
    """

    scores: dict[str, float] = field(default_factory=dict)
    extra: dict[str, float] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()


def feedback(course: Course, assignment: str, student: str) -> Path:
    """Write a student's page.

    Parameters
    ----------
    course : Course
        From `open_course`.
    assignment : str
        One of its assignments.
    student : str
        Who handed in something for it.

    Returns
    -------
    Path
        The page. The same results and gradebook give the same bytes.

    Raises
    ------
    CourseError
        If the assignment is unknown, the student handed in nothing, or the gradebook cannot be
        read.
    """
    if student not in course.students(assignment):
        raise CourseError(f"student must have handed in {assignment!r}, got {student!r}")
    return _write_all(course, assignment, [student])[0]


def feedback_all(course: Course, assignment: str) -> list[Path]:
    """Write the page of each student who handed in something; see `feedback`."""
    return _write_all(course, assignment, course.students(assignment))


def _write_all(course: Course, assignment: str, students: list[str]) -> list[Path]:
    asked = [course.exercise(slug) for slug in course.slugs(assignment)]
    pages = []
    with _gradebook(course) as book:
        for student in students:
            hands = _by_hand(book, assignment, student) if book else {}
            exercises = [
                _exercise(course, assignment, student, exercise, hands.get(exercise.slug, Hand()))
                for exercise in asked
            ]
            pages.append(_write(course, assignment, student, exercises))
    return pages


def _write(course: Course, assignment: str, student: str, exercises: list[dict]) -> Path:
    """Write a page whole or not at all."""
    html = _template().render(
        student=student,
        assignment=assignment,
        exercises=exercises,
        limits=course.limits,
        total=sum(exercise["score"] for exercise in exercises),
        of=sum(exercise["of"] for exercise in exercises),
        waiting=sum(exercise["waiting"] for exercise in exercises),
        ungraded=sum(exercise["status"] == "ungraded" for exercise in exercises),
    )
    page = course.root / "feedback" / student / assignment / "feedback.html"
    files.write(page, html.encode())
    return page


def _exercise(
    course: Course, assignment: str, student: str, exercise: Exercise, hand: Hand
) -> dict:
    """Return what a page says about one exercise."""
    slug = exercise.slug
    result = _result(course, assignment, student, slug)
    handed_in = (course.submitted(student, assignment) / f"{slug}.ipynb").is_file()
    readable = result and result.status != "unreadable"
    answers = _answers(course, assignment, student, slug) if readable else {}
    status = result.status if result else "ungraded" if handed_in else "missing"
    checks = _checks(exercise, result, hand)
    questions = _questions(exercise, result, hand, answers)
    parts = [*checks, *questions]
    return {
        "slug": slug,
        "title": exercise.title,
        "function": exercise.function,
        "status": status,
        "message": result.message if result else "",
        "output": result.output if result else "",
        "answer": answers.get("answer", ""),
        "comment": hand.comments.get("answer", ""),
        "checks": checks,
        "questions": questions,
        "score": sum(part["score"] for part in parts),
        "of": exercise.points,
        "waiting": sum(part["waiting"] for part in parts),
    }


def _checks(exercise: Exercise, result: Result | None, hand: Hand) -> list[dict]:
    """Return the checks, of which a score set by hand wins."""
    checks = result.checks if result else ()
    if not checks:
        points = exercise.check_points.items()
        checks = [CheckResult(name, worth, False, 0) for name, worth in points]
    rows = []
    for number, check in enumerate(checks, start=1):
        cell = f"check-{number}"
        waiting = cell in hand.waiting
        score = hand.scores.get(cell, check.score) + hand.extra.get(cell, 0)
        rows.append(
            {
                "name": check.name,
                "passed": check.passed,
                "failure": check.failure,
                "score": 0 if waiting else score,
                "of": check.points,
                "by_hand": not waiting and (cell in hand.scores or cell in hand.extra),
                "waiting": int(waiting),
            }
        )
    return rows


def _questions(
    exercise: Exercise, result: Result | None, hand: Hand, answers: dict[str, str]
) -> list[dict]:
    """Return the written answers: one that the student touched waits until it has a score."""
    rows = []
    for number, part in enumerate(exercise.of("question"), start=1):
        cell = f"question-{number}"
        touched = result is not None and cell in result.questions
        waiting = cell in hand.waiting or touched and cell not in hand.scores
        score = hand.scores.get(cell, 0) + hand.extra.get(cell, 0)
        rows.append(
            {
                "number": number,
                "touched": touched,
                "waiting": int(waiting),
                "score": 0 if waiting else score,
                "of": part.points,
                "answer": answers.get(cell, "") if touched else "",
                "comment": hand.comments.get(cell, ""),
            }
        )
    return rows


def _result(course: Course, assignment: str, student: str, slug: str) -> Result | None:
    """Return the student's result; none if the grader failed, which is not the student's."""
    result = read(course.result_path(student, assignment, slug))
    if result is None or not result.key:
        return None
    whose = (result.student, result.assignment, result.exercise)
    return result if whose == (student, assignment, slug) else None


def _answers(course: Course, assignment: str, student: str, slug: str) -> dict[str, str]:
    """Return what the student wrote, by the names of the cells."""
    path = course.root / "autograded" / student / assignment / f"{slug}.ipynb"
    try:
        cells = rebuild.read_submitted(path.read_bytes()).cells
    except (OSError, rebuild.Unreadable):
        return {}
    return {rebuild.name(cell): cell.source for cell in cells if rebuild.name(cell)}


@contextmanager
def _gradebook(course: Course) -> Iterator[Gradebook | None]:
    """Open the gradebook for reading only; no gradebook gives None."""
    file = gradebook_path(course)
    if not file.is_file():
        yield None
        return
    try:
        # Without the name of a course: nbgrader would enter one that is not there.
        with Gradebook(f"sqlite:///{file.resolve().as_uri()}?mode=ro&uri=true", "") as book:
            try:
                yield book
            finally:
                book.engine.dispose()
    except SQLAlchemyError as error:
        raise CourseError(f"{file} cannot be read: {error}") from None


def _by_hand(book: Gradebook, assignment: str, student: str) -> dict[str, Hand]:
    """Return what readers entered for a student's notebooks."""
    try:
        submission = book.find_submission(assignment, student)
    except MissingEntry:
        return {}
    return {notebook.name: _hand(notebook) for notebook in submission.notebooks}


def _hand(notebook: SubmittedNotebook) -> Hand:
    scored = [grade for grade in notebook.grades if grade.manual_score is not None]
    return Hand(
        {g.name: g.manual_score for g in scored if not g.needs_manual_grade},
        {g.name: g.extra_credit for g in notebook.grades if g.extra_credit},
        {c.name: c.manual_comment for c in notebook.comments if c.manual_comment},
        frozenset(g.name for g in scored if g.needs_manual_grade),
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    )
    environment.filters["points"] = "{:g}".format
    return environment.get_template("feedback.html.j2")


def _plain(value):
    """Return a text in which each character is seen; the template passes all values through it.

    Examples
    --------
    >>> _plain("\\x1b[31mred\\x1b[0m \\u202eedoc \\x07")
    'red [U+202E]edoc ␇'
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = value[:LONGEST] if len(value) > LONGEST else value
    text = _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n").translate(_SEEN)
    if len(value) > LONGEST:
        text += f"\n... ({len(value) - LONGEST:,} characters more)"
    return text
