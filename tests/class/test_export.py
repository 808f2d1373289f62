"""Grades for spreadsheets and for learning platforms: no name breaks them, ungraded is not 0."""

import csv
import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbgrader.api import Base
from sqlalchemy import create_engine

from pooling_class import files, gradebook
from pooling_class.course import Course, CourseError
from pooling_class.export import LAYOUTS, export, grades, text_cell
from pooling_class.result import CheckResult, Result

GOLDEN = Path(__file__).parent / "golden"

ALPHA = """\
---
title: Alpha
chapter: 01_convolution
minutes: 5
function: alpha
---

Write it.

```{code-cell} python
:tags: [answer]

def alpha(x):
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION
```

+++ {"part": "question", "points": 4}

Why?

+++ {"part": "rubric"}

Because.
"""
BETA = ALPHA.partition("+++")[0].replace("alpha", "beta")
CHECKS = "POINTS = {'small': 2, 'large': 3}\nreference = abs\ndef cases(rng):\n    yield from ()\n"


@pytest.fixture
def course(tmp_path):
    """Return a course of two exercises: checks of 2 and 3 points each, and a question of 4."""
    for slug, text in (("alpha", ALPHA), ("beta", BETA)):
        home = tmp_path / "private" / slug
        home.mkdir(parents=True)
        (home / "exercise.md").write_text(text)
        (home / "checks.py").write_text(CHECKS)
    (tmp_path / "course").mkdir()
    return Course(tmp_path / "course", {"week1": ["alpha", "beta"]}, tmp_path / "private")


def hand_in(course, student, slug="alpha"):
    folder = course.submitted(student, "week1")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{slug}.ipynb").write_text("{}")


def grade(course, student, slug="alpha", passed=(True, True), status="ok", asked=False, key="k"):
    """Store what the grader would."""
    hand_in(course, student, slug)
    points = {"small": 2, "large": 3}.items()
    checks = tuple(CheckResult(n, p, ok, 1) for (n, p), ok in zip(points, passed, strict=True))
    questions = {"question-1": 4} if asked else {}
    file = course.submitted(student, "week1") / f"{slug}.ipynb"
    more = {"key": key, "submitted": files.digest(files.read(file))}
    result = Result(student, "week1", slug, status, checks, questions, **more)
    result.save(course.result_path(student, "week1", slug))


def read(
    course, student, cell, score=None, waits=False, slug="alpha", extra=None, assignment="week1"
):
    """Enter into the gradebook what a reader would in formgrader."""
    engine = create_engine(f"sqlite:///{course.root / 'gradebook.db'}")
    Base.metadata.create_all(engine)  # as nbgrader does, but without asking for its version
    engine.dispose()
    with gradebook.opened(course.root / "gradebook.db") as book:
        for week in () if book.assignments else ("week1", "week2"):
            book.add_assignment(week)
            for name in ("alpha", "beta"):
                book.add_notebook(name, week)
                for part in ("check-1", "check-2", "question-1"):
                    book.add_grade_cell(part, name, week, max_score=4, cell_type="markdown")
        book.update_or_create_student(student)
        book.update_or_create_submission(assignment, student)
        found = book.find_grade(cell, slug, assignment, student)
        found.manual_score, found.needs_manual_grade, found.extra_credit = score, waits, extra
        book.db.commit()


def roster(course, *rows):
    (course.root / "roster.csv").write_text("\n".join(["id,name,email", *rows]), "utf-8")


def of(course, student):
    return next(g for g in grades(course, "week1") if g.student == student)


def table(path, delimiter=","):
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


# Grades


def test_points_of_checks_add_up(course):
    grade(course, "ada", passed=(True, False))
    grade(course, "ada", "beta")
    got = of(course, "ada")
    assert (got.score, got.max_score, got.status) == (7, 14, "ok")
    assert got.exercises == {"alpha": 2, "beta": 5}


def test_exercise_not_handed_in_counts_nothing_if_another_was(course):
    grade(course, "ada")
    got = of(course, "ada")
    assert (got.score, got.status, got.exercises["beta"]) == (5, "not-attempted", 0)


def test_untouched_is_zero_and_missing_is_empty(course):
    roster(course, "bob,Bob,", "eve,Eve,")
    grade(course, "bob", passed=(False, False), status="not-attempted")
    assert (of(course, "bob").score, of(course, "bob").status) == (0, "not-attempted")
    got = of(course, "eve")
    assert (got.score, got.so_far, got.status) == (None, None, "missing")
    assert got.exercises == {"alpha": None, "beta": None}


