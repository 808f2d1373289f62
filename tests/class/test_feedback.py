"""A student's page: what stands on it, what must not, and how it looks to a browser."""

import hashlib
import os
import re
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Watched
from bs4 import BeautifulSoup
from nbformat import v4

from pooling_class import files
from pooling_class.course import Course, CourseError, Limits
from pooling_class.describe import describe_call, describe_pair
from pooling_class.export import grades
from pooling_class.feedback import feedback, feedback_all
from pooling_class.gradebook import opened
from pooling_class.notebooks import source_notebook
from pooling_class.result import CheckResult, Failure, Result

TWICE = """\
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

+++ {"part": "question", "points": 3}

Why?

+++ {"part": "rubric"}

Because.
"""
CHECKS = """\
POINTS = {"numbers": 2, "arrays": 1}


def reference(x):
    return 2 * x


def cases(rng):
    yield "numbers", (3,)
    yield "arrays", (rng.normal(size=3),)
"""
LOOK = """\
---
title: Look
chapter: 01_start
minutes: 5
---

Look.

+++ {"part": "question", "points": 4}

What is there?

+++ {"part": "rubric"}

Something.
"""
FAILURE = Failure("twice(3)", "6", "9")
HOSTILE = [
    "<script>document.title = 'taken'</script>",
    "</pre></figure><img src=x onerror=\"document.title = 'taken'\">",
    "{{ 7 * 7 }}{% raw %}",
    "<!-- ]]> </title></style>",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x00 \x08\x0c \x9b0m \ud800",
    "\u202eesrever\u2066 \u200f",
    "x" * 300_000,
    "1\n" * 100_000,
    '" onfocus="document.title = 0" x="',
    "<style>body{display:none}</style><base href='//example.org'><meta http-equiv=refresh>",
]


@pytest.fixture
def course(tmp_path) -> Course:
    """Make a course of two exercises, one with checks and a question, one with a question."""
    exercises = tmp_path / "exercises"
    for name, text in {
        "twice/exercise.md": TWICE,
        "twice/checks.py": CHECKS,
        "look/exercise.md": LOOK,
    }.items():
        path = exercises / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    limits = Limits(call=5, total=30)
    return Course(tmp_path / "course", {"a1": ["twice", "look"]}, exercises, limits)


def hand_in(course, student="ann", slug="twice", status="ok", right=True, notebook=None, **more):
    """Store what a student handed in and what came of it."""
    folder = course.submitted(student, "a1")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{slug}.ipynb").write_text("{}")
    failure = more.pop("failure", FAILURE)
    checks = ()
    if slug == "twice":
        numbers = CheckResult("numbers", 2, right, 1, None if right else failure)
        checks = (numbers, CheckResult("arrays", 1, True, 1))
    checks = more.pop("checks", checks)
    result = Result(student, "a1", slug, status, checks, **{"key": "k"} | more)
    result.save(course.result_path(student, "a1", slug))
    if notebook:
        path = course.root / "autograded" / student / "a1" / f"{slug}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook)


def answered(course, slug="twice", **sources) -> str:
    """Return a graded notebook with answers of a student."""
    notebook = source_notebook(course.exercise(slug))
    for cell in notebook.cells:
        name = cell.metadata["nbgrader"]["grade_id"].replace("-", "_")
        cell.source = sources.get(name, cell.source)
    return v4.writes(notebook)


