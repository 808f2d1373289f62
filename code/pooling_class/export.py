"""Grades of an assignment, as a table for a spreadsheet or for a learning platform.

Layouts, as the platforms' documentation and sources have them:

csv
    One row a student, in UTF-8 with a byte order mark, without which Excel spoils umlauts.
canvas
    The gradebook's own export with one column filled: ``Student, ID, SIS User ID, SIS Login ID,
    Section``, a row ``Points Possible``, and a column ``Name (123)`` for each assignment
    (Instructor Guide, "How do I import grades in the Gradebook?"; canvas-lms,
    ``lib/gradebook_exporter.rb``). Students are found by ``ID``, or by the SIS columns.
moodle
    The grading worksheet with ``Grade`` filled: ``Identifier`` ("Participant 1234"), ``Full
    name``, ``Email address``, ``Status``, ``Grade``, ``Maximum Grade`` ... (MoodleDocs,
    "Assignment settings", offline grading worksheet; moodle, ``mod/assign/feedback/offline``).
    Without a worksheet, a table for the gradebook's CSV import (MoodleDocs, "Grade import").
"""

import csv
import io
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pooling_class import files, gradebook, points
from pooling_class.course import Course, CourseError
from pooling_class.exercise import Exercise
from pooling_class.result import Result
from pooling_course.files import write

LAYOUTS = ("csv", "canvas", "moodle")

_TITLE = re.compile(r"(.*\S)\s*\(\d+\)")  # an assignment's column in Canvas: title and number
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # the last are full-width

# The status of a student is the first of these that an exercise has.
STATUSES = (
    "not-graded",  # handed in, and `grade` was not run since
    "unreadable",
    "load-error",
    "died",
    "timeout",
    "needs-review",
    "not-attempted",
    "ok",
    "missing",  # nothing handed in
)


@dataclass(frozen=True)
class Grade:
    """A student's grade in an assignment.

    Attributes
    ----------
    student, name, email : str
        Id, and what ``roster.csv`` knows.
    score : float or None
        Points, or None as long as something waits to be graded, and if nothing was handed in.
    max_score : float
        Points of all exercises.
    status : str
        One of `STATUSES`.
    so_far : float or None
        Points without those that wait for a reader.
    exercises : dict
        Points of each exercise, or None.
    """

    student: str
    name: str
    email: str
    score: float | None
    max_score: float
    status: str
    so_far: float | None
    exercises: dict[str, float | None]


def grades(course: Course, assignment: str) -> list[Grade]:
    """Return the grades of all students in the class list or with a submission, sorted by id.

    Checks have the points of the stored results, and written answers those that a reader entered
    in formgrader. Points that a reader entered for a check win over the check. As long as nbgrader
    says that a cell needs manual grading there is no score; it says so again when an answer was
    graded anew after the reader saw it.

    A student who handed in any exercise has 0 points, and the status ``not-attempted``, in those
    that are not there.

    Raises
    ------
    CourseError
        If there is no such assignment, or the gradebook cannot be read.
    """
    exercises = [course.exercise(slug) for slug in course.slugs(assignment)]
    roster = gradebook.roster(course)
    results = course.results(assignment)
    entered = points.entries(course, assignment)
    students = {*roster, *course.students(assignment), *results}
    return [
        _grade(course, assignment, exercises, student, roster, results.get(student, {}), entered)
        for student in sorted(students)
    ]


