"""Grade a class: one result a notebook whatever happens, several at a time, nothing done twice."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from pooling_class import files, gradebook, grader, rebuild, sandbox
from pooling_class.course import Course, CourseError, Limits
from pooling_class.result import Result, read

_IN_FLIGHT = 64  # notebooks


@dataclass(frozen=True)
class Job:
    """One notebook to be graded."""

    student: str
    assignment: str
    exam: grader.Exam
    release: bytes
    path: Path
    key: str
    submitted: str
    kind: str


def grade_class(
    course: Course,
    assignment: str,
    *,
    students: list[str] | None = None,
    workers: int | None = None,
    dask: str | None = None,
    trust: bool = False,
    again: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Result]:
    """Grade what a class handed in, store the results, and enter them into the gradebook.

    Parameters
    ----------
    course : Course
        From `open_course`.
    assignment : str
        One of its assignments, released before.
    students : list of str, optional
        Only these.
    workers : int, optional
        Notebooks at a time. As many as there are cores unless given.
    dask : str, optional
        Address of a Dask scheduler, whose workers do the work.
    trust : bool
        Run student code without bubblewrap. Each result says so.
    again : bool
        Grade also what has not changed.
    progress : callable
        Called with the number of notebooks that are done, and of all.

    Returns
    -------
    list of Result
        Those that were graded now, as they came in.

    Raises
    ------
    CourseError
        If there is nothing to grade, or nothing was released.
    SandboxUnavailable
        If there is no bubblewrap and submissions are not trusted.
    """
    course.slugs(assignment)  # or there is none of that name
    kind = sandbox.kind(trust)
    known = course.students(assignment)
    chosen = known if students is None else students
    if unknown := set(chosen) - set(known):
        raise CourseError(f"students without a submission: {', '.join(sorted(unknown))}")
    if not chosen:
        raise CourseError(f"nothing handed in for {assignment!r}: run `collect` first")
    gradebook.must_hold(course, assignment)
    jobs = list(_jobs(course, assignment, chosen, kind, again))
    done: list[Result] = []
    with _executor(workers, dask) as executor:
        for job, future in _submitted(executor, jobs, course.limits, trust):
            result = _stored(course, *_outcome(future, job))
            done.append(result)
            progress(len(done), len(jobs))
    gradebook.record(course, assignment, chosen)
    return done


def work(
    submitted: bytes, release: bytes, exam: grader.Exam, limits: Limits, trust: bool
) -> tuple[grader.Graded, str]:
    """Grade one notebook; return the outcome and the notebook that shows it."""
    pristine = nbformat.reads(release.decode(), as_version=4)
    try:
        read = rebuild.read_submitted(submitted)
        rebuilt = rebuild.rebuild(read, pristine, exam.exercise.function)
    except rebuild.Unreadable as error:
        graded = grader.unreadable(exam, str(error))
        note = nbformat.v4.new_markdown_cell(f"**Nothing was read: {error}.**", id="unreadable")
        rebuilt = nbformat.v4.new_notebook(
            cells=[note, *pristine.cells], metadata=pristine.metadata
        )
    else:
        graded = grader.grade(rebuilt, pristine, exam, limits, trust=trust)
    return graded, nbformat.v4.writes(grader.show(rebuilt, graded))


def read_release(course: Course, assignment: str, slug: str) -> bytes:
    """Return what students got, after a look whether it has the cells of the checks."""
    path = course.release(assignment, slug)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CourseError(f"{path} is missing: run `release {assignment}` first") from None
    exercise = course.exercise(slug)
    cells: list[NotebookNode] = nbformat.reads(data.decode(), as_version=4).cells
    points = {
        rebuild.name(cell): cell.metadata.nbgrader.points
        for cell in cells
        if str(rebuild.name(cell)).startswith("check-")
    }
    wanted = {f"check-{i}": p for i, p in enumerate(exercise.check_points.values(), start=1)}
    if points != wanted:
        raise CourseError(
            f"{path} has the points {points}, the checks have {wanted}: "
            f"run `build` and `release {assignment}` again"
        )
    return data


def ask(course: Course, assignment: str, slug: str) -> tuple[bytes, grader.Exam]:
    """Return what students got, and the exercise with its inputs drawn."""
    exam = grader.draw(slug, course.exercise_folders, course.seed(assignment))
    return read_release(course, assignment, slug), exam


def job(
    course: Course, assignment: str, student: str, asked: tuple[bytes, grader.Exam], kind: str
) -> Job:
    """Return what there is to do for the notebook of a student, which must be there."""
    release, exam = asked
    path = course.submitted(student, assignment) / f"{exam.exercise.slug}.ipynb"
    data = files.read(path)
    key = grader.key(exam, release, data, course.limits, kind)
    return Job(student, assignment, exam, release, path, key, files.digest(data), kind)


def result_of(job: Job, graded: grader.Graded, key: str | None = None) -> Result:
    """Return what is stored of a graded notebook."""
    return Result(
        job.student,
        job.assignment,
        job.exam.exercise.slug,
        seed=job.exam.seed,
        key=job.key if key is None else key,
        submitted=job.submitted,
        sandbox=job.kind,
        **graded._asdict(),
    )


def _jobs(
    course: Course, assignment: str, students: list[str], kind: str, again: bool
) -> Iterator[Job]:
    for slug in course.slugs(assignment):
        asked = ask(course, assignment, slug)
        for student in students:
            if not os.path.lexists(course.submitted(student, assignment) / f"{slug}.ipynb"):
                continue
            found = job(course, assignment, student, asked, kind)
            stored = read(course.result_path(student, assignment, slug))
            if again or stored is None or stored.key != found.key:
                yield found


def _submitted(
    executor: Executor, jobs: list[Job], limits: Limits, trust: bool
) -> Iterator[tuple[Job, Future]]:
    """Yield jobs as they are done, with few notebooks in memory at a time."""
    waiting: dict[Future, Job] = {}
    for job in jobs:
        arguments = files.read(job.path), job.release, job.exam, limits, trust
        waiting[executor.submit(work, *arguments)] = job
        while len(waiting) >= _IN_FLIGHT:
            yield from _done(waiting)
    while waiting:
        yield from _done(waiting)


def _done(waiting: dict[Future, Job]) -> Iterator[tuple[Job, Future]]:
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        yield waiting.pop(future), future


@contextmanager
def _executor(workers: int | None, dask: str | None) -> Iterator[Executor]:
    if dask is None:
        with ThreadPoolExecutor(workers or os.cpu_count()) as executor:
            yield executor
        return
    from distributed import Client

    with Client(dask, timeout=10) as client, client.get_executor(retries=3) as executor:
        yield executor


def _outcome(future: Future, job: Job) -> tuple[Result, str | None]:
    try:
        graded, shown = future.result()
    except Exception as error:  # ours, not the student's: no key, so that it is tried again
        text = f"the grader failed: {type(error).__name__}: {error}"
        return result_of(job, grader.Graded("died", message=text), key=""), None
    return result_of(job, graded), shown


def _stored(course: Course, result: Result, shown: str | None) -> Result:
    """Store a result and return it, or one of a grader that failed."""
    try:
        _store(course, result, shown)
    except OSError as error:
        return replace(result, key="", status="died", message=f"the grader failed: {error}")
    return result


def _store(course: Course, result: Result, shown: str | None) -> None:
    student, assignment, slug = result.student, result.assignment, result.exercise
    if shown is not None:
        folder = course.root / "autograded" / student / assignment
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{slug}.ipynb"
        path.unlink(missing_ok=True)  # nbgrader leaves files that cannot be written to
        path.write_bytes(f"{shown}\n".encode(errors="replace"))
        for name in ("timestamp.txt", "submission_secret.txt"):  # nbgrader's exchange needs them
            beside = course.submitted(student, assignment) / name
            if beside.is_file() and not beside.is_symlink():
                (folder / name).unlink(missing_ok=True)
                (folder / name).write_bytes(files.read(beside))
    result.save(course.result_path(student, assignment, slug))