@cache
def empty_book() -> bytes:
    """Return a gradebook that knows the assignment; nbgrader takes its time to make one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "gradebook.db"
        with opened(file) as book:
            book.add_assignment("a1")
            for notebook, checks in (("twice", 2), ("look", 0)):
                book.add_notebook(notebook, "a1")
                for cell in (f"check-{number}" for number in range(1, checks + 1)):
                    book.add_grade_cell(cell, notebook, "a1", max_score=2, cell_type="code")
                book.add_grade_cell("question-1", notebook, "a1", max_score=3, cell_type="markdown")
                book.add_solution_cell("question-1", notebook, "a1")
            book.add_solution_cell("answer", "twice", "a1")
        return file.read_bytes()


def by_hand(
    course,
    student,
    cell,
    score=None,
    comment=None,
    extra=None,
    slug="twice",
    late=None,
    waits=False,
):
    """Enter a score and a comment as formgrader does."""
    file = course.root / "gradebook.db"
    if not file.exists():
        file.write_bytes(empty_book())
    with opened(file) as book:
        book.update_or_create_student(student)
        book.update_or_create_submission("a1", student)
        if cell != "answer":
            grade = book.find_grade(cell, slug, "a1", student)
            grade.manual_score, grade.extra_credit = score, extra
            grade.needs_manual_grade = waits
        if comment:
            book.find_comment(cell, slug, "a1", student).manual_comment = comment
        if late:
            book.find_submission_notebook(slug, "a1", student).late_submission_penalty = late
        book.db.commit()


def text(path) -> str:
    """Return the words of a page, with single spaces."""
    return " ".join(BeautifulSoup(path.read_text("utf-8"), "html.parser").body.text.split())


def boxes(path, caption) -> list[str]:
    """Return the texts in the boxes with a caption."""
    page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    return [f.pre.text.strip("\n") for f in page("figure") if f.figcaption.text == caption]


def test_shows_scores_checks_and_the_first_failing_case(course):
    hand_in(course, right=False)
    path = feedback(course, "a1", "ann")
    assert path == course.root / "feedback" / "ann" / "a1" / "feedback.html"
    words = text(path)
    assert "for ann 1 / 10 points" in words
    assert "Twice: 1 / 6" in words and "Checks: 1 / 3" in words
    assert "✗ failed numbers 0 / 2" in words and "✓ passed arrays 1 / 1" in words
    assert boxes(path, "The call") == ["twice(3)"]
    assert boxes(path, "Expected") == ["6"] and boxes(path, "Yours") == ["9"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("ok", "Graded."),
        ("needs-review", "The checks are done. A reader will grade the rest."),
        ("not-attempted", "Not attempted: what you handed in is as you got it."),
        (
            "timeout",
            "was stopped. The limits: 5 s of processor time for a call, 30 s in all.",
        ),
        ("died", "ended the process it ran in"),
        ("load-error", "It is twice; what kept it"),
        ("unreadable", "could not be read as a notebook"),
    ],
)
def test_says_each_status_in_words(course, status, words):
    questions = {"question-1": 3} if status == "needs-review" else {}
    hand_in(course, status=status, right=False, message="so it was", questions=questions)
    path = feedback(course, "a1", "ann")
    assert words in text(path)
    assert boxes(path, "What happened") == ["so it was"]
    assert (boxes(path, "The call") == []) == (status == "load-error")


def test_written_answers_wait_and_then_count(course):
    hand_in(course, status="needs-review", questions={"question-1": 3})
    hand_in(course, slug="look", status="needs-review", questions={"question-1": 4})
    words = text(feedback(course, "a1", "ann"))
    assert "3 / 10 points so far 2 answers wait for a reader." in words
    by_hand(course, "ann", "question-1", 1.5, "say why", slug="twice")
    path = feedback(course, "a1", "ann")
    assert "4.5 / 10 points so far 1 answer waits for a reader." in text(path)
    assert "Question 1 1.5 / 3" in text(path) and boxes(path, "Comment") == ["say why"]
    by_hand(course, "ann", "question-1", 0.0, slug="look")
    words = text(feedback(course, "a1", "ann"))
    assert "4.5 / 10 points Exercise" in words
    assert "so far" not in words and "reader" not in words


def test_untouched_question_gives_nothing_and_waits_for_nobody(course):
    hand_in(course, questions={})
    words = text(feedback(course, "a1", "ann"))
    assert "Question 1 Not answered. 0 / 3" in words and "so far" not in words


def test_an_instructors_score_wins_over_a_check(course):
    hand_in(course, right=False)
    by_hand(course, "ann", "check-1", 1.5, extra=0.25)
    by_hand(course, "ann", "answer", comment="well named", late=0.5)
    path = feedback(course, "a1", "ann")
    words = text(path)
    assert "✗ failed numbers 1.75 / 2 Your instructor set these points by hand." in words
    assert words.count("by hand") == 1
    assert "Late" not in words and "Twice: 2.75 / 6" in words
    assert boxes(path, "Comment") == ["well named"]


@pytest.mark.parametrize("questions", [{"question-1": 3}, {}])
@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize(
    ("cell", "again"),
    [
        ("check-1", "numbers – / 2 A reader will grade it again."),
        ("question-1", "Question 1 A reader will grade it. – / 3"),
    ],
)
def test_says_of_points_by_hand_what_the_export_says(course, cell, again, waits, questions):
    hand_in(course, questions=questions, submitted=files.digest(b"{}"))
    by_hand(course, "ann", cell, 1.5, extra=0.25, waits=waits)
    by_hand(course, "ann", "answer", late=0.5)
    words = text(feedback(course, "a1", "ann"))
    (row,) = grades(course, "a1")
    assert f"for ann {row.so_far:g} / 10 points" in words
    assert ("so far" in words) == (row.score is None)
    assert (again in words) == waits


def test_what_is_missing_or_not_graded_is_told_apart(course):
    hand_in(course, key="", message="the grader failed: /etc")
    words = text(feedback(course, "a1", "ann"))
    assert "1 notebook is not graded yet." in words and "Twice: – / 6 Handed in" in words
    assert "Look: 0 / 4 Not handed in." in words
    assert "the grader failed" not in words


def test_shows_what_the_student_wrote_and_printed(course):
    notebook = answered(course, answer="def twice(x):\n    return 3 * x", question_1="I guess")
    hand_in(course, output="hello", questions={"question-1": 3}, notebook=notebook)
    path = feedback(course, "a1", "ann")
    assert boxes(path, "As you handed it in") == ["def twice(x):\n    return 3 * x"]
    assert boxes(path, "As you wrote it") == ["I guess"]
    assert boxes(path, "When they were graded") == ["hello"]


@pytest.mark.parametrize("notebook", ["", "[]", '{"cells": 3}', "{" * 100_000, "\0"])
def test_a_broken_notebook_costs_its_answer_only(course, notebook):
    hand_in(course, notebook=notebook or " ")
    hand_in(course, "ben")
    paths = feedback_all(course, "a1")
    assert [path.parts[-3] for path in paths] == ["ann", "ben"]
    assert all("Twice: 3 / 6" in text(path) for path in paths)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text(course, hostile):
    student = re.sub(r"[/\0\ud800]", "-", hostile)[:80]
    fields = {"message": hostile, "output": hostile, "failure": Failure(*[hostile] * 3)}
    written = hostile.encode("utf-8", "replace").decode()
    notebook = answered(course, answer=written, question_1=written)
    questions = {"question-1": 3}
    hand_in(course, student, right=False, questions=questions, notebook=notebook, **fields)
    by_hand(course, student, "question-1", 1, written)
    raw = feedback(course, "a1", student).read_bytes()
    page = BeautifulSoup(raw.decode(), "html.parser")
    plain = {"html", "head", "meta", "title", "style", "body", "header", "main", "nav", "section"}
    plain |= {"h1", "h2", "h3", "p", "strong", "span", "table", "thead", "tbody", "tr", "th", "td"}
    plain |= {"a", "ul", "li", "figure", "figcaption", "pre", "details", "summary", "div", "code"}
    assert {tag.name for tag in page.find_all()} <= plain | {"footer"}
    known = {"charset", "http-equiv", "content", "name", "lang", "id", "class", "href", "scope"}
    known |= {"open", "tabindex", "role", "aria-label"}
    assert {name for tag in page.find_all() for name in tag.attrs} <= known
    assert len(page("meta")) == 4 and len(page("style")) == 1
    line = hostile.split("\n")[0][:60]
    assert not (line.isprintable() and line not in page.find("pre").text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", raw.decode())
    assert len(raw) < 400_000


def test_colors_are_left_out_and_what_is_not_seen_is_shown(course):
    hand_in(course, message="\x1b[1;31mred\x1b[0m \x07\r\n\u202etfel")
    assert boxes(feedback(course, "a1", "ann"), "What happened") == ["red ␇\n[U+202E]tfel"]


def test_no_page_holds_anything_of_another_student(course):
    for student, mark in (("ann", "anns-mark"), ("ben", "bens-mark")):
        notebook = answered(course, answer=f"# {mark}", question_1=mark)
        fields = {"message": mark, "output": mark, "failure": Failure(mark, mark, mark)}
        questions = {"question-1": 3}
        hand_in(course, student, right=False, questions=questions, notebook=notebook, **fields)
        by_hand(course, student, "question-1", 1, mark)
    pages = {path.parts[-3]: path.read_text("utf-8") for path in feedback_all(course, "a1")}
    assert "anns-mark" in pages["ann"] and "bens-mark" in pages["ben"]
    assert "ben" not in pages["ann"] and "anns" not in pages["ben"]


def test_a_result_of_somebody_else_is_nobodys(course):
    hand_in(course, "ben", output="bens output")
    hand_in(course, "ann")
    stored = course.result_path("ben", "a1", "twice").read_bytes()
    course.result_path("ann", "a1", "twice").write_bytes(stored)
    words = text(feedback(course, "a1", "ann"))
    assert "bens output" not in words and "not graded yet" in words


def test_same_inputs_same_bytes_and_nothing_else_is_left(course):
    hand_in(course, right=False, notebook=answered(course))
    by_hand(course, "ann", "check-1", 1)
    book = course.root / "gradebook.db"
    before = hashlib.sha256(book.read_bytes()).hexdigest()
    pages = [feedback(course, "a1", "ann").read_bytes() for _ in range(2)]
    assert pages[0] == pages[1]
    folder = course.root / "feedback" / "ann" / "a1"
    assert [path.name for path in folder.iterdir()] == ["feedback.html"]
    assert hashlib.sha256(book.read_bytes()).hexdigest() == before


def test_a_page_is_replaced_whole_or_not_at_all(course, monkeypatch):
    hand_in(course)
    path = feedback(course, "a1", "ann")
    before = path.read_bytes()

    def fails(*_):
        raise OSError("disk full")

    hand_in(course, right=False)
    monkeypatch.setattr("pathlib.Path.replace", fails)
    with pytest.raises(OSError, match="disk full"):
        feedback(course, "a1", "ann")
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["feedback.html"]


def test_the_gradebook_is_only_read(course):
    hand_in(course)
    by_hand(course, "ann", "check-1", 1)
    book = course.root / "gradebook.db"
    before = book.read_bytes(), os.stat(book).st_mtime_ns
    assert "1 / 2 Your instructor" in text(feedback(course, "a1", "ann"))
    assert (book.read_bytes(), os.stat(book).st_mtime_ns) == before


def test_refuses_what_it_does_not_know(course):
    hand_in(course)
    for assignment, student in (("a2", "ann"), ("a1", "ben"), ("a1", "../ann"), ("a1", "")):
        with pytest.raises(CourseError, match="assignment|student"):
            feedback(course, assignment, student)
    (course.root / "gradebook.db").write_text("no gradebook " * 100)
    with pytest.raises(CourseError, match=r"gradebook\.db cannot be read"):
        feedback(course, "a1", "ann")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_reads_well_in_a_browser(course, chrome, width, scheme):
    wide = np.arange(40.0).reshape(1, 40)
    call, pair = describe_call("twice", (wide,)), describe_pair(2 * wide, wide)
    checks = (
        CheckResult("numbers", 2, False, 1, Failure(call, *pair)),
        CheckResult("a long name " * 8, 1, False, 1, FAILURE),
    )
    notebook = answered(course, answer="\n".join(HOSTILE[:4]), question_1=HOSTILE[6][:3000])
    fields = {"message": "\n".join(HOSTILE[:4]), "output": HOSTILE[6][:3000], "checks": checks}
    student = "<script>document.title = 0<" + "w" * 60
    student = student.replace("<", "\u202e")
    questions = {"question-1": 3}
    hand_in(course, student, status="timeout", questions=questions, notebook=notebook, **fields)
    by_hand(course, student, "question-1", 1, HOSTILE[1])
    path = feedback(course, "a1", student)
    context = chrome.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    violations = Axe().run(page, options={"preload": False}).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    assert page.title() == "Feedback: a1" and watched.faults == []
    context.close()


def test_prints_every_failing_case(course, chrome):
    checks = [CheckResult(n, 1, False, 1, Failure(n, "1", "2")) for n in ("numbers", "arrays")]
    hand_in(course, checks=tuple(checks))
    context = chrome.new_context()
    page = context.new_page()
    page.goto(feedback(course, "a1", "ann").as_uri())
    calls = page.locator(".case pre").filter(has_text="arrays")
    assert not calls.first.is_visible()
    page.emulate_media(media="print")
    assert calls.first.bounding_box()["height"] > 10
    context.close()
