"""Whatever one student hands in: nobody gains a point by it, and nobody else loses one."""

import hashlib
import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import nbformat
import psutil
import pytest
import submissions
from submissions import FULL, HOSTILE, INNOCENT, SEED, SLUG

from pooling_class import build, classroom, describe, gradebook, grader
from pooling_class.course import open_course
from pooling_class.exercise import EXERCISES

pytestmark = pytest.mark.usefixtures("needs_bubblewrap")

MARK = f"left-behind-by-{os.getpid()}"
SETTINGS = '[assignments]\nhw = ["{slug}"]\n[limits]\ncall = {call}\ntotal = {total}\n'
CLASS = HOSTILE | INNOCENT
# For nbgrader: what is odd about the file, and some of what runs. It waits at a pipe for ever.
_RUNS = submissions.FUNCTIONS | submissions.ODD_FUNCTIONS | submissions.INNOCENT_CELLS
_RUNS |= submissions.ANSWERS | submissions.ODD_ANSWERS
SOME = ("loops", "segfaults", "raises", "says-it-passed", "syntax-error", "squares-only", "warns")
NBGRADER = {
    name: submission
    for name, submission in CLASS.items()
    if name in SOME or name not in _RUNS and name != "a-pipe"
}


class Seen(NamedTuple):
    """What grading the whole class left to look at."""

    root: Path
    results: dict
    rows: dict  # of the gradebook: student and score
    book: list[str]  # digests of the gradebook: before, and when the last sandbox had ended
    files: list[dict]  # digests of what was handed in: before and after
    calls: int  # that reached us over the network
    left: list  # processes


@pytest.fixture(scope="module")
def released(tmp_path_factory, needs_bubblewrap):
    """Return a course folder with a released assignment, and a seed that is always the same."""
    root = tmp_path_factory.mktemp("released")
    (root / "course.toml").write_text(SETTINGS.format(slug=SLUG, call=1.0, total=4.0))
    build.build(build.init_course(root))
    build.release(open_course(root), "hw")
    (root / "results").mkdir()
    (root / "results" / "hw.seed").write_text(f"{SEED}\n")
    return root


@pytest.fixture(scope="module")
def seen(released, tmp_path_factory):
    """Grade all of the class at once."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        root = copied(released, tmp_path_factory)
        listeners = [stack.enter_context(listener) for listener in listening(root)]
        hand_in(root, CLASS, [listener.getsockname() for listener in listeners])
        book, record = [digest(root / "gradebook.db")], gradebook.record

        def look_and_record(*args):
            book.append(digest(root / "gradebook.db"))
            record(*args)

        patch.setattr(gradebook, "record", look_and_record)
        files, children = digests(root), psutil.Process().children(recursive=True)
        # Most of the workers wait for what does not end.
        results = grade(root, workers=4)
        left = set(psutil.Process().children(recursive=True)) - set(children)
        return Seen(
            root,
            results,
            scores(root),
            book,
            [files, digests(root)],
            sum(map(was_called, listeners)),
            [*left, *marked()],
        )


@pytest.fixture(scope="module")
def without_hostile(released, tmp_path_factory):
    """Return the results of a class in which only the innocent handed in."""
    root = copied(released, tmp_path_factory)
    hand_in(root, INNOCENT)
    return grade(root)


@pytest.fixture(scope="module")
def by_nbgrader(released, tmp_path_factory):
    """Let nbgrader's own command grade a class; return what it said, and the scores."""
    root = copied(released, tmp_path_factory)
    (root / "course.toml").write_text(SETTINGS.format(slug=SLUG, call=1.0, total=4.0))
    hand_in(root, NBGRADER)
    programs = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    command = [programs / "nbgrader", "autograde", "hw"]
    subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=300)
    return root, scores(root)


def copied(root, tmp_path_factory):
    new = tmp_path_factory.mktemp("course") / "course"
    subprocess.run(["cp", "-r", root, new], check=True)
    return new


def hand_in(root, students, addresses=()):
    """Fill in what is looked for, and how this run is told from others."""
    neighbor = root / "submitted" / "hands-in-early" / "hw" / f"{SLUG}.ipynb"
    files = [
        EXERCISES / SLUG / "checks.py",
        root / "gradebook.db",
        root / "results" / "hw.seed",
        root / "source" / "hw" / f"{SLUG}.ipynb",
        neighbor,
        "/etc/passwd",
        "/proc/1/environ",
        "/proc/self/environ",
    ]
    submissions.hand_in(
        root,
        nbformat.read(root / "release" / "hw" / f"{SLUG}.ipynb", as_version=4),
        students,
        {
            "TARGETS": repr([*map(str, files)]),
            "ADDRESSES": repr([*addresses]),
            "GRADEBOOK": str(root / "gradebook.db"),
            "PAYLOAD": str(root / "payload"),
            "MARK": MARK,
        },
    )


