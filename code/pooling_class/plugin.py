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

from pooling_class import classroom, files, gradebook, grader, rebuild, sandbox
from pooling_class.course import Course, open_course
from pooling_class.exercise import STUB
from pooling_class.notebooks import TEXT_STUB


class _OfCourse(NbGraderPreprocessor):
    """A preprocessor that knows the course folder."""

    course = Unicode(help="the folder that has course.toml").tag(config=True)

    def _release(self, resources) -> tuple[Course, str, str, str, bytes]:
        course = open_course(Path(self.course))
        wanted = resources["nbgrader"]
        student, assignment, slug = (wanted[k] for k in ("student", "assignment", "notebook"))
        return course, student, assignment, slug, classroom.read_release(course, assignment, slug)


class Rebuild(_OfCourse):
    """Put the student's answers and own cells into the release as it was handed out."""

    def preprocess(self, nb, resources):
        """Return the rebuilt notebook."""
        course, student, assignment, slug, release = self._release(resources)
        path = course.submitted(student, assignment) / f"{slug}.ipynb"
        if not files.read(path):
            raise rebuild.Unreadable(f"{path} is empty, too large, or a link")
        function = course.exercise(slug).function
        return rebuild.rebuild(nb, nbformat.reads(release.decode(), 4), function), resources


class SandboxGrade(_OfCourse):
    """Grade a rebuilt notebook, store the result, and leave the outcome in its cells."""

    trust_submissions = Bool(False, help="run student code without bubblewrap").tag(config=True)

    def preprocess(self, nb, resources):
        """Return the notebook with the checks' outcome as outputs."""
        kind = sandbox.kind(self.trust_submissions)
        course, student, assignment, slug, release = self._release(resources)
        paper = grader.paper(slug, course.exercise_folders, course.seed(assignment))
        pristine = nbformat.reads(release.decode(), 4)
        graded = grader.grade(nb, pristine, paper, course.limits, trust=self.trust_submissions)
        submitted = files.read(course.submitted(student, assignment) / f"{slug}.ipynb")
        key = grader.key(paper, release, submitted, course.limits, kind)
        more = {"key": key, "submitted": files.digest(submitted), "sandbox": kind}
        result = grader.result(graded, student, assignment, paper, **more)
        result.save(course.result_path(student, assignment, slug))
        gradebook.mark(course, result)  # nbgrader enters it, a few steps on
        return grader.show(nb, graded), resources


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
