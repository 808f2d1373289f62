"""A class is graded once, whatever happens on the way, and the gradebook knows all or nothing."""

import copy
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import nbformat
import pytest

from pooling_class import __main__ as commands
from pooling_class import build, classroom, gradebook, notebooks, sandbox
from pooling_class.course import CourseError, open_course
from pooling_class.exercise import load

SLUG = "max_pool2d"
SETTINGS = f'[assignments]\nhw = ["{SLUG}"]\n[limits]\ncall = 2.0\ntotal = 6.0\n'
ANSWERS = {
    "ada": notebooks.reference_answer(load(SLUG)),
    "bea": load(SLUG).wrong["zero_padding"],
    "cyd": "def max_pool2d(x, kernel_size, stride=None, padding=0):\n    while True: pass",
    "dov": None,
}
SCORES = {"ada": 7, "bea": 4, "cyd": 0, "dov": 0}
STATUSES = {"ada": "ok", "bea": "ok", "cyd": "timeout", "dov": "not-attempted"}


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Return a course folder with a released assignment."""
    root = tmp_path_factory.mktemp("released")
    (root / "course.toml").write_text(SETTINGS)
    build.build(build.init_course(root))
    build.release(open_course(root), "hw")
    return root


@pytest.fixture
def course(released, tmp_path):
    """Return a course in which four students handed in."""
    root = tmp_path / "course"
    subprocess.run(["cp", "-r", released, root], check=True)
    for student, answer in ANSWERS.items():
        hand_in(root, student, answer)
    return open_course(root)


def hand_in(root, student, answer=None, written=None):
    notebook = nbformat.read(root / "release" / "hw" / f"{SLUG}.ipynb", as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    if answer is not None:
        cells["answer"].source = answer
    if written is not None:
        cells["question-1"].source = written
    notebooks.write(notebook, root / "submitted" / student / "hw" / f"{SLUG}.ipynb")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def summary(results):
    return {r.student: (r.score, r.status) for r in results}


def entered(course):
    with gradebook.opened(gradebook.path(course)) as book:
        return {s.student.id: s.score for s in book.assignment_submissions("hw")}


EXPECTED = {student: (SCORES[student], STATUSES[student]) for student in ANSWERS}
pytestmark = pytest.mark.usefixtures("needs_bubblewrap")


def test_a_class_is_graded_and_entered(course):
    seen = []
    results = classroom.grade_class(
        course, "hw", workers=2, progress=lambda done, of: seen.append((done, of))
    )
    assert summary(results) == EXPECTED
    assert {r.sandbox for r in results} == {"bubblewrap"}
    assert entered(course) == SCORES
    assert seen == [(n, 4) for n in (1, 2, 3, 4)]
    for student in ANSWERS:
        shown = nbformat.read(
            course.root / "autograded" / student / "hw" / f"{SLUG}.ipynb", as_version=4
        )
        failed = [
            c.id for c in shown.cells if any(o.output_type == "error" for o in c.get("outputs", []))
        ]
        assert (failed == []) == (student == "ada")


def test_what_has_not_changed_is_not_graded_again(course):
    classroom.grade_class(course, "hw")
    before = digest(gradebook.path(course))
    assert classroom.grade_class(course, "hw") == []
    assert [r.student for r in classroom.grade_class(course, "hw", students=["bea"], again=True)]
    hand_in(course.root, "dov", ANSWERS["ada"])
    assert summary(classroom.grade_class(course, "hw")) == {"dov": (7, "ok")}
    assert entered(course) == SCORES | {"dov": 7}
    assert digest(gradebook.path(course)) != before


def test_a_run_that_was_stopped_goes_on_and_the_gradebook_stays(course):
    before = digest(gradebook.path(course))

    def stop(done, of):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        classroom.grade_class(course, "hw", workers=1, progress=stop)
    assert digest(gradebook.path(course)) == before
    assert len(classroom.grade_class(course, "hw")) == 2
    assert entered(course) == SCORES


def test_a_failure_while_entering_leaves_the_gradebook(course, monkeypatch):
    before = digest(gradebook.path(course))
    monkeypatch.setattr(gradebook, "_set_grades", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        classroom.grade_class(course, "hw")
    assert digest(gradebook.path(course)) == before
    assert not list(course.root.glob(".gradebook*"))
    monkeypatch.undo()
    assert classroom.grade_class(course, "hw") == []
    assert entered(course) == SCORES


def test_what_others_write_meanwhile_is_not_lost(course, monkeypatch):
    enter = gradebook._enter

    def enter_while_another_writes(*arguments):
        monkeypatch.setattr(gradebook, "_enter", enter)
        with gradebook.opened(gradebook.path(course)) as book:
            book.update_or_create_student("zoe")
        return enter(*arguments)

    monkeypatch.setattr(gradebook, "_enter", enter_while_another_writes)
    classroom.grade_class(course, "hw")
    with gradebook.opened(gradebook.path(course)) as book:
        assert {s.id for s in book.students} == {*ANSWERS, "zoe"}


def test_a_gradebook_that_never_rests_is_left_alone(course, monkeypatch):
    enter, count = gradebook._enter, iter(range(100))

    def enter_while_another_writes(*arguments):
        with gradebook.opened(gradebook.path(course)) as book:
            book.update_or_create_student(f"zoe{next(count)}")
        return enter(*arguments)

    monkeypatch.setattr(gradebook, "_enter", enter_while_another_writes)
    with pytest.raises(CourseError, match="is being written to"):
        classroom.grade_class(course, "hw")
    assert entered(course) == {}


def test_manual_scores_stay_and_written_answers_wait(course):
    hand_in(course.root, "ada", ANSWERS["ada"], "Padding 2 for a window of 2 gives −∞.")
    results = summary(classroom.grade_class(course, "hw"))
    assert results["ada"] == (7, "needs-review")
    with gradebook.opened(gradebook.path(course)) as book:
        grade = book.find_grade("question-1", SLUG, "hw", "ada")
        assert grade.needs_manual_grade
        grade.manual_score, grade.needs_manual_grade = 2, False
        book.db.commit()
    hand_in(course.root, "bea", ANSWERS["ada"])
    classroom.grade_class(course, "hw")
    assert entered(course) == SCORES | {"ada": 9, "bea": 7}
    with gradebook.opened(gradebook.path(course)) as book:
        assert not book.find_grade("question-1", SLUG, "hw", "ada").needs_manual_grade


def test_what_a_reader_graded_waits_again_only_for_another_file(course):
    def state():
        with gradebook.opened(gradebook.path(course)) as book:
            grade = book.find_grade("question-1", SLUG, "hw", "ada")
            return grade.manual_score, grade.needs_manual_grade

    hand_in(course.root, "ada", ANSWERS["ada"], "One.")
    classroom.grade_class(course, "hw")
    assert state() == (None, True)
    with gradebook.opened(gradebook.path(course)) as book:
        grade = book.find_grade("question-1", SLUG, "hw", "ada")
        grade.manual_score, grade.needs_manual_grade = 2, False
        book.db.commit()
    assert len(classroom.grade_class(course, "hw", trust=True)) == len(ANSWERS)
    assert state() == (2, False), "graded in another way, but the same file"
    hand_in(course.root, "ada", ANSWERS["ada"], "Two.")
    classroom.grade_class(course, "hw")
    assert state() == (2, True)


def test_an_assignment_with_submissions_keeps_its_exercises(course, capsys):
    classroom.grade_class(course, "hw")
    release = course.release("hw", SLUG).read_bytes()
    (course.root / "course.toml").write_text(SETTINGS.replace(SLUG, "conv2d"))
    arguments = ["--course", str(course.root)]
    assert commands.main(["build", *arguments]) == 0
    assert commands.main(["release", "hw", *arguments]) == 2
    assert f"put ['{SLUG}'] back into course.toml" in capsys.readouterr().err
    assert course.release("hw", SLUG).read_bytes() == release


def test_a_release_that_fails_leaves_the_one_before(course, monkeypatch):
    release = course.release("hw", SLUG).read_bytes()
    source = course.root / "source" / "hw" / f"{SLUG}.ipynb"
    source.write_text(source.read_text("utf-8").replace("### END SOLUTION", "### over"))
    with pytest.raises(CourseError, match="nbgrader could not make the release"):
        build.release(course, "hw")
    assert course.release("hw", SLUG).read_bytes() == release
    assert not list(course.root.glob(".release*"))


def test_our_own_failure_costs_no_other_row_and_is_tried_again(course, monkeypatch):
    work = classroom.work

    def fail_for_bea(submitted, *more):
        if (
            ANSWERS["bea"].encode()[:20]
            and b"np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))\\n" in submitted
        ):
            raise OSError("no space left")
        return work(submitted, *more)

    monkeypatch.setattr(classroom, "work", fail_for_bea)
    results = {r.student: r for r in classroom.grade_class(course, "hw")}
    assert results["bea"].status == "died"
    assert "no space left" in results["bea"].message
    assert summary(results.values()) == EXPECTED | {"bea": (0, "died")}
    monkeypatch.undo()
    assert summary(classroom.grade_class(course, "hw")) == {"bea": (4, "ok")}
    assert entered(course) == SCORES


def test_no_sandbox_no_grades(course, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    sandbox._try.cache_clear()
    monkeypatch.setattr(sandbox, "_try", sandbox._try.__wrapped__)
    bubblewrap = sys.modules["pooling_class.bubblewrap"]
    for name in vars(bubblewrap):
        if hasattr(getattr(bubblewrap, name), "cache_clear"):
            getattr(bubblewrap, name).cache_clear()
    before = digest(gradebook.path(course))
    assert commands.main(["grade", "hw", "--course", str(course.root), "--quiet"]) == 2
    assert "--trust-submissions" in capsys.readouterr().err
    assert digest(gradebook.path(course)) == before
    assert not list(course.root.glob("results/*/hw/*"))
    results = classroom.grade_class(course, "hw", trust=True)
    assert {r.sandbox for r in results} == {"none: submissions trusted"}
    assert summary(results) == EXPECTED


def settings(text):
    return lambda root: (root / "course.toml").write_text(text)


def without(name):
    return lambda root: subprocess.run(["rm", "-r", root / name], check=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without(f"release/hw/{SLUG}.ipynb"), "run `release hw` first"),
        (without("gradebook.db"), "does not know 'hw'"),
        (without("submitted"), "nothing handed in"),
        (settings(SETTINGS.replace("hw", "hx")), "must be one of"),
        (settings("color = 1"), "unknown setting color"),
        (settings("[limits]\ncall = 0"), "above 0, got 0"),
        (settings("[assignments]\n'a/b' = []"), "got 'a/b'"),
        (settings("["), "course.toml"),
        (
            settings('overlay = "privat"\n' + SETTINGS),
            "overlay must be a folder beside it, got 'privat'",
        ),
        (settings(SETTINGS.replace(SLUG, "max_pool")), "assignments.hw must hold some of"),
        (without("course.toml"), "run `build` first"),
    ],
)
def test_a_course_that_cannot_be_graded_says_why(course, capsys, change, message):
    change(course.root)
    assert commands.main(["grade", "hw", "--course", str(course.root), "--quiet"]) == 2
    assert message in capsys.readouterr().err


def test_a_release_of_other_points_is_refused(course):
    path = course.release("hw", SLUG)
    notebook = nbformat.read(path, as_version=4)
    next(c for c in notebook.cells if c.id == "check-1").metadata.nbgrader.points = 100
    nbformat.write(notebook, path)
    with pytest.raises(CourseError, match="run `build` and `release hw` again"):
        classroom.grade_class(course, "hw")


def test_links_are_not_followed(course):
    path = course.submitted("dov", "hw") / f"{SLUG}.ipynb"
    path.unlink()
    path.symlink_to(course.submitted("ada", "hw") / f"{SLUG}.ipynb")
    assert summary(classroom.grade_class(course, "hw"))["dov"] == (0, "unreadable")


def test_a_private_folder_decides_the_checks(released, tmp_path):
    root = tmp_path / "course"
    (root / "private" / SLUG).mkdir(parents=True)
    (root / "private" / SLUG / "checks.py").write_text(
        "import pooling\nPOINTS = {'exam': 3}\nreference = pooling.max_pool2d\n"
        "def cases(rng):\n    yield 'exam', (rng.normal(size=(1, 1, 9, 9)), 4, 3, 2)\n"
    )
    (root / "course.toml").write_text('overlay = "private"\n' + SETTINGS)
    course = build.init_course(root)
    build.build(course)
    build.release(course, "hw")
    for student, answer in ANSWERS.items():
        hand_in(root, student, answer)
    scores = {r.student: r.score for r in classroom.grade_class(course, "hw")}
    assert scores == {"ada": 3, "bea": 3, "cyd": 0, "dov": 0} | {"bea": scores["bea"]}
    assert entered(course) == scores
    checks = root / "private" / SLUG / "checks.py"
    checks.write_text(f"{checks.read_text()}reference = pooling.avg_pool2d\n")
    assert {r.score for r in classroom.grade_class(course, "hw")} == {0}, "edited meanwhile"


def test_opening_the_gradebook_enters_no_course(course):
    with closing(sqlite3.connect(gradebook.path(course))) as book:
        book.execute("DELETE FROM course")  # the default one, which nbgrader's release entered
        book.commit()
    before = digest(gradebook.path(course))
    gradebook.must_hold(course, "hw")
    gradebook.must_allow(course, "hw", [SLUG])
    assert digest(gradebook.path(course)) == before
    classroom.grade_class(course, "hw", students=["dov"])
    with closing(sqlite3.connect(gradebook.path(course))) as book:
        assert book.execute("SELECT id FROM course").fetchall() == []


@pytest.fixture
def cluster():
    """Start a Dask scheduler with two workers, each a process of its own."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as running:
        yield running


