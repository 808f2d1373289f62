"""What grading one notebook of one student gave, as it is stored: one small JSON file each."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pooling_course.files import write

STATUSES = (
    "ok",
    "needs-review",  # the checks are done, a written answer waits for a reader
    "not-attempted",
    "timeout",
    "died",  # the process ended before it answered, or a cell answered in its place
    "load-error",  # no function of that name could be had from the notebook
    "unreadable",  # not a notebook
)


@dataclass(frozen=True)
class Failure:
    """The first case in which a check failed, as text that is cut to a readable length."""

    inputs: str
    expected: str
    got: str


@dataclass(frozen=True)
class CheckResult:
    """One check: all of its cases passed, or the first that failed."""

    name: str
    points: int
    passed: bool
    cases: int
    failure: Failure | None = None

    @property
    def score(self) -> int:
        """The points, or 0."""
        return self.points if self.passed else 0


@dataclass(frozen=True)
class Result:
    """One student's result in one exercise.

    Attributes
    ----------
    student, assignment, exercise : str
        Whose, of what.
    status : str
        One of `STATUSES`. A score stands for any of them.
    checks : tuple of CheckResult
        What the sandbox gave, in the order of the exercise.
    questions : dict
        Points a reader can give for each written answer (by the name of its cell) that the student
        touched.
    message : str
        What happened, for the student: the error that kept the notebook from loading, say.
    output : str
        What the student's cells printed, cut to a readable length.
    seed : int
        Of the random inputs.
    key : str
        Digest of all that decides the result: the same key, the same result.
    submitted : str
        Digest of the file that was handed in.
    sandbox : str
        ``"bubblewrap"``, or ``"none: submissions trusted"``.
    seconds : float
        Processor time in the sandbox, of all processes.
    """

    student: str
    assignment: str
    exercise: str
    status: str
    checks: tuple[CheckResult, ...] = ()
    questions: dict[str, int] = field(default_factory=dict)
    message: str = ""
    output: str = ""
    seed: int = 0
    key: str = ""
    submitted: str = ""
    sandbox: str = ""
    seconds: float = 0.0

    def __post_init__(self):
        if self.status not in STATUSES:
            raise ValueError(f"status must be one of {STATUSES}, got {self.status!r}")

    @property
    def score(self) -> int:
        """Points of the checks; what a reader gives stands in the gradebook."""
        return sum(check.score for check in self.checks)

    @property
    def max_score(self) -> int:
        """Points of all checks."""
        return sum(check.points for check in self.checks)

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        write(path, f"{json.dumps(asdict(self), indent=1)}\n".encode())


def read(path: Path) -> Result | None:
    """Return the result in a file, or None if there is none that can be read."""
    try:
        data = json.loads(path.read_text("utf-8"))
        checks = []
        for check in data.pop("checks"):
            failure = check.pop("failure")
            checks.append(CheckResult(**check, failure=Failure(**failure) if failure else None))
        return Result(**data, checks=tuple(checks))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
