"""What every page of the built site has to be: small checks from a page to its faults."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup
from notebook_checks import ROOT

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

    def anchors(self, page: Path) -> set[str]:
        """Return the targets on a page."""
        names = self.pages[page].find_all(attrs={"id": True})
        return {"", "top"} | {tag["id"] for tag in names}


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