def test_a_killed_worker_loses_nothing(course, cluster):
    for number in range(12):
        hand_in(course.root, f"s{number}", ANSWERS["ada"])
    killed = []

    def kill(done, of):
        if done == 3:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    address = cluster.scheduler_address
    results = summary(classroom.grade_class(course, "hw", dask=address, progress=kill))
    assert killed
    assert results == EXPECTED | {f"s{number}": (7, "ok") for number in range(12)}
    assert entered(course) == {student: score for student, (score, _) in results.items()}


def nbgrader(course, *arguments):
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course.root,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )


def test_nbgrader_itself_gives_the_same(course):
    hand_in(course.root, "ada", ANSWERS["ada"], "Because.")
    expected = classroom.grade_class(course, "hw")
    ours = {r.student: r for r in expected}
    with gradebook.opened(gradebook.path(course)) as book:
        scores = grades_of(book)
        book.remove_assignment("hw")
    build.release(course, "hw")
    for student in ANSWERS:
        subprocess.run(["rm", "-r", course.root / "results" / student], check=True)
    run = nbgrader(course, "autograde", "hw", "--force")
    assert run.returncode == 0, run.stderr
    with gradebook.opened(gradebook.path(course)) as book:
        assert grades_of(book) == scores
    for student, results in course.results("hw").items():
        stored = copy.copy(results[SLUG])
        assert (stored.score, stored.status) == (ours[student].score, ours[student].status)
        assert stored.key == ours[student].key
    with gradebook.opened(gradebook.path(course)) as book:
        grade = book.find_grade("question-1", SLUG, "hw", "ada")
        grade.manual_score, grade.needs_manual_grade = 1, False
        book.db.commit()
    assert classroom.grade_class(course, "hw") == [], "it counts as graded"
    with gradebook.opened(gradebook.path(course)) as book:
        grade = book.find_grade("question-1", SLUG, "hw", "ada")
        assert not grade.needs_manual_grade, "and as entered"


