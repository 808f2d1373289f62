"""nbgrader's own commands and formgrader, with the sandbox in place of the kernel."""

from pathlib import Path

import nbformat
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from traitlets import Bool, Unicode

from pooling_class import classroom, files, gradebook, rebuild, sandbox
from pooling_class.course import Course, open_course
from pooling_class.exercise import STUB
from pooling_class.notebooks import TEXT_STUB


class _OfCourse(NbGraderPreprocessor):
    """A preprocessor that knows the course folder."""

    course = Unicode(help="the folder that has course.toml").tag(config=True)

    def _job(self, resources, kind: str = "") -> tuple[Course, classroom.Job]:
        course = open_course(Path(self.course))
        wanted = resources["nbgrader"]
        student, assignment, slug = (wanted[k] for k in ("student", "assignment", "notebook"))
        asked = classroom.ask(course, assignment, slug)
        return course, classroom.job(course, assignment, student, asked, kind)


class Rebuild(_OfCourse):
    """Put the student's answers and own cells into the release as it was handed out."""

    def preprocess(self, nb, resources):
        """Return the rebuilt notebook."""
        _, job = self._job(resources)
        if not files.read(job.path):
            raise rebuild.Unreadable(f"{job.path} is empty, too large, or a link")
        release = nbformat.reads(job.release.decode(), 4)
        return rebuild.rebuild(nb, release, job.exam.exercise.function), resources


class SandboxGrade(_OfCourse):
    """Grade what was handed in as `grade` does, and leave the outcome in the notebook's cells."""

    trust_submissions = Bool(False, help="run student code without bubblewrap").tag(config=True)

    def preprocess(self, nb, resources):
        """Return the notebook with the checks' outcome as outputs."""
        course, job = self._job(resources, sandbox.kind(self.trust_submissions))
        graded, shown = classroom.work(
            files.read(job.path), job.release, job.exam, course.limits, self.trust_submissions
        )
        result = classroom.result_of(job, graded)
        result.save(course.result_path(result.student, result.assignment, result.exercise))
        gradebook.mark(course, result)  # nbgrader enters it, a few steps on
        return nbformat.reads(shown, 4), resources


def configure(c, course: Path) -> None:
    """Set up nbgrader for a course folder, from its ``nbgrader_config.py``."""
    c.CourseDirectory.root = str(course)
    c.Rebuild.course = c.SandboxGrade.course = str(course)
    c.ClearSolutions.code_stub = {"python": STUB}
    c.ClearSolutions.text_stub = TEXT_STUB
    c.Autograde.sanitize_preprocessors = [
        Rebuild,
        ClearOutput,
        DeduplicateIds,
        OverwriteKernelspec,
        OverwriteCells,
        CheckCellMetadata,
    ]
    c.Autograde.autograde_preprocessors = [
        SandboxGrade,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
