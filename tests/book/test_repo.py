"""What no file of the project may hold, and proof that the search would find it."""

import re
import shutil
import subprocess

import pytest
from notebook_checks import ROOT

FORBIDDEN = {
    "a path of a machine": r"(?<![\w./:])/(?:home|root|work|Users)/|\b[A-Z]:\\\\?Users",
    "an edit of sys.path": r"\bsys\.path\.(?:insert|append|extend)|\bsys\.path\s*\+?=",
    "a star import": r"^\s*from\s+\S+\s+import\s+\*",
    "the host of a package registry": r"\b(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org"
    r"|download\.pytorch\.org|deb\.debian\.org|conda\.anaconda\.org)",
}
EXAMPLES = {
    "a path of a machine": ["open('/" + "home/me/a.py')", "C:" + "\\Users\\me"],
    "an edit of sys.path": ["sys" + ".path.insert(0, 'code')", "sys" + ".path += ['code']"],
    "a star import": ["from pooling import" + " *"],
    "the host of a package registry": ["https://pypi" + ".org/simple", "download" + ".pytorch.org"],
}


def found(text: str) -> list[str]:
    """Return what a text holds that it must not, with the place."""
    return [
        f"{what}: {match.group().strip()!r}"
        for what, pattern in FORBIDDEN.items()
        for match in re.finditer(pattern, text, re.M)
    ]


def project_files() -> list[str]:
    """Return the files that git tracks or would track."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_file_holds_what_it_must_not():
    faults = []
    for name in project_files():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or an archive
        faults += [f"{name}: {fault}" for fault in found(text)]
    assert not faults


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_search_finds_it(what):
    for example in EXAMPLES[what]:
        assert [fault.split(":")[0] for fault in found(example)] == [what]


def test_code_is_a_source_root_and_no_package():
    assert not (ROOT / "code" / "__init__.py").exists(), "it would shadow Python's module `code`"
