"""Grade one notebook: run the student's code in a sandbox, compare here with what is expected."""

import ast
import copy
import hashlib
import inspect
import pickle
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from nbformat import NotebookNode, v4

from pooling_class import describe, files, rebuild, sandbox
from pooling_class.course import Limits
from pooling_class.exercise import Exercise, ExerciseError, load
from pooling_class.result import CheckResult, Failure
from pooling_course.judge import Case, verdict

LONGEST_TEXT = 4_000  # characters of a message or of what was printed


class Group(NamedTuple):
    """The calls of one check."""

    name: str
    points: int
    calls: list[Case]


@dataclass(frozen=True)
class Exam:
    """An exercise with its random inputs drawn: what each student of a class meets.

    Attributes
    ----------
    exercise : Exercise
        With its judge, if it has one.
    seed : int
        Of the random inputs.
    groups : list of Group
        The checks and their calls.
    digest : str
        Of ``checks.py`` and of the calls with what is expected, which the library decides too.
    """

    exercise: Exercise
    seed: int
    groups: list[Group]
    digest: str


class Graded(NamedTuple):
    """What came of a notebook."""

    status: str
    checks: tuple[CheckResult, ...] = ()
    questions: dict[str, int] = {}
    message: str = ""
    output: str = ""
    seconds: float = 0.0


def draw(slug: str, folders: tuple[Path, ...], seed: int) -> Exam:
    """Draw the inputs of an exercise and compute what is expected."""
    exercise = load(slug, folders)
    groups = {name: Group(name, p, []) for name, p in exercise.check_points.items()}
    for case in exercise.cases(seed):
        groups[case.check].calls.append(case)
    drawn = list(groups.values())
    return Exam(exercise, seed, drawn, _digest(exercise, drawn))


def _digest(exercise: Exercise, groups: list[Group]) -> str:
    paths = [folder / "checks.py" for folder in exercise.folders]
    checks = [path.read_bytes() for path in paths if path.is_file()]
    try:
        return files.digest(pickle.dumps((checks, groups)))
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise ExerciseError(
            f"{exercise.slug}: what `reference` takes and returns must be plain values: {error}"
        ) from None


def key(exam: Exam, release: bytes, submitted: bytes, limits: Limits, sandbox_kind: str) -> str:
    """Return a digest of all that decides a result."""
    digest = hashlib.sha256(_grader())
    more = repr((limits, exam.seed, exam.digest, sandbox_kind)).encode()
    for part in (release, submitted, more):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _grader() -> bytes:
    """Return a digest of the grader itself: comments do not count, what it runs on does."""
    digest = hashlib.sha256(repr((sys.version_info[:2], np.__version__)).encode())
    for name, tree in sorted(deciding().items()):
        digest.update(f"{name} {ast.dump(tree)}".encode())
    return digest.digest()


def deciding() -> dict[str, ast.Module]:
    """Return what decides a result: this module and what it imports of ours, in turn, parsed."""
    trees: dict[str, ast.Module] = {}
    names = [__name__]
    while names:
        name = names.pop()
        if name in trees or not name.startswith("pooling") or name not in sys.modules:
            continue
        trees[name] = ast.parse(inspect.getsource(sys.modules[name]))
        for node in ast.walk(trees[name]):
            if isinstance(node, ast.ImportFrom):
                names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return trees


def grade(
    rebuilt: NotebookNode,
    release: NotebookNode,
    exam: Exam,
    limits: Limits,
    *,
    trust: bool = False,
) -> Graded:
    """Grade a rebuilt notebook.

    Parameters
    ----------
    rebuilt, release : NotebookNode
        From `rebuild.rebuild`, and what students got.
    exam : Exam
        What is asked and expected.
    limits : Limits
        What student code may use.
    trust : bool
        Run without bubblewrap.

    Returns
    -------
    Graded
        Whatever the student's code does.
    """
    questions = _written(rebuilt, release)
    function = exam.exercise.function
    groups = exam.groups
    if function is None:
        return Graded("needs-review" if questions else "not-attempted", (), questions)
    if _code_untouched(rebuilt, release, function):
        zero = tuple(CheckResult(g.name, g.points, False, len(g.calls)) for g in groups)
        return Graded("needs-review" if questions else "not-attempted", zero, questions)
    run = _Run(rebuild.program(rebuilt), function, limits, trust)
    try:
        checks = tuple(_check(group, exam.exercise, run) for group in groups)
    finally:
        run.close()
    status = run.status or ("needs-review" if questions else "ok")
    seconds = round(run.spent, 2)
    return Graded(status, checks, questions, _cut(run.message), _cut(run.output), seconds)


def unreadable(exam: Exam, reason: str) -> Graded:
    """Return the grade of a file that is no notebook."""
    zero = tuple(CheckResult(g.name, g.points, False, len(g.calls)) for g in exam.groups)
    return Graded("unreadable", zero, message=reason)


def show(rebuilt: NotebookNode, graded: Graded) -> NotebookNode:
    """Return the notebook with the checks' outcome as outputs, as formgrader reads it."""
    shown = copy.deepcopy(rebuilt)
    cells = {rebuild.name(cell): cell for cell in shown.cells}
    for number, check in enumerate(graded.checks, start=1):
        cell = cells[f"check-{number}"]
        cell.execution_count = number
        cell.outputs = [_output(check, graded)]
    return shown