def test_handed_in_and_not_graded_is_empty(course):
    grade(course, "ada")
    hand_in(course, "ada", "beta")
    got = of(course, "ada")
    assert (got.score, got.so_far, got.status) == (None, None, "not-graded")
    grade(course, "bob", status="died", passed=(False, False), key="")
    assert (of(course, "bob").score, of(course, "bob").status) == (None, "not-graded")


def test_written_answer_waits_for_a_reader(course):
    grade(course, "ada", status="needs-review", asked=True)
    grade(course, "ada", "beta")
    for waiting in (None, {"waits": True}, {"waits": True, "score": 3}, {"waits": False}):
        if waiting is not None:
            read(course, "ada", "question-1", **waiting)
        got = of(course, "ada")
        assert (got.score, got.so_far, got.status) == (None, 10, "needs-review")
    read(course, "ada", "question-1", 3)
    got = of(course, "ada")
    assert (got.score, got.so_far, got.status) == (13, 13, "ok")
    read(course, "ada", "question-1", 0)
    assert of(course, "ada").score == 10
    read(course, "ada", "question-1", 4, extra=0.5)
    assert of(course, "ada").score == 14.5


def test_question_that_was_not_touched_is_zero_unless_a_reader_says_otherwise(course):
    grade(course, "ada")
    grade(course, "ada", "beta")
    read(course, "ada", "question-1")
    assert of(course, "ada").score == 10
    read(course, "ada", "question-1", 2)
    assert of(course, "ada").score == 12


def test_readers_points_win_over_a_check(course):
    grade(course, "ada", passed=(False, False))
    grade(course, "ada", "beta")
    read(course, "ada", "check-2", 2.5)
    assert of(course, "ada").exercises == {"alpha": 2.5, "beta": 5}
    read(course, "ada", "check-2", 2.5, waits=True)
    assert (of(course, "ada").score, of(course, "ada").status) == (None, "needs-review")
    read(course, "bob", "check-1", 2)
    grade(course, "bob", "beta")
    assert (of(course, "bob").score, of(course, "bob").exercises["alpha"]) == (7, 2)


def test_other_students_and_assignments_do_not_count(course):
    grade(course, "ada", status="needs-review", asked=True)
    read(course, "bob", "question-1", 4)
    read(course, "ada", "question-1", 4, assignment="week2")
    assert of(course, "ada").exercises["alpha"] is None
    read(course, "ada", "question-1", 4, slug="beta")
    assert of(course, "ada").exercises["alpha"] is None


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        (("ok", "ok"), "ok"),
        (("ok", "not-attempted"), "not-attempted"),
        (("needs-review", "not-attempted"), "needs-review"),
        (("needs-review", "timeout"), "timeout"),
        (("died", "timeout"), "died"),
        (("load-error", "died"), "load-error"),
        (("unreadable", "load-error"), "unreadable"),
    ],
)
def test_status_of_a_student_is_the_worst(course, statuses, worst):
    for slug, status in zip(("alpha", "beta"), statuses, strict=True):
        grade(course, "ada", slug, status=status, asked=status == "needs-review")
    assert of(course, "ada").status == worst


def test_timeout_with_a_written_answer_has_no_score_yet(course):
    grade(course, "ada", status="timeout", passed=(True, False), asked=True)
    got = of(course, "ada")
    assert (got.status, got.score, got.so_far) == ("timeout", None, 2)


def test_rows_are_the_roster_and_who_handed_in_sorted(course):
    roster(course, "zoe,Zoe,z@u.de", "bob,Bob,")
    grade(course, "ada")
    hand_in(course, "mia")
    assert [g.student for g in grades(course, "week1")] == ["ada", "bob", "mia", "zoe"]
    assert (of(course, "zoe").name, of(course, "zoe").email) == ("Zoe", "z@u.de")


def test_gradebook_is_only_read(course):
    grade(course, "ada")
    read(course, "ada", "check-1", 1)
    book = course.root / "gradebook.db"
    before = hashlib.sha256(book.read_bytes()).hexdigest(), book.stat().st_mtime_ns
    book.chmod(0o444)
    course.root.chmod(0o555)
    try:
        assert of(course, "ada").exercises["alpha"] == 4
    finally:
        course.root.chmod(0o755)
    assert (hashlib.sha256(book.read_bytes()).hexdigest(), book.stat().st_mtime_ns) == before


