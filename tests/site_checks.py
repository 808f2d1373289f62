"""The built site, and what its pages have to be: small checks from a page to its faults."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup
from notebook_checks import ROOT

from pooling_site.tools import node, package

LOADED = {
    "script": ["src"],
    "img": ["src", "srcset"],
    "iframe": ["src"],
    "source": ["src", "srcset"],
    "video": ["src", "poster"],
    "audio": ["src"],
    "embed": ["src"],
    "object": ["data"],
}
LOADED_LINKS = {
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
}


RULES = {
    "root": True,
    "extends": ["html-validate:standard"],
    "rules": {
        # Sphinx names a function by its path: `pooling.pool.max_pool2d`.
        "valid-id": ["error", {"relaxed": True}],
        "missing-doctype": "error",
        "unique-landmark": "error",
        "heading-level": ["error", {"sectioningRoots": ["dialog"]}],
        "no-implicit-close": "error",
        "no-redundant-for": "error",
        "wcag/h30": "error",
        "wcag/h36": "error",
        "wcag/h37": "error",
        "wcag/h63": "error",
        "wcag/h67": "error",
        "wcag/h71": "error",
    },
}


def build_site(
    folder: Path, repository: str = "", base: str = "", out: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Build the site with these addresses in place of the book's own.

    It is built in ``folder/_build/html``; or, from a folder in which it was built before, in
    ``out/_build/html``. Then pages are written anew, but what was read of their sources is used
    again.
    """
    if out is None:
        folder.mkdir(exist_ok=True)
        for path in ROOT.iterdir():
            if path.name not in ("_build", "_config.yml", ".git", ".venv"):
                (folder / path.name).symlink_to(path)
    else:
        shutil.copytree(folder / "_build/.doctrees", out / "_build/.doctrees")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"], config["html"]["baseurl"] = repository, base
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", folder]
    options = ["-W", "-n", "--keep-going", *(["--path-output", out] if out else [])]
    return subprocess.run([*command, *options], capture_output=True, text=True)


def copy_tree(folder: Path) -> None:
    """Copy the files of the project, as they are and as git would take them, to a folder."""
    if not (ROOT / ".git").exists():  # a downloaded archive
        ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
        names = shutil.ignore_patterns(*(name.rstrip("/") for name in ignored))
        shutil.copytree(ROOT, folder, ignore=names, dirs_exist_ok=True)
        return
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.check_output(command, cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def invalid(folder: Path, work: Path) -> list[str]:
    """Return what html-validate finds in the pages of a folder."""
    rules, report = work / "rules.json", work / "report.json"
    rules.write_text(json.dumps(RULES))
    report.unlink(missing_ok=True)
    tool = package("html-validate") / "bin/html-validate.mjs"
    command = [node(), tool, "--config", rules, "--formatter", f"json={report}"]
    pages = sorted(folder.rglob("*.html"))
    run = subprocess.run([*command, *pages], capture_output=True, text=True)
    assert run.returncode in (0, 1) and report.is_file(), run.stderr
    return [
        f"{Path(page['filePath']).name}:{fault['line']} {fault['ruleId']}: {fault['message']}"
        for page in json.loads(report.read_text())
        for fault in page["messages"]
    ]


def contents() -> list[str]:
    """Return the names of the pages in ``_toc.yml``, in their order."""
    listed = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names = [listed["root"]]
    for part in listed["parts"]:
        for page in part["chapters"]:
            names += [page["file"], *(one["file"] for one in page.get("sections", []))]
    return names


class Site:
    """The built pages, each parsed once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.pages = {
            page: BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
            for page in sorted(self.folder.rglob("*.html"))
            if "_static" not in page.relative_to(self.folder).parts
        }

        self._anchors: dict[Path, set[str]] = {}

    def anchors(self, page: Path) -> set[str]:
        """Return the targets on a page."""
        if page not in self._anchors:
            names = self.pages[page].find_all(attrs={"id": True})
            self._anchors[page] = {"", "top"} | {tag["id"] for tag in names}
        return self._anchors[page]


def is_foreign(address: str) -> bool:
    """Say whether an address leads to another host."""
    return urlsplit(address).scheme in {"http", "https"} or address.startswith("//")


def loaded(soup: BeautifulSoup) -> Iterator[str]:
    """Yield every address that a browser loads with the page."""
    for name, attributes in LOADED.items():
        for tag in soup.find_all(name):
            for attribute in attributes:
                value = tag.get(attribute, "")
                for part in value.split(",") if attribute == "srcset" else [value]:
                    yield part.strip().split(" ")[0]
    for tag in soup.find_all("link", href=True):
        if LOADED_LINKS & set(tag.get("rel", [])):
            yield tag["href"]


def foreign_requests(site: Site, page: Path) -> Iterator[str]:
    """Yield each file that the page would load from another host."""
    yield from filter(is_foreign, loaded(site.pages[page]))


def dead_links(site: Site, page: Path) -> Iterator[str]:
    """Yield each address within the site that leads to no file or to no target on its page."""
    soup = site.pages[page]
    links = [tag["href"] for tag in soup.find_all("a", href=True)]
    for address in {*links, *loaded(soup)}:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or not address:
            continue
        start = site.folder if parts.path.startswith("/") else page.parent
        target = (start / unquote(parts.path).lstrip("/")).resolve() if parts.path else page
        if target.is_dir():
            target = target / "index.html"
        known = target in site.pages
        if not target.is_file() or (known and unquote(parts.fragment) not in site.anchors(target)):
            yield address


def unnamed_pictures(site: Site, page: Path) -> Iterator[str]:
    """Yield each picture without alternative text."""
    for tag in site.pages[page].find_all("img"):
        if not tag.get("alt", "").strip():
            yield tag.get("src", "?")


CHECKS = [foreign_requests, dead_links, unnamed_pictures]