def grade(root, workers=2):
    done = classroom.grade_class(open_course(root), "hw", workers=workers)
    assert len(done) == len({result.student for result in done})
    return {result.student: result for result in done}


def scores(root):
    with gradebook.opened(root / "gradebook.db") as book:
        return {s.student.id: s.score for s in book.assignment_submissions("hw")}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests(root):
    paths = [*root.glob("submitted/*/hw/*"), *root.glob("release/*/*"), *root.glob("source/*/*")]
    return {path: digest(path) for path in paths if path.is_file() and not path.is_symlink()}


def listening(root):
    """Yield what a program in the same network would reach."""
    for kind, address in [
        (socket.AF_INET, ("127.0.0.1", 0)),
        (socket.AF_UNIX, f"\0{MARK}"),
        (socket.AF_UNIX, str(root / "line")),
    ]:
        listener = socket.socket(kind)
        listener.bind(address)
        listener.listen()
        listener.settimeout(0)
        yield listener


def was_called(listener):
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def marked():
    """Return the processes of this machine that a submission left behind."""
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if MARK in (process.info["cmdline"] or [])]


@pytest.mark.parametrize("student", CLASS)
def test_everybody_gets_what_the_answer_is_worth(seen, student):
    result, wanted = seen.results[student], CLASS[student]
    got = result.status, result.score, seen.rows[student]
    assert got == (wanted.status, wanted.points, wanted.points), result


def test_the_innocent_get_all_points():
    assert {submission.points for submission in INNOCENT.values()} == {FULL}
    assert len(HOSTILE) >= 30
    assert 0 < submissions.SQUARES_POINTS < FULL


@pytest.mark.parametrize("student", INNOCENT)
def test_a_result_is_the_same_without_the_others(seen, without_hostile, student):
    alone, among_others = without_hostile[student], seen.results[student]
    assert replace(among_others, seconds=0) == replace(alone, seconds=0)


@pytest.mark.parametrize(
    ("student", "reason"),
    {
        "a-cell-answers-ahead": "a reply to no request",
        "a-cell-floods-the-channel": "a reply that is too long",
        "patches-equality": "a reply to no request",
    }.items(),
)
def test_a_forged_reply_of_a_cell_is_told_to_the_student(seen, student, reason):
    assert seen.results[student].message == f"running the cells gave {reason}"


@pytest.mark.parametrize(
    ("student", "reason"),
    {
        "a-cell-answers-ahead": "a reply to no request",
        "forges-a-header": "a reply with a forged header",
        "forges-a-pickle": "a reply that is no array of numbers",
        "forges-a-size": "a reply that is too long",
        "forges-deep-json": "a reply that is no JSON",
        "forges-an-error": "a reply with something else in place of a text",
    }.items(),
)
def test_a_forged_reply_is_known_as_such(seen, student, reason):
    first = seen.results[student].checks[0]
    assert first.failure.got == reason


def test_the_gradebook_is_untouched_until_all_is_done(seen):
    before, when_graded = seen.book
    assert when_graded == before


def test_no_file_is_changed(seen):
    before, after = seen.files
    assert before and after == before
    assert not (seen.root / "payload").exists()


@pytest.mark.parametrize("student", ["snoops", "phones-home", "imports-all"])
def test_nothing_is_found(seen, student):
    assert seen.results[student].output == "found: []\n"


def test_nobody_calls(seen):
    assert seen.calls == 0


def test_nothing_is_left_running(seen):
    assert seen.left == []


def test_no_result_tells_what_others_must_find(seen):
    course = open_course(seen.root)
    exam = grader.draw(SLUG, course.exercise_folders, course.seed("hw"))
    expected = [describe.describe(call.expected) for group in exam.groups for call in group.calls]
    secrets = [text for text in expected if "array of shape" not in text]
    assert len(secrets) > 5
    for result in seen.results.values():
        failures = [check.failure for check in result.checks if check.failure]
        told = [result.message, result.output]
        told += [text for failure in failures for text in (failure.inputs, failure.got)]
        assert not [secret for secret in secrets if any(secret in text for text in told)], result


def test_texts_can_be_stored_and_read(seen):
    for student in CLASS:
        path = open_course(seen.root).result_path(student, "hw", SLUG)
        assert path.stat().st_size < 100_000
        json.loads(path.read_text("ascii"))
        shown = seen.root / "autograded" / student / "hw" / f"{SLUG}.ipynb"
        nbformat.validate(nbformat.read(shown, as_version=4))


@pytest.mark.parametrize("student", NBGRADER)
def test_nbgrader_gives_the_same_points(by_nbgrader, student):
    root, rows = by_nbgrader
    wanted, result = CLASS[student], open_course(root).results("hw").get(student, {}).get(SLUG)
    if wanted.by_nbgrader:
        assert (result.status, result.score) == (wanted.status, wanted.points), result
        assert rows[student] == wanted.points
    else:
        assert result is None
        assert not rows.get(student)