def export(
    course: Course,
    assignment: str,
    destination: Path,
    layout: str = "csv",
    *,
    template: Path | None = None,
    column: str | None = None,
    provisional: bool = False,
) -> list[str]:
    """Write the grades of an assignment.

    Parameters
    ----------
    course : Course
        Of which.
    assignment : str
        One of its assignments.
    destination : Path
        The file to write.
    layout : str
        One of `LAYOUTS`.
    template : Path, optional
        The platform's own table, of which one column is filled and all else stays. A cell for
        which there is no score stays as it is, and so does one that excuses a student.
    column : str, optional
        The title of the column to fill. For Canvas, the one that has the assignment's name unless
        given; for Moodle, ``Grade``.
    provisional : bool
        Give those whose written answers wait for a reader the points they have so far.

    Returns
    -------
    list of str
        What the instructor should know: who is only in the course or only in the template, whose
        cell was left, and a maximum that is not the assignment's.

    Raises
    ------
    CourseError
        If the gradebook or the template cannot be used.
    ValueError
        If there is no such layout, or not one such column.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {LAYOUTS}, got {layout!r}")
    if layout == "csv" and (template is not None or column is not None):
        raise ValueError("template and column must be left out for the layout csv")
    found = grades(course, assignment)
    known = {g.student: g.so_far if provisional and g.score is None else g.score for g in found}
    waiting = [grade.student for grade in found if grade.status == "not-graded"]
    if template is None:
        rows = {"csv": _csv, "canvas": _canvas, "moodle": _moodle}[layout](
            course, assignment, found, known
        )
        mark, dialect = layout == "csv", {"lineterminator": "\n"}
        notes = []
        if layout == "moodle":
            notes = [
                "Moodle finds students by ID number or email; numbers of participants are neither"
            ]
    else:
        rows, mark, dialect = _read(template)
        notes = _fill(rows, layout, column, assignment, found, known)
    if waiting:
        notes.append(f"not graded, run `grade` first: {', '.join(waiting)}")
    text = io.StringIO()
    csv.writer(text, **dialect).writerows(rows)
    write(destination, text.getvalue().encode("utf-8-sig" if mark else "utf-8"))
    return notes


def text_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> text_cell("=HYPERLINK(0)"), text_cell("Doe, Jr")
    ("'=HYPERLINK(0)", 'Doe, Jr')
    """
    return f"'{text}" if text.lstrip(" \n\v\f").startswith(_FORMULA) else text


def number_cell(value: float | None) -> str:
    """Return a number as text, and nothing for None.

    Examples
    --------
    >>> number_cell(3.0), number_cell(2.50), number_cell(None)
    ('3', '2.5', '')
    """
    if value is None:
        return ""
    return f"{value:.4f}".rstrip("0").rstrip(".")


# Grades


def _grade(
    course: Course,
    assignment: str,
    exercises: list[Exercise],
    student: str,
    roster: dict[str, dict[str, str]],
    results: dict[str, Result],
    entered: dict[tuple[str, str], dict[str, points.Entry]],
) -> Grade:
    folder = course.submitted(student, assignment)
    handed_in = {e.slug for e in exercises if (folder / f"{e.slug}.ipynb").is_file()}
    row = roster.get(student, {})
    who = (student, row.get("name") or "", row.get("email") or "")
    most = float(sum(exercise.points for exercise in exercises))
    if not handed_in and not {e.slug for e in exercises} & set(results):
        return Grade(*who, None, most, "missing", None, {e.slug: None for e in exercises})
    scores, so_far, statuses = {}, [], []
    for exercise in exercises:
        result = results.get(exercise.slug)
        if result and exercise.slug in handed_in and _is_other(result, folder):
            result = None
        parts = points.parts(exercise, result, entered.get((student, exercise.slug), {}))
        waits = any(part.score is None for part in parts)
        status = _status(result, exercise.slug in handed_in, waits)
        known = None if status == "not-graded" else points.so_far(parts)
        scores[exercise.slug] = None if waits else known
        so_far.append(known)
        statuses.append(status)
    status = min(statuses, key=STATUSES.index)
    return Grade(*who, _sum(scores.values()), most, status, _sum(so_far), scores)


def _is_other(result: Result, folder: Path) -> bool:
    """Whether something else was handed in since."""
    handed_in = files.read(folder / f"{result.exercise}.ipynb")
    return result.submitted != files.digest(handed_in)


