"""The first run, on machines that are not ours: a Python without pip, a folder that moves, no git.

Most tests run the Makefile with a stand-in for Python, which writes down how it is called. One test
makes an environment for real, without a network.
"""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import site_checks
from notebook_checks import ROOT

MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(not MAKE or os.name == "nt", reason="needs make and a POSIX shell")

# It answers what the Makefile asks of Python, of pip and of jupyter-book. `machine` says what is
# missing. The scripts of its environments begin with the path of their Python, as real ones do.
STAND_IN = """#!/bin/sh
machine="{machine}"
own=$(cd "$(dirname "$0")/.." && pwd -P)
echo "PIP_USER=$PIP_USER LC_ALL=$LC_ALL $*" >> "$machine/calls"
case "$*" in
"-m venv "*)
  for folder; do :; done
  test "$3" != --clear || rm -rf "$folder"/*
  mkdir -p "$folder/bin"
  test -e "$folder/bin/python" || cp "$machine/bin/python3" "$folder/bin/python"
  test ! -e "$machine/no-ensurepip" || {{ echo "ensurepip is not available" >&2; exit 1; }}
  for script in pip jupyter jupyter-book pytest pre-commit; do
    printf '#!%s/bin/python\\n' "$(cd "$folder" && pwd -P)" > "$folder/bin/$script"
    chmod +x "$folder/bin/$script"
  done ;;
"-m pip --version" | */bin/pip" --version")
  test -e "$own/bin/pip" || {{ echo "No module named pip" >&2; exit 1; }}
  echo "pip 25 from $own" ;;
*find_spec*) PYTHONPATH="$machine/site" exec "{python}" -S "$@" ;;
"-m pip install "*" -r "*) test ! -e "$machine/offline" ;;
*/jupyter-book" build "*)
  cat _build/html/index.html >> "$machine/seen" 2>/dev/null
  out=$(echo "$*" | sed -n 's/.*--path-output \\([^ ]*\\).*/\\1/p')/_build/html
  mkdir -p "$out" && echo new > "$out/index.html"
  test ! -e "$machine/broken" ;;
esac
"""


