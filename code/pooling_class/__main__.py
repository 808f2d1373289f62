"""The commands of a class: ``python -m pooling_class --help``."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from pooling_class.course import Course, CourseError, open_course
from pooling_class.exercise import EXERCISES, ExerciseError

_EXAMPLES = """\
from clone to grades:
  python -m pooling_class build --course mycourse
  cd mycourse
  python -m pooling_class release 03_general
  python -m pooling_class collect 03_general submissions.zip
  python -m pooling_class grade 03_general
  (written answers: in JupyterLab, menu Nbgrader, Formgrader)
  python -m pooling_class feedback 03_general
  python -m pooling_class export 03_general grades.csv
"""


def main(argv: list[str] | None = None) -> int:
    """Run a command; return the exit code, 0 if all went well."""
    options = _parser().parse_args(argv)
    try:
        return options.run(options)
    except (CourseError, ExerciseError, OSError, ValueError, RuntimeError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 2


def _build(options) -> int:
    from pooling_class import build

    course = build.init_course(options.course)
    written = build.build(course)
    if options.pages:
        written += build.write_pages(course, options.pages, not options.no_solutions)
    for assignment, slugs in course.assignments.items():
        points = sum(course.exercise(slug).points for slug in slugs)
        print(f"{assignment}: {', '.join(slugs)} ({points} points)")
    print(f"{len(written)} files written in {options.course}; the settings are in course.toml")
    return 0


def _release(options) -> int:
    from pooling_class import build

    course = open_course(options.course)
    for assignment in options.assignments or course.assignments:
        for path in build.release(course, assignment):
            print(path)
    return 0


def _collect(options) -> int:
    from pooling_class.collect import collect

    rows = collect(open_course(options.course), options.assignment, options.source, options.layout)
    for row in rows:
        if row.reason or options.verbose:
            print(f"{row.status}: {row.path}: {row.reason}".rstrip(": "))
    counts = {s: sum(row.status == s for row in rows) for s in sorted({r.status for r in rows})}
    students = len({row.student for row in rows if row.exercise})
    print(f"{students} students; " + ", ".join(f"{n} {status}" for status, n in counts.items()))
    return 0


def _grade(options) -> int:
    from pooling_class.classroom import grade_class

    course = open_course(options.course)
    with tqdm(desc="notebooks", unit="", disable=options.quiet) as bar:

        def progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        graded = grade_class(
            course,
            options.assignment,
            students=options.student,
            workers=options.workers,
            dask=options.dask,
            trust=options.trust_submissions,
            again=options.again,
            progress=progress,
        )
    _print_table(course, options.assignment)
    print(f"{len(graded)} notebooks graded now")
    failed = [result for result in graded if not result.key]
    for result in failed:
        print(f"{result.student}/{result.exercise}: {result.message}", file=sys.stderr)
    return int(bool(failed))


def _print_table(course: Course, assignment: str) -> None:
    from pooling_class.export import grades

    rows = grades(course, assignment)
    width = max([len("student"), *(len(row.student) for row in rows)])
    print(f"{'student':{width}}  {'score':>9}  status")
    for row in rows:
        known = row.so_far if row.score is None else row.score
        score = "-" if known is None else f"{known:g}/{row.max_score:g}"
        waits = " (so far: a reader is awaited)" if known is not None and row.score is None else ""
        print(f"{row.student:{width}}  {score:>9}  {row.status}{waits}  {row.name}".rstrip())


def _feedback(options) -> int:
    from pooling_class.feedback import feedback, feedback_all

    course = open_course(options.course)
    if options.student:
        paths = [feedback(course, options.assignment, student) for student in options.student]
    else:
        paths = feedback_all(course, options.assignment)
    if not paths:
        raise CourseError(f"nothing of {options.assignment!r} is graded: run `grade` first")
    print(f"{len(paths)} pages written in {course.root / 'feedback'}")
    return 0


def _export(options) -> int:
    from pooling_class.export import export

    notes = export(
        open_course(options.course),
        options.assignment,
        options.destination,
        options.layout,
        template=options.template,
        column=options.column,
        provisional=options.provisional,
    )
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    print(options.destination)
    return 0


def _check(options) -> int:
    from pooling_class import prove

    folders = open_course(options.course).exercise_folders if options.course else (EXERCISES,)
    if options.answer:
        right, text = prove.try_notebook(options.answer, options.exercise, folders)
        print(text)
        return int(not right)
    faults = 0
    for line, fault in prove.prove(options.exercise, folders, seeds=options.seeds):
        print(line)
        faults += fault
    print("all exercises hold" if not faults else f"{faults} faults")
    return int(faults > 0)


def _parser() -> argparse.ArgumentParser:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m pooling_class",
        description="Exercises for a class, and grades that can be trusted.",
        epilog=_EXAMPLES,
        formatter_class=formatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, run, text, *examples, assignment=True):
        lines = "\n".join(f"  python -m pooling_class {name} {e}" for e in examples)
        sub = commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=f"examples:\n{lines}",
            formatter_class=formatter,
        )
        sub.set_defaults(run=run)
        if assignment:
            sub.add_argument("assignment", help="a name in course.toml, say 03_general")
        if name != "check":
            text = "the course folder (default: the current one)"
            sub.add_argument("--course", type=Path, default=Path(), help=text)
        return sub

    sub = command(
        "build",
        _build,
        "make a course folder, or bring its notebooks and notes up to date",
        "--course mycourse",
        "--pages pages --no-solutions",
        assignment=False,
    )
    sub.add_argument("--pages", type=Path, help="write the exercises as MyST pages, too")
    sub.add_argument("--no-solutions", action="store_true", help="pages without solutions")

    sub = command(
        "release",
        _release,
        "make what students get, and tell the gradebook",
        "03_general",
        assignment=False,
    )
    sub.add_argument("assignments", nargs="*", help="names in course.toml (default: all)")

    sub = command(
        "collect",
        _collect,
        "sort a download of Canvas, Moodle or ILIAS, or a folder, into submitted/",
        "03_general submissions.zip",
        "03_general downloads/ --layout plain",
    )
    sub.add_argument("source", type=Path, help="a .zip or a folder")
    layouts = ("auto", "canvas", "moodle", "ilias", "plain")
    sub.add_argument("--layout", choices=layouts, default="auto", help="whose names these are")
    sub.add_argument("--verbose", action="store_true", help="print a line for each file")

    sub = command(
        "grade",
        _grade,
        "run what was handed in, in a sandbox, and enter the scores into the gradebook",
        "03_general",
        "03_general --student jdoe --again",
        "03_general --dask tcp://127.0.0.1:8786",
    )
    sub.add_argument("--student", action="append", help="only this student (repeatable)")
    sub.add_argument("--workers", type=_positive, help="notebooks at a time (default: cores)")
    sub.add_argument("--dask", metavar="ADDRESS", help="a Dask scheduler whose workers do it")
    sub.add_argument("--again", action="store_true", help="also what has not changed")
    sub.add_argument("--quiet", action="store_true", help="no progress bar")
    sub.add_argument(
        "--trust-submissions",
        action="store_true",
        help="run without bubblewrap, if you trust who handed in; each result says so",
    )

    sub = command("feedback", _feedback, "write an HTML page for each student", "03_general")
    sub.add_argument("--student", action="append", help="only this student (repeatable)")

    sub = command(
        "export",
        _export,
        "write grades as CSV, for Canvas or Moodle if you like",
        "03_general grades.csv",
        "03_general upload.csv --layout canvas --template canvas-export.csv",
    )
    sub.add_argument("destination", type=Path, help="the file to write")
    sub.add_argument("--layout", choices=("csv", "canvas", "moodle"), default="csv")
    sub.add_argument("--template", type=Path, help="what Canvas or Moodle exported, to be filled")
    sub.add_argument("--column", help="title of the column to fill, if it is not the assignment's")
    sub.add_argument(
        "--provisional", action="store_true", help="points so far where a reader is awaited"
    )

    sub = command(
        "check",
        _check,
        "prove exercises: solutions pass, wrong answers do not, stubs are not attempted",
        "",
        "max_pool2d --seeds 100",
        "--answer my/max_pool2d.ipynb",
        assignment=False,
    )
    text = "run the checks on your own notebook instead (no sandbox: only what you trust)"
    sub.add_argument("--answer", type=Path, metavar="NOTEBOOK", help=text)
    sub.add_argument("exercise", nargs="*", help="only these (default: all)")
    sub.add_argument("--course", type=Path, help="with the private folder of this course")
    sub.add_argument("--seeds", type=_positive, default=20, help="draws of random inputs")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value


if __name__ == "__main__":
    sys.exit(main())
