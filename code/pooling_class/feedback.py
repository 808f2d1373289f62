"""Feedback: one page a student, in one file, made of this student's files and nothing else.

All that comes from students is shown as plain text. A page has no script and asks no other host
for anything, and its content security policy has browsers hold it to that.
"""

import re
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from pooling_class import rebuild
from pooling_class.course import Course, CourseError
from pooling_class.exercise import Exercise
from pooling_class.points import Entry, Part, entries, parts, so_far
from pooling_class.result import CheckResult, Result, read
from pooling_course.files import write

LONGEST = 20_000  # characters of a text on the page

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SEEN = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"}
_SEEN |= dict.fromkeys([*range(0x7F, 0xA0), *range(0xD800, 0xE000)], "\ufffd")
_SEEN |= {code: f"[U+{code:04X}]" for code in _DIRECTIONS}  # they would reorder the text around


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
    entered = entries(course, assignment)
    for student in students:
        exercises = [
            _exercise(
                course, assignment, student, exercise, entered.get((student, exercise.slug), {})
            )
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
    write(page, html.encode())
    return page


def _exercise(
    course: Course, assignment: str, student: str, exercise: Exercise, entered: dict[str, Entry]
) -> dict:
    """Return what a page says about one exercise."""
    slug = exercise.slug
    result = _result(course, assignment, student, slug)
    handed_in = (course.submitted(student, assignment) / f"{slug}.ipynb").is_file()
    readable = result and result.status != "unreadable"
    answers = _answers(course, assignment, student, slug) if readable else {}
    status = result.status if result else "ungraded" if handed_in else "missing"
    graded = parts(exercise, result, entered)
    worth = exercise.check_points.items()
    outcomes = (result and result.checks) or [CheckResult(n, of, False, 0) for n, of in worth]
    checks = [_check(part, check) for part, check in zip(graded, outcomes, strict=False)]
    questions = [
        _question(
            part,
            number,
            result is not None and part.cell in result.questions,
            answers.get(part.cell, ""),
            entered.get(part.cell, Entry()).comment,
        )
        for number, part in enumerate(graded[len(worth) :], start=1)
    ]
    return {
        "slug": slug,
        "title": exercise.title,
        "function": exercise.function,
        "status": status,
        "message": result.message if result else "",
        "output": result.output if result else "",
        "answer": answers.get("answer", ""),
        "comment": entered.get("answer", Entry()).comment,
        "checks": checks,
        "questions": questions,
        "score": so_far(graded),
        "of": exercise.points,
        "waiting": sum(part.score is None for part in graded),
    }


def _check(part: Part, check: CheckResult) -> dict:
    return {
        "name": check.name,
        "passed": check.passed,
        "failure": check.failure,
        "score": part.score or 0,
        "of": part.of,
        "by_hand": part.by_hand,
        "waiting": int(part.score is None),
    }


def _question(part: Part, number: int, touched: bool, answer: str, comment: str) -> dict:
    return {
        "number": number,
        "touched": touched,
        "waiting": int(part.score is None),
        "score": part.score or 0,
        "of": part.of,
        "answer": answer if touched else "",
        "comment": comment,
    }


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
