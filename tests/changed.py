"""Prove what changed since a commit: ``python tests/changed.py [BASE]``, or ``make check``.

A chapter stands for itself and its form, an exercise for its proof, a test for itself. A module
stands for its examples and for the tests that import it, or that import a module that does. The
library is quick enough to be tested as a whole.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = ROOT / "code"
FORM = "tests/book/test_chapters.py"


def changed(base: str = "HEAD") -> list[str]:
    """Return the files that differ from a commit, and those that git does not know yet."""
    since = ["git", "diff", "--name-only", "--diff-filter=d", base]
    new = ["git", "ls-files", "--others", "--exclude-standard"]
    run = (subprocess.check_output(command, cwd=ROOT, text=True) for command in (since, new))
    return sorted({name for listing in run for name in listing.splitlines()})


def proofs_of(name: str) -> Iterator[str]:
    """Yield what proves a file, as pytest takes it.

    Examples
    --------
    >>> list(proofs_of("chapters/02_windows.ipynb"))
    ['chapters/02_windows.ipynb', 'tests/book/test_chapters.py']
    >>> list(proofs_of("code/pooling/pool.py"))
    ['code/pooling', 'tests/library']
    """
    path = Path(name)
    match path.parts:
        case ("chapters", _) if path.suffix == ".ipynb":
            yield from (name, FORM)
        case ("code", "pooling", *_):
            yield from ("code/pooling", "tests/library")
        case ("code", *_) if path.suffix == ".py" and path.name != "nbgrader_config.py":
            yield name
            yield from _importing(module_of(ROOT / path))
        case ("exercises", slug, *_):
            test = "test_the_solution_passes_and_wrong_answers_do_not"
            yield f"tests/class/test_exercises.py::{test}[{slug}]"
        case ("tests", *_) if path.suffix == ".py" and path.name.startswith("test_"):
            yield name
        case ("tests", *_) if path.suffix == ".py":
            yield from _importing(path.stem)


def module_of(path: Path) -> str:
    """Return the name under which a file is imported; what tests share is imported by its own."""
    if not path.is_relative_to(CODE):
        return path.stem
    return ".".join(path.relative_to(CODE).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports(path: Path) -> set[str]:
    """Return the names of the modules that a file imports, and of what it takes from them."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _importing(module: str) -> Iterator[str]:
    """Yield the tests that import a module, or a module that imports it."""
    wanted = {module, *(module_of(path) for path in CODE.rglob("*.py") if module in imports(path))}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if wanted & imports(path):
            yield path.relative_to(ROOT).as_posix()


def arguments(names: Iterable[str]) -> list[str]:
    """Return arguments for pytest: if only chapters changed, no other is asked for its form."""
    names = list(names)
    tests = list(dict.fromkeys(test for name in names for test in proofs_of(name)))
    if all(test == FORM or test.startswith("chapters/") for test in tests) and FORM not in names:
        stems = [Path(test).stem for test in tests if test != FORM]
        return [*tests, "-k", " or ".join(stems)] if stems else []
    return tests


def main(base: str = "HEAD") -> int:
    """Run the hooks on what changed, then its tests; return the exit code."""
    names = changed(base)
    if not names:
        print(f"nothing changed since {base}: give another commit, as in `make check BASE=main`")
        return 0
    hooks = subprocess.run(["pre-commit", "run", "--files", *names], cwd=ROOT)
    tests = arguments(names)
    print("tests:", *tests or ["none: `make test` proves the rest"])
    if hooks.returncode or not tests:
        return hooks.returncode
    command = ["pytest", "-q", "-n", "2", "--dist", "loadfile", *tests]
    return subprocess.run(command, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