class _Run:
    """Sessions of one notebook: a new one after each call that ended one, within one budget."""

    def __init__(self, cells: list[tuple[str, str]], function: str, limits: Limits, trust: bool):
        self.labels, self.cells = zip(*cells, strict=True)
        self.function, self.limits, self.trust = function, limits, trust
        self.spent = 0.0  # seconds of processor time, of sessions that are over
        self.session = None
        self.broken = None  # what kept the cells from giving a function
        self.status = self.message = self.output = ""

    def call(self, arguments: tuple):
        """Call the student's function; raises what the sandbox raises."""
        if self.broken:
            raise self.broken
        try:
            if self.session is None:
                self._open()
            return self.session.call(self.function, arguments)
        except sandbox.CallTimeout as error:
            self._note("timeout", f"Stopped: {error}")
            raise sandbox.CallTimeout(self.message) from None
        except sandbox.Died as error:
            self._note("died", str(error))
            raise
        except sandbox.StudentError as error:
            raise sandbox.StudentError(self._named(str(error))) from None
        finally:
            if self.session is not None and not self.session.alive:
                self.close()

    def close(self) -> None:
        """End what runs."""
        if self.session is not None:
            self.session.close()
            self.spent += self.session.spent
            self.session = None

    def _open(self) -> None:
        budget = self.limits.total - self.spent
        if budget <= 0:
            raise sandbox.CallTimeout(f"{self.limits.total:g} s of processor time are used up")
        session = sandbox.Session(self.cells, self.limits, trust=self.trust, budget=budget)
        try:
            self.session = session.__enter__()
            self.output = session.loaded.output
            missing = not session.has(self.function)
        except (sandbox.CallTimeout, sandbox.Died, sandbox.BadReply) as error:
            self.spent += session.spent
            self.broken = error
            if isinstance(error, sandbox.BadReply):  # `call` notes the others
                self._note("died", f"running the cells gave {error}")
            raise
        if missing:
            errors = [self._named(error) for _, error in session.loaded.errors]
            lines = [*errors, f"In the end there is no function {self.function}."]
            self._note("load-error", "\n".join(lines))
            self.broken = sandbox.StudentError(self.message)
            raise self.broken

    def _named(self, error: str) -> str:
        """Return an error with the names of the notebook's cells."""
        labels = dict(enumerate(self.labels, start=1))
        return re.sub(r"<cell (\d+)>", lambda m: labels.get(int(m[1]), m[0]), error)

    def _note(self, status: str, message: str) -> None:
        self.status, self.message = self.status or status, self.message or message


def _check(group: Group, exercise: Exercise, run: _Run) -> CheckResult:
    failure = next(_failures(group.calls, exercise, run), None)
    return CheckResult(group.name, group.points, failure is None, len(group.calls), failure)


def _failures(calls: list[Case], exercise: Exercise, run: _Run) -> Iterable[Failure]:
    for call in calls:
        try:
            got = run.call(call.arguments)
        except (sandbox.StudentError, sandbox.CallTimeout, sandbox.Died, sandbox.BadReply) as error:
            expected, got = describe.describe(call.expected), str(error)
        else:
            wrong = verdict(exercise.checks, got, call)
            if wrong is None:
                continue
            expected, got = describe.describe_pair(call.expected, got)
            got = f"{got}\n{wrong}".rstrip()
        names = list(inspect.signature(exercise.checks.reference).parameters)
        inputs = describe.describe_call(exercise.function, call.arguments, names)
        yield Failure(inputs, expected, _cut(got))


def _written(rebuilt: NotebookNode, release: NotebookNode) -> dict[str, int]:
    """Return the points of the written answers that the student touched."""
    pristine = {rebuild.name(cell): cell for cell in release.cells}
    return {
        rebuild.name(cell): cell.metadata.nbgrader.points
        for cell in rebuilt.cells
        if cell.cell_type == "markdown"
        and rebuild.is_answer(cell)
        and not (
            rebuild.untouched(cell, pristine[rebuild.name(cell)]) and not cell.get("attachments")
        )
    }


def _code_untouched(rebuilt: NotebookNode, release: NotebookNode, function: str) -> bool:
    pristine = {rebuild.name(cell): cell for cell in release.cells}
    for cell in rebuilt.cells:
        if cell.cell_type != "code":
            continue
        if rebuild.is_own(cell) and function in cell.source:
            return False
        if rebuild.is_answer(cell) and not rebuild.untouched(cell, pristine[rebuild.name(cell)]):
            return False
    return True


def _output(check: CheckResult, graded: Graded) -> NotebookNode:
    if check.passed:
        return v4.new_output("stream", name="stdout", text=f"passed, cases: {check.cases}\n")
    if check.failure:
        inputs, expected, got = check.failure.inputs, check.failure.expected, check.failure.got
        text = f"{inputs}\nexpected:\n{expected}\ngot:\n{got}"
    else:
        text = graded.message or graded.status
    return v4.new_output("error", ename="Failed", evalue=check.name, traceback=text.split("\n"))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " ..."