def grades_of(book):
    return {
        (submission.student.id, grade.cell.name): (grade.auto_score, grade.needs_manual_grade)
        for submission in book.assignment_submissions("hw")
        for notebook in submission.notebooks
        for grade in notebook.grades
    }


def test_nbgrader_itself_refuses_without_a_sandbox(course):
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", "hw", "--student", "ada"],
        cwd=course.root,
        env={k: v for k, v in os.environ.items() if k != "PATH"}
        | {"PATH": os.path.dirname(sys.executable)},
        capture_output=True,
        text=True,
    )
    assert run.returncode != 0
    assert "SandboxUnavailable" in run.stderr
    assert not any(entered(course).values())


def test_two_builds_and_releases_are_the_same_bytes(tmp_path):
    files = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "course.toml").write_text(SETTINGS)
        course = build.init_course(tmp_path / name)
        build.build(course)
        build.release(course, "hw")
        build.write_pages(course, tmp_path / name / "pages", solutions=False)
        patterns = ("source/*/*", "release/*/*", "notes/*", "pages/*")
        found = sorted(path for pattern in patterns for path in course.root.glob(pattern))
        files.append({p.relative_to(course.root): p.read_bytes() for p in found})
    assert files[0] == files[1]
    assert len(files[0]) == 4
    release = json.loads(files[0][next(p for p in files[0] if p.parts[0] == "release")])
    text = json.dumps(release)
    assert "SOLUTION" not in text
    assert load(SLUG).of("rubric")[0].source[:40] not in text