def _status(result: Result | None, handed_in: bool, waits: bool) -> str:
    if result is None or not result.key:  # no key: the grader failed, not the student
        if handed_in or result:
            return "not-graded"
        return "needs-review" if waits else "not-attempted"
    if result.status in ("ok", "needs-review", "not-attempted"):
        done = "ok" if result.status == "needs-review" else result.status
        return "needs-review" if waits else done
    return result.status


def _sum(values: Iterable[float | None]) -> float | None:
    values = list(values)
    return None if None in values else math.fsum(values)


# Tables


def _csv(course: Course, assignment: str, found: list[Grade], known: dict) -> list[list[str]]:
    slugs = course.slugs(assignment)
    rows = [["id", "name", "email", "status", "score", "max_score", *slugs]]
    for grade in found:
        texts = (grade.student, grade.name, grade.email, grade.status)
        numbers = (known[grade.student], grade.max_score, *(grade.exercises[s] for s in slugs))
        rows.append([*map(text_cell, texts), *map(number_cell, numbers)])
    return rows


def _canvas(course: Course, assignment: str, found: list[Grade], known: dict) -> list[list[str]]:
    most = max((grade.max_score for grade in found), default=0.0)
    rows = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", text_cell(assignment)],
        ["    Points Possible", "", "", "", "", number_cell(most)],
    ]
    for grade in found:
        student = text_cell(grade.student)
        ids = [student, "", ""] if grade.student.isdecimal() else ["", "", student]
        rows.append([text_cell(grade.name), *ids, "", number_cell(known[grade.student])])
    return rows


def _moodle(course: Course, assignment: str, found: list[Grade], known: dict) -> list[list[str]]:
    rows = [["ID number", "Full name", "Email address", text_cell(assignment)]]
    for grade in found:
        texts = (grade.student, grade.name, grade.email)
        rows.append([*map(text_cell, texts), number_cell(known[grade.student])])
    return rows


def _read(template: Path) -> tuple[list[list[str]], bool, dict[str, str]]:
    """Return a table, whether it has a byte order mark, and how its cells are parted."""
    try:
        data = template.read_bytes()
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"template must be a CSV file in UTF-8, {template}: {error}") from None
    first = text.partition("\n")[0]
    dialect = {
        "delimiter": max(",;\t", key=first.count),
        "lineterminator": "\r\n" if first.endswith("\r") else "\n",
    }
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=dialect["delimiter"]))
    except csv.Error as error:
        raise CourseError(f"template must be a CSV file, {template}: {error}") from None
    if not rows:
        raise CourseError(f"template must be a CSV file with titles, {template} is empty")
    return rows, data.startswith(b"\xef\xbb\xbf"), dialect


def _fill(
    rows: list[list[str]],
    layout: str,
    column: str | None,
    assignment: str,
    found: list[Grade],
    known: dict[str, float | None],
) -> list[str]:
    """Write the points into a platform's table, and return what the instructor should know."""
    header = rows[0]
    if layout == "canvas":
        at = _canvas_column(header, column, assignment)
        people, most = _canvas_people(rows), _canvas_most(rows, at)
    else:
        at = _column(header, column or "Grade")
        people, most = _moodle_people(rows), _moodle_most(rows)
    notes = [
        f"the template's maximum is {given}, the assignment's {number_cell(grade.max_score)}: "
        "points are not converted, so change the platform's maximum first"
        for grade in found[:1]
        for given in sorted(most - {number_cell(grade.max_score)})
    ]
    places, unplaced = _match(found, people)
    for grade in found:
        who = f"{grade.student} ({grade.name})" if grade.name else grade.student
        if grade.student not in places:
            notes.append(f"{unplaced[grade.student]}: {who}")
            continue
        row = rows[places[grade.student]]
        row += [""] * (at + 1 - len(row))
        if known[grade.student] is None:
            continue
        if row[at].strip().upper() in ("EX", "N/A"):
            notes.append(f"left as {row[at].strip()}: {who}")
        else:
            row[at] = number_cell(known[grade.student])
    taken = set(places.values())
    notes += [
        f"in the template, not in the course: {' '.join(filter(None, rows[i][:2]))}"
        for i in sorted(people.keys() - taken)
    ]
    return notes


