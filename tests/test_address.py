"""What follows from the two addresses: nothing while they are empty, all of it once set."""

import re
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from browser import Watched, served
from notebook_checks import ROOT
from page_checks import WIDE, faults_of
from site_checks import Site, build_site, contents, invalid
from sphinx.errors import ConfigError

from pooling_course.site.address import base_address, repository_address

REPOSITORY = "https://github.com/somebody/pooling-book"
BASE = "https://somebody.github.io/pooling-book/"


def pages_of(folder: Path) -> dict:
    """Return the parsed pages of a site by their names."""
    site = Site(folder)
    return {path.relative_to(site.folder).with_suffix("").as_posix(): soup
            for path, soup in site.pages.items()}  # fmt: skip


@pytest.fixture(scope="module")
def plain(build) -> dict:
    return pages_of(build.folder)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> tuple[Path, dict]:
    """Build the book with both addresses: the folder of the site, and its pages."""
    root = tmp_path_factory.mktemp("published")
    run = build_site(root, REPOSITORY, BASE.rstrip("/"))
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    yield root / "_build/html", pages_of(root / "_build/html")
    shutil.rmtree(root / "_build")


def meta(soup, name: str) -> str | None:
    """Return what a page says of itself under a name."""
    tag = soup.find("meta", attrs={"name": name}) or soup.find("meta", attrs={"property": name})
    return tag and tag["content"]


def test_without_addresses_no_page_speaks_of_one(plain, build):
    for name, soup in plain.items():
        foreign = {tag["href"] for tag in soup.find_all("a", href=re.compile("colab|mybinder"))}
        assert not foreign, name
        assert not soup.find("link", rel="canonical"), name
        assert meta(soup, "og:url") is None and meta(soup, "og:image") is None, name
        assert not soup.select(".dropdown-launch-buttons, .dropdown-source-buttons"), name
    assert not (build.folder / "sitemap.xml").exists()


def test_every_page_has_a_title_and_a_description_of_its_own(plain):
    titles = {name: soup.title.text for name, soup in plain.items() if name != "index"}
    texts = {name: meta(soup, "description") for name, soup in plain.items()}
    assert all(titles.values()) and len({*titles.values()}) == len(titles)
    short = {name: text for name, text in texts.items() if not text or not 35 < len(text) < 260}
    assert short == {}
    assert len({*texts.values()}) == len(texts)


def test_cards_have_title_and_text(plain):
    for name in contents():
        assert meta(plain[name], "og:title") and meta(plain[name], "og:type") == "website", name
        assert meta(plain[name], "og:description") == meta(plain[name], "description"), name
    assert meta(plain["chapters/06_invariance"], "description").startswith("If the picture moves")


def test_canonical_addresses_and_cards_lead_to_pages_of_the_site(published):
    folder, pages = published
    for name, soup in pages.items():
        link = soup.find("link", rel="canonical")["href"]
        goal = name if name != "index" else "chapters/index"
        assert link == f"{BASE}{goal}.html", name
    for name in contents():
        assert meta(pages[name], "og:url") == f"{BASE}{name}.html"
        image = meta(pages[name], "og:image")
        assert image.startswith(BASE) and (folder / image.removeprefix(BASE)).is_file()
        assert meta(pages[name], "og:image:alt")


def test_site_map_lists_the_pages_of_the_contents(published):
    folder, _ = published
    tree = ElementTree.parse(folder / "sitemap.xml")
    found = [element.text for element in tree.iter() if element.tag.endswith("}loc")]
    assert sorted(found) == sorted(f"{BASE}{name}.html" for name in contents())


def test_buttons_open_what_is_there(published):
    _, pages = published
    notebooks = [path.stem for path in sorted((ROOT / "chapters").glob("*.ipynb"))]
    assert len(notebooks) > 10
    for stem in notebooks:
        soup = pages[f"chapters/{stem}"]
        links = {urlsplit(tag["href"]) for tag in soup.select(".article-header-buttons a[href]")}
        by_host = {link.netloc: link for link in links if link.netloc != "github.com"}
        path = f"chapters/{stem}.ipynb"
        assert (ROOT / path).is_file()
        assert by_host["colab.research.google.com"].path == (
            f"/github/somebody/pooling-book/blob/main/{path}"
        )
        binder = by_host["mybinder.org"]
        assert binder.path == "/v2/gh/somebody/pooling-book/main"
        assert parse_qs(binder.query) == {"urlpath": [f"lab/tree/{path}"]}
        github = {link.path for link in links if link.netloc == "github.com"}
        assert github == {"/somebody/pooling-book", "/somebody/pooling-book/issues/new"}
        source = soup.select_one(".btn-download-source-button")["href"]
        assert source.endswith(f"_sources/{path}")


def test_first_page_says_how_to_come_by_the_project(plain, published):
    here, there = (pages["chapters/index"].article.text for pages in (plain, published[1]))
    assert "git clone" not in here and "the folder that this page was built in" in here
    assert f"Get the project with git clone {REPOSITORY}, and type make lab" in there


def test_pages_with_buttons_are_sound_too(published, chrome, tmp_path):
    folder, _ = published
    assert invalid(folder, tmp_path) == []
    with served(folder) as address:
        page = chrome.new_page(viewport=WIDE)
        watched = Watched(page)
        page.goto(f"{address}/chapters/02_windows.html")
        assert page.locator(".dropdown-launch-buttons").count() == 1
        assert faults_of(watched) == {}
        page.close()


def test_lost_readers_find_back_from_any_folder(published, plain):
    folder, _ = published
    for pages, prefix in ((published[1], "/pooling-book/"), (plain, "/")):
        soup = pages["404"]
        inner = [tag["href"] for tag in soup.find_all(["a", "link"], href=True)]
        inner = [link for link in inner if not urlsplit(link).netloc and not link.startswith("#")]
        assert inner and all(link.startswith(prefix) for link in inner)
        offered = [tag["href"] for tag in soup.article.find_all("a")]
        assert len(offered) == 3 and all((folder / one[len(prefix) :]).is_file() for one in offered)
        known = {f"{prefix}{name}.html" for name in pages}
        assert {f"{prefix}{name}.html" for name in contents()} <= {*inner} & known


@pytest.mark.parametrize("url", ["https://a.b/c", "https://a.b/c/"])
def test_base_address_ends_in_one_slash(url):
    assert base_address(url) == "https://a.b/c/"


@pytest.mark.parametrize(
    "url", ["a.b/c", "ftp://a.b", "/c", "https://a.b/c?d=1", "https://a.b/#c", "https://a.b/c d"]
)
def test_wrong_base_address_is_refused(url):
    with pytest.raises(ConfigError, match=re.escape(f"without ? and #, got '{url}'")):
        base_address(url)


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_repository_is_named_without_its_end(end):
    assert repository_address(REPOSITORY + end) == REPOSITORY


@pytest.mark.parametrize(
    "url",
    ["https://gitlab.com/a/b", "https://github.com/a", "github.com/a/b", "https://github.com/ä/b"],
)
def test_wrong_repository_is_refused(url):
    with pytest.raises(ConfigError, match="repository.url must be"):
        repository_address(url)
