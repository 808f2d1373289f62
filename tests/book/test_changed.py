"""What `make check` runs for a change."""

import subprocess

import changed
import pytest


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (
            ["chapters/02_windows.ipynb"],
            ["chapters/02_windows.ipynb", "tests/book/test_chapters.py", "-k", "02_windows"],
        ),
        (["code/pooling/pool.py"], ["code/pooling", "tests/library"]),
        (
            ["code/pooling_class/points.py"],
            [
                "code/pooling_class/points.py",
                "tests/class/test_export.py",
                "tests/class/test_feedback.py",
                "tests/class/test_grader.py",
            ],
        ),
        (
            ["exercises/conv2d/checks.py"],
            [
                "tests/class/test_exercises.py"
                "::test_the_solution_passes_and_wrong_answers_do_not[conv2d]"
            ],
        ),
        (["tests/class/submissions.py"], ["tests/class/test_hostile.py"]),
        (["tests/library/test_roi.py"], ["tests/library/test_roi.py"]),
        (["README.md", "chapters/e_teaching.md"], []),
    ],
)
def test_a_change_has_its_tests(names, wanted):
    assert changed.arguments(names) == wanted


def test_every_module_has_tests():
    untested = [
        path
        for path in changed.CODE.rglob("[!_]*.py")
        if not list(changed.proofs_of(path.relative_to(changed.ROOT).as_posix()))[1:]
    ]
    by_name = {"exchange.py", "lighthouse.py", "nbgrader_config.py", "plugin.py"}
    assert {path.name for path in untested} == by_name, "which other programs load"


def test_what_changed_is_asked_of_git(monkeypatch, capsys):
    said = {"diff": "a.py\nb.py\n", "ls-files": "c.py\n"}
    monkeypatch.setattr(subprocess, "check_output", lambda command, **_: said[command[1]])
    assert changed.changed() == ["a.py", "b.py", "c.py"]
    monkeypatch.setattr(changed, "changed", lambda base: [])
    assert changed.main() == 0 and "nothing changed since HEAD" in capsys.readouterr().out