def _column(header: Sequence[str], title: str) -> int:
    found = [i for i, name in enumerate(header) if name.strip() == title.strip()]
    if len(found) != 1:
        raise ValueError(f"column must be one of {list(header)}, once, got {title!r}")
    return found[0]


def _canvas_column(header: list[str], column: str | None, assignment: str) -> int:
    if column is not None:
        return _column(header, column)
    titles = {i: found[1] for i, t in enumerate(header) if (found := _TITLE.fullmatch(t.strip()))}
    exact = [i for i, title in titles.items() if title == assignment]
    loose = [i for i, title in titles.items() if assignment.casefold() in title.casefold()]
    for fits in (exact, loose):
        if len(fits) == 1:
            return fits[0]
    raise ValueError(
        f"column must name one column of the template for {assignment!r}, "
        f"one of {[header[i] for i in titles]}"
    )


def _canvas_people(rows: list[list[str]]) -> dict[int, set[str]]:
    """Return what identifies the student of each row."""
    header = [title.strip() for title in rows[0]]
    if "ID" not in header:
        raise CourseError(f"template must have a column ID, got {header}")
    keys = [header.index(n) for n in ("ID", "SIS User ID", "SIS Login ID") if n in header]
    return _people(rows, keys)  # neither "Points Possible" nor "Manual Posting" has any


def _people(rows: list[list[str]], keys: list[int]) -> dict[int, set[str]]:
    people = {}
    for i, row in enumerate(rows[1:], start=1):
        known = {row[k].strip().casefold() for k in keys if k < len(row)} - {""}
        if known:
            people[i] = known
    return people


def _canvas_most(rows: list[list[str]], at: int) -> set[str]:
    row = next((row for row in rows[1:4] if row and "Points Possible" in row[0]), [])
    return {_plain_number(row[at])} - {""} if at < len(row) else set()


def _moodle_people(rows: list[list[str]]) -> dict[int, set[str]]:
    """Return what identifies the student of each row; its number ends the first cell."""
    header = [title.strip().casefold() for title in rows[0]]
    keys = [i for i, t in enumerate(header) if t in ("id number", "username") or "mail" in t]
    people = _people(rows, keys)
    for i, row in enumerate(rows[1:], start=1):
        if row and (number := re.search(r"\d+$", row[0].strip())):
            people.setdefault(i, set()).add(number[0])
    return people


def _moodle_most(rows: list[list[str]]) -> set[str]:
    header = [title.strip() for title in rows[0]]
    if "Maximum Grade" not in header:
        return set()
    at = header.index("Maximum Grade")
    return {_plain_number(row[at]) for row in rows[1:] if at < len(row)} - {""}


def _plain_number(text: str) -> str:
    try:
        return number_cell(float(text.strip().replace(",", ".")))
    except ValueError:
        return ""


def _match(
    found: list[Grade], people: dict[int, set[str]]
) -> tuple[dict[str, int], dict[str, str]]:
    """Return the row of each student who is in exactly one, and why the others are in none."""
    rows = defaultdict(set)
    for i, known in people.items():
        for key in known:
            rows[key].add(i)
    places, unplaced = {}, {}
    for grade in found:
        keys = {grade.student.casefold(), grade.email.strip().casefold()} - {""}
        fits = set().union(*(rows.get(key, set()) for key in keys))
        if len(fits) == 1:
            places[grade.student] = fits.pop()
        else:
            several = "fits several rows of the template, left out"
            unplaced[grade.student] = several if fits else "in the course, not in the template"
    claims = defaultdict(list)
    for student, i in places.items():
        claims[i].append(student)
    for students in claims.values():
        if len(students) > 1:
            for student in students:
                del places[student]
                unplaced[student] = "shares a row of the template with another, left out"
    return places, unplaced