@pytest.mark.parametrize("data", [b"no database", b""])
def test_gradebook_that_cannot_be_read_is_said(course, data):
    (course.root / "gradebook.db").write_bytes(data)
    with pytest.raises(CourseError, match=r"gradebook\.db cannot be read"):
        grades(course, "week1")


def test_assignment_that_is_not_there(course):
    with pytest.raises(CourseError, match="assignment must be one of"):
        grades(course, "week2")


# Files


@pytest.fixture
def class_of(course):
    """Fill the course with one student of each kind."""
    roster(
        course,
        '1001,"Doe, Jane",jane@u.de',
        '1002,"=HYPERLINK(""http://x.y"",""z"")",+1@u.de',
        '1003,"Ünal ""Ü"" Öz, Jr",',
        "1004,Eve Missing,eve@u.de",
        '1005,"two\nlines",@sum',
    )
    for student, passed in (("1001", (True, True)), ("1002", (True, False))):
        grade(course, student, passed=passed)
        grade(course, student, "beta")
    grade(course, "1003", status="needs-review", asked=True)
    grade(course, "1003", "beta", status="timeout", passed=(True, False))
    grade(course, "1005", passed=(False, False), status="not-attempted")
    grade(course, "-9", status="unreadable", passed=(False, False))
    read(course, "1001", "check-1", 1.25)
    return course


@pytest.mark.parametrize("layout", LAYOUTS)
def test_file_is_the_golden_one(class_of, tmp_path, layout):
    made = tmp_path / "out.csv"
    notes = export(class_of, "week1", made, layout)
    assert len(notes) == (layout == "moodle"), "by what Moodle finds students"
    assert made.read_bytes() == (GOLDEN / f"grades_{layout}.csv").read_bytes()


@pytest.mark.parametrize("layout", ["canvas", "moodle"])
def test_filled_template_is_the_golden_one(class_of, tmp_path, layout):
    made, template = tmp_path / "out.csv", GOLDEN / f"template_{layout}.csv"
    notes = export(class_of, "week1", made, layout, template=template)
    assert made.read_bytes() == (GOLDEN / f"filled_{layout}.csv").read_bytes()
    said = "\n".join(notes)
    assert "in the course, not in the template: -9" in said
    assert "in the template, not in the course: " in said
    assert "the template's maximum is 100, the assignment's 14" in said
    old, new = table(template), table(made)
    changed = [
        (i, j) for i, row in enumerate(new) for j, cell in enumerate(row) if cell != old[i][j]
    ]
    assert {j for _, j in changed} == {
        new[0].index("week1 (77)" if layout == "canvas" else "Grade")
    }


def test_ungraded_is_empty_and_provisional_on_demand(class_of, tmp_path):
    made = tmp_path / "out.csv"
    export(class_of, "week1", made)
    assert {row[0]: row[4] for row in table(made)}["1003"] == ""
    export(class_of, "week1", made, provisional=True)
    points = {row[0]: row[4] for row in table(made)}
    assert (points["1003"], points["1004"], points["1001"]) == ("7", "", "9.25")


def test_excused_students_stay_excused(class_of, tmp_path):
    template = tmp_path / "in.csv"
    rows = ["Student,ID,Section,week1 (77)", ",,,Manual Posting", "    Points Possible,,,14"]
    template.write_text("\n".join([*rows, "J,1001,,EX", "H,1002,,N/A", "O,1005,,3\n"]))
    notes = export(class_of, "week1", tmp_path / "out.csv", "canvas", template=template)
    assert [row[3] for row in table(tmp_path / "out.csv")[3:]] == ["EX", "N/A", "0"]
    assert "left as EX: 1001 (Doe, Jane)" in notes
    assert not any("maximum" in note for note in notes)


def test_students_of_a_hub_are_found_by_their_login(course, tmp_path):
    grade(course, "jdoe")
    template = tmp_path / "in.csv"
    text = "Student,ID,SIS User ID,SIS Login ID,Section,week1 (7)\nDoe,5,u5,JDoe,,\n"
    template.write_text(text)
    assert export(course, "week1", tmp_path / "out.csv", "canvas", template=template) == []
    assert table(tmp_path / "out.csv")[1][5] == "5"