def test_our_release_is_the_one_of_nbgrader(course):
    made = nbformat.read(course.release("hw", SLUG), as_version=4)
    ours = notebooks.release_notebook(load(SLUG))
    assert [c.source for c in made.cells] == [c.source for c in ours.cells]


def test_build_keeps_what_an_instructor_wrote(course):
    (course.root / "nbgrader_config.py").write_text("# mine")
    (course.root / "source" / "hw" / "extra.csv").write_text("1")
    (course.root / "source" / "hw" / "gone.ipynb").write_text("{}")
    assert commands.main(["build", "--course", str(course.root)]) == 0
    assert (course.root / "nbgrader_config.py").read_text() == "# mine"
    assert (course.root / "course.toml").read_text() == SETTINGS
    assert (course.root / "source" / "hw" / "extra.csv").exists()
    assert not (course.root / "source" / "hw" / "gone.ipynb").exists()


@pytest.mark.parametrize(
    "command", ["", "build", "release", "collect", "grade", "feedback", "export", "check"]
)
def test_each_command_has_help_with_examples(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        commands.main([*command.split(), "--help"])
    assert "python -m pooling_class" in capsys.readouterr().out


def test_a_learner_can_try_a_notebook_alone(course, capsys):
    path = str(course.submitted("bea", "hw") / f"{SLUG}.ipynb")
    assert commands.main(["check", "--answer", path]) == 1
    printed = capsys.readouterr().out
    assert "2/2  square windows, no padding" in printed
    assert "0/2  padding never wins" in printed
    assert "expected" in printed
    path = str(course.submitted("ada", "hw") / f"{SLUG}.ipynb")
    assert commands.main(["check", "--answer", path]) == 0


def test_check_proves_an_exercise(capsys):
    assert commands.main(["check", SLUG, "--seeds", "2"]) == 0
    assert f"ok  {SLUG}" in capsys.readouterr().out
    assert commands.main(["check", "nothing"]) == 2
    assert "slug must name an exercise" in capsys.readouterr().err