class Machine:
    """A folder of the project in small, and a Python that stands in for a real one."""

    def __init__(self, root: Path) -> None:
        self.root, self.book = root, root / "book"
        (root / "bin").mkdir()
        (root / "site").mkdir()
        stand_in = root / "bin/python3"
        stand_in.write_text(STAND_IN.format(machine=root, python=sys.executable))
        stand_in.chmod(0o755)
        (self.book / "chapters").mkdir(parents=True)
        (self.book / "chapters/01.ipynb").write_text("as it came")
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy2(ROOT / name, self.book)
        shutil.copytree(ROOT / "requirements", self.book / "requirements")

    def make(self, *arguments: str, fails: bool = False, **environment: str) -> str:
        """Run make in the folder, check how it ends, and return what it says."""
        kept = {key: os.environ[key] for key in ("HOME", "LANG") if key in os.environ}
        kept |= {"PATH": f"{self.root / 'bin'}:{os.environ['PATH']}"} | environment
        run = subprocess.run(
            [MAKE, "--no-print-directory", *arguments],
            cwd=self.book,
            env=kept,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert bool(run.returncode) == fails, run.stdout
        return run.stdout

    def has(self, *names: str) -> None:
        """Set what the stand-in takes for so."""
        for name in names:
            (self.root / name).touch()

    def moves(self, name: str) -> None:
        """Rename the folder of the project."""
        self.book = self.book.rename(self.root / name)

    def calls(self) -> list[str]:
        """Return the calls of Python since the last time."""
        path = self.root / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def installs(self) -> list[str]:
        """Return the files of pins that were installed since the last time."""
        return re.findall(r"-r requirements/(\w+)\.txt", "\n".join(self.calls()))


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def test_a_python_without_pip_is_named_and_cured_by_what_is_advised(machine):
    machine.has("no-ensurepip")
    said = machine.make("book", fails=True)
    assert "sudo apt install python3-venv" in said and machine.installs() == []
    assert (machine.book / ".venv/bin/python").exists(), "as Debian's Python leaves it"
    (machine.root / "no-ensurepip").unlink()  # what was advised is done
    assert "made again" in machine.make("book")
    assert machine.installs() == ["book"]


def test_the_readme_names_the_package_that_debian_keeps_apart():
    for name in ("README.md", "CONTRIBUTING.md"):
        assert "python3-venv" in (ROOT / name).read_text(encoding="utf-8"), name


def test_an_environment_is_made_once(machine):
    said = machine.make("book")
    assert "again" not in said and machine.installs() == ["book"]
    machine.make("book")
    assert machine.installs() == []
    machine.make("test")
    calls = machine.calls()
    assert not any("venv --clear" in call for call in calls)
    assert sum("-r requirements/all.txt" in call for call in calls) == 1


def test_an_environment_from_before_is_kept(machine):
    machine.make("book")
    (machine.book / ".venv/folder").unlink()
    machine.calls()
    assert "again" not in machine.make("book")
    assert not any("-m venv" in call for call in machine.calls())


def test_an_install_that_broke_off_goes_on(machine):
    machine.has("offline")
    machine.make("book", fails=True)
    (machine.root / "offline").unlink()
    machine.calls()
    assert "again" not in machine.make("book")
    calls = machine.calls()
    assert not any("-m venv" in call for call in calls)
    assert any("-r requirements/book.txt" in call for call in calls)


def test_a_folder_that_moved_makes_its_environment_again(machine):
    machine.make("book")
    machine.make("test")
    machine.calls()
    machine.moves("renamed")
    assert "made in another folder" in machine.make("book")
    assert machine.installs() == ["book"]
    first = (machine.book / ".venv/bin/jupyter-book").read_text().splitlines()[0]
    assert first == f"#!{machine.book}/.venv/bin/python"
    machine.make("book")
    assert machine.installs() == []
    machine.make("test")
    assert machine.installs() == ["all"], "the stamp of the old place is void"


def test_a_copy_leaves_the_original_alone(machine):
    machine.make("book")
    original = machine.book
    before = {path: path.read_bytes() for path in original.rglob("*") if path.is_file()}
    machine.book = shutil.copytree(original, machine.root / "copy")
    machine.calls()
    assert "made in another folder" in machine.make("book")
    assert machine.installs() == ["book"]
    assert str(machine.book) in (machine.book / ".venv/bin/pip").read_text()
    assert before == {path: path.read_bytes() for path in original.rglob("*") if path.is_file()}


def test_clean_works_wherever_the_folder_is(machine):
    machine.make("book")
    machine.moves("renamed")
    machine.make("clean")
    assert not (machine.book / "_build").exists() and (machine.book / ".venv").exists()


def test_pip_installs_into_the_environment_whatever_its_settings_say(machine):
    machine.make("book", PIP_USER="1")
    pip = [call for call in machine.calls() if "-m pip install" in call]
    assert len(pip) == 2 and all(call.startswith("PIP_USER=0 ") for call in pip)


@pytest.mark.parametrize(("charmap", "set_to"), [("UTF-8", "de"), ("ANSI_X3.4-1968", "C.UTF-8")])
def test_python_gets_an_encoding_for_every_letter(machine, charmap, set_to):
    """As ``locale charmap`` says; what is UTF-8 already keeps its language."""
    tool = machine.root / "bin/locale"
    tool.write_text(f"#!/bin/sh\necho {charmap}\n")
    tool.chmod(0o755)
    machine.make("book", LC_ALL="de")
    assert all(f" LC_ALL={set_to} " in call for call in machine.calls())


def test_without_git_the_hooks_are_left_out_and_the_tests_run(machine):
    machine.make("test")
    calls = machine.calls()
    assert any("/bin/pytest" in call for call in calls)
    assert not any("pre-commit" in call for call in calls)
    (machine.book / ".git").mkdir()
    machine.make("test")
    assert any("pre-commit run" in call for call in machine.calls())


def test_lint_without_git_says_so_before_it_installs(machine):
    said = machine.make("lint", fails=True)
    assert "git init" in said and machine.calls() == []
    (machine.book / ".git").write_text("gitdir: elsewhere")  # so it is in a worktree
    machine.make("lint")
    assert machine.installs() == ["all"]


def test_the_tree_is_copied_without_git_too(tmp_path, monkeypatch):
    root = tmp_path / "archive"
    kept = ["Makefile", "code/pooling/pool.py", ".binder/runtime.txt"]
    built = [".venv/bin/python", "_build/html/index.html", "my-chapters/01.ipynb"]
    built += ["code/pooling/__pycache__/pool.pyc", "code/pooling_course.egg-info/PKG-INFO"]
    for name in [*kept, *built]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    shutil.copy2(ROOT / ".gitignore", root)
    monkeypatch.setattr(site_checks, "ROOT", root)
    site_checks.copy_tree(tmp_path / "copy")
    found = {path for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    names = {path.relative_to(tmp_path / "copy").as_posix() for path in found}
    assert names == {".gitignore", *kept}


TARGETS = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
LARGE = {"pdf", "test", "check", "lint", "format", "learn", "lab", "execute", "bench", "lighthouse"}
LARGE |= {"assignments"}


@pytest.mark.parametrize("target", TARGETS)
def test_gigabytes_are_said_before_they_come(machine, target):
    (machine.book / ".git").mkdir()
    if target in ("help", "serve", "clean"):
        said = machine.make("-n", target)
    else:
        machine.has("offline")  # ends at the first install
        said = machine.make(target, fails=True)
    if target in LARGE:
        assert 0 < said.index("take about") < said.index("pip install"), said
    else:
        assert "GB" not in said or target == "help", said
    assert (target in LARGE) == (machine.installs() == ["all"])


def test_the_size_is_that_of_the_system(machine):
    tool = machine.root / "bin/uname"
    machine.has("offline")
    for system, arguments, size in [
        ("Linux", [], 7),
        ("Linux", ["TORCH_INDEX=https://example.org/cpu"], 2),
        ("Darwin", [], 2),
    ]:
        tool.write_text(f"#!/bin/sh\necho {system}\n")
        tool.chmod(0o755)
        said = machine.make("learn", *arguments, fails=True)
        assert f"about {size} GB" in said and ("get by with 2" in said) == (size == 7)
    assert "installs PyTorch, 7 GB on Linux" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_size_is_said_only_when_it_comes(machine):
    assert "GB" in machine.make("learn")
    assert "GB" not in machine.make("learn"), "all is there"
    (machine.root / "site/torch.py").touch()
    (machine.book / ".venv/all").unlink()
    assert "GB" not in machine.make("learn"), "a pin is new, and torch is there"


def test_what_a_learner_types_stays(machine):
    machine.make("learn")
    mine = machine.book / "my-chapters/01.ipynb"
    assert mine.read_text() == "as it came"
    mine.write_text("my answer")
    machine.make("learn")
    assert mine.read_text() == "my answer"
    assert [path.name for path in mine.parent.iterdir()] == ["01.ipynb"]
    assert (machine.book / "chapters/01.ipynb").read_text() == "as it came"
    assert machine.calls()[-1].endswith("jupyter lab --notebook-dir=my-chapters")
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "my-chapters/" in ignored and "my-chapters" in (ROOT / "pyproject.toml").read_text()


def test_the_old_site_stands_until_the_new_one_does(machine):
    site, seen = machine.book / "_build/html/index.html", machine.root / "seen"
    machine.make("book")
    assert site.read_text() == "new\n" and not seen.read_text()
    site.write_text("old\n")
    (site.parent / "gone.html").touch()
    machine.has("broken")
    machine.make("book", fails=True)
    assert site.read_text() == "old\n" and seen.read_text() == "old\n"
    (machine.root / "broken").unlink()
    machine.make("book")
    assert seen.read_text() == "old\nold\n", "not there while the new one was built"
    assert site.read_text() == "new\n" and not (site.parent / "gone.html").exists()
    assert [path.name for path in (machine.book / "_build").iterdir()] == ["html"]


def test_a_real_environment_in_a_folder_of_any_name(tmp_path):
    """Make one with a pip that wants to install for the user and a Python that reads ASCII."""
    book = tmp_path / "Bücher von 池"
    book.mkdir()
    for name in ("Makefile", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, book)
    shutil.copytree(ROOT / "code/pooling", book / "code/pooling")
    shutil.copytree(ROOT / "requirements", book / "requirements")
    (book / "requirements/book.txt").write_text("")  # nothing to fetch
    (tmp_path / "pip.conf").write_text("[install]\nuser = true\nno-index = true\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "setuptools").symlink_to(Path(find_spec("setuptools").origin).parent)
    kept = {key: os.environ[key] for key in ("HOME", "PATH") if key in os.environ}
    kept |= {"LC_ALL": "C", "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}

    def make() -> str:
        command = [MAKE, ".venv/book", f"PYTHON={sys.executable}", "NPM=true"]
        run = subprocess.run(
            command,
            cwd=book,
            env=kept | {"PYTHONPATH": str(tools)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert run.returncode == 0, run.stdout
        return run.stdout

    def place_of_library() -> Path:
        script = "from importlib.util import find_spec; print(find_spec('pooling').origin)"
        python = [book / ".venv/bin/python", "-X", "utf8", "-c", script]
        environment = kept | {"LC_ALL": "C.UTF-8"}
        found = subprocess.check_output(python, env=environment, encoding="utf-8", cwd="/")
        return Path(found.strip())

    assert "again" not in make()
    assert place_of_library() == book / "code/pooling/__init__.py"
    assert "up to date" in make()
    original, book = book, shutil.copytree(book, tmp_path / "copy", symlinks=True)
    assert place_of_library().is_relative_to(original), "a copy imports the original's code"
    assert "made in another folder" in make()
    assert place_of_library() == book / "code/pooling/__init__.py"


INTERPRETERS = """
import os
from functools import cached_property


class Thing:
    \"\"\"A class.\"\"\"

    @property
    def plain(self):
        \"\"\"Return 1.\"\"\"
        return 1

    @cached_property
    def cached(self):
        \"\"\"Return 2.\"\"\"
        return 2


vars(Thing)["cached"].__module__ = os.environ["MODULE"]
"""


def test_links_to_the_source_do_not_depend_on_the_interpreter(tmp_path):
    """A cached property says that it is of ``functools`` before Python 3.13, and of us since."""
    (tmp_path / "thing.py").write_text(INTERPRETERS)
    (tmp_path / "conf.py").write_text(
        "extensions = ['sphinx.ext.autodoc', 'pooling_site.reference']\nhtml_theme = 'basic'\n"
    )
    (tmp_path / "index.rst").write_text(
        "Thing\n=====\n\n.. automodule:: thing\n   :members:\n   :undoc-members:\n"
    )
    pages = []
    for module in ("functools", "thing"):
        command = [sys.executable, "-m", "sphinx", "-W", "-q", "-E", ".", module]
        path = f"{tmp_path}:{ROOT / 'code'}"
        environment = os.environ | {"PYTHONPATH": path, "MODULE": module}
        subprocess.run(command, cwd=tmp_path, env=environment, check=True)
        pages.append((tmp_path / module / "index.html").read_text(encoding="utf-8"))
    assert pages[0] == pages[1]
    assert pages[0].count("[source]") == 3


def test_each_target_that_prose_names_is_there():
    prose = [*ROOT.glob("*.md"), *ROOT.glob("chapters/*.md"), *ROOT.glob("exercises/*.md")]
    named = {
        (path.name, target)
        for path in prose
        for target in re.findall(r"(?:`|^)make ([a-z]+)\b", path.read_text("utf-8"), re.M)
    }
    assert len(named) > 10
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = " ".join(re.findall(r"^([a-z][a-z ]*):", makefile, re.M)).split()
    assert {pair for pair in named if pair[1] not in known} == set()