def test_who_fits_two_rows_gets_none(course, tmp_path):
    roster(course, "5,Five,", "6,Six,a@u.de", "7,Seven,A@u.de")
    for student in "567":
        grade(course, student)
    template = tmp_path / "in.csv"
    rows = ["Identifier,Full name,ID number,Email address,Grade", "Participant 5,A,1,,"]
    template.write_text("\n".join([*rows, "Participant 8,B,5,,", "Participant 9,C,2,a@u.de,"]))
    notes = export(course, "week1", tmp_path / "out.csv", "moodle", template=template)
    assert [row[-1] for row in table(tmp_path / "out.csv")] == ["Grade", "", "", ""]
    assert "fits several rows of the template, left out: 5 (Five)" in notes
    assert "shares a row of the template with another, left out: 6 (Six)" in notes


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("comma", [",", ";"])
def test_template_keeps_its_form(course, tmp_path, end, mark, comma):
    grade(course, "5")
    lines = ["ID,Vollständiger Name,E-Mail-Adresse,Bewertung", "Teilnehmer/in 5,Ü,a@u.de,"]
    template = tmp_path / "in.csv"
    text = mark + end.join([*(line.replace(",", comma) for line in lines), ""])
    template.write_bytes(text.encode())
    made = tmp_path / "out.csv"
    export(course, "week1", made, "moodle", template=template, column="Bewertung")
    assert made.read_bytes().decode() == text.replace(f"de{comma}", f"de{comma}5")


@pytest.mark.parametrize(
    ("titles", "column", "at"),
    [
        ("week1 (1),week10 (2)", None, 3),
        ("week10 (2),week1 (1)", None, 4),
        ("Pooling Week1 (1),Final (2)", None, 3),
        ("Pooling Week1 (1),Old week1 (2)", "Old week1 (2)", 4),
        ("week1 Current Score,week1 (2)", None, 4),
    ],
)
def test_column_of_the_assignment(course, tmp_path, titles, column, at):
    grade(course, "5")
    template = tmp_path / "in.csv"
    template.write_text(f"Student,ID,Section,{titles}\nA,5,,,\n")
    made = tmp_path / "out.csv"
    export(course, "week1", made, "canvas", template=template, column=column)
    assert table(made)[1][at] == "5"


@pytest.mark.parametrize(
    ("layout", "titles", "column", "error"),
    [
        ("canvas", "Student,ID,Section,A week1 (1),B week1 (2)", None, "column must name one"),
        ("canvas", "Student,ID,Section,Final (1)", None, "column must name one column"),
        ("canvas", "Student,ID,Section,Final (1)", "Quiz", "column must be one of"),
        ("canvas", "Student,Section,week1 (1)", None, "template must have a column ID"),
        ("moodle", "Identifier,Note", None, "column must be one of .* got 'Grade'"),
        ("moodle", "", None, "template must be a CSV file with titles"),
        ("moodle", "\xff", None, "template must be a CSV file in UTF-8"),
        ("csv", "id", None, "template and column must be left out"),
        ("ods", "id", None, "layout must be one of"),
    ],
)
def test_template_that_does_not_fit_is_refused(course, tmp_path, layout, titles, column, error):
    template = tmp_path / "in.csv"
    template.write_bytes(titles.encode("latin-1"))
    with pytest.raises(ValueError, match=error):
        export(course, "week1", tmp_path / "o.csv", layout, template=template, column=column)
    assert not (tmp_path / "o.csv").exists()


@example("\n=1")
@example(" -1")
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_no_text_is_a_formula_and_each_can_be_read_back(text):
    cell = text_cell(text)
    assert not cell.strip(" \n\v\f").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.removeprefix("'") == text or cell == text
    line = io.StringIO()
    csv.writer(line).writerow([cell, "1"])
    assert next(csv.reader(io.StringIO(line.getvalue(), newline=""))) == [cell, "1"]


def test_what_was_handed_in_since_waits_to_be_graded(course):
    grade(course, "ann", "alpha", (True, True))
    grade(course, "ann", "beta", (True, True))
    before = grades(course, "week1")[0]
    (course.submitted("ann", "week1") / "alpha.ipynb").write_text("something else")
    after = grades(course, "week1")[0]
    assert (before.score is not None, after.score, after.status) == (True, None, "not-graded")
    assert after.exercises["beta"] == before.exercises["beta"]
