"""Every page of the site in a browser with a closed network: wide, as narrow as a phone, dark."""

import os

import pytest
from browser import Watched, served
from page_checks import PHONE, STILL, WIDE, faults_of, weight
from site_checks import contents

PAGES = [
    *contents(),
    "genindex",
    "py-modindex",
    "search",
    "404",
]
LIMIT = 300_000  # bytes of a first load, compressed, without pictures


@pytest.fixture
def visit(chrome, site_address):
    """Open a page of the site, watched."""
    contexts = []

    def open_page(name: str, **options) -> Watched:
        context = chrome.new_context(**{"viewport": WIDE} | options)
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.goto(f"{site_address}/{name}.html")
        return watched

    yield open_page
    for context in contexts:
        context.close()


def test_list_of_pages_is_complete(build):
    built = {
        path.relative_to(build.folder).with_suffix("").as_posix()
        for path in build.folder.rglob("*.html")
    }
    assert {name for name in built if not name.startswith("_modules/")} == {"index", *PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound(visit, build, name):
    watched = visit(name)
    assert weight(watched.page, build.folder) < LIMIT
    assert faults_of(watched) == {}


def elements(soup) -> set[tuple]:
    """Return the kinds of elements on a page: name, classes and role, within what."""
    kind = {tag: (tag.name, *tag.get("class", []), tag.get("role")) for tag in soup.find_all(True)}
    return {(kind[tag], kind.get(tag.parent)) for tag in kind}


def test_listings_are_sound(visit, site):
    """Axe looks at as many of them as have between them every kind of element."""
    listings = {
        path.relative_to(site.folder).with_suffix("").as_posix(): elements(soup)
        for path, soup in site.pages.items()
        if path.is_relative_to(site.folder / "_modules")
    }
    assert "_modules/pooling/pool" in listings
    unseen, faults = set().union(*listings.values()), {}
    for name in sorted(listings, key=lambda name: -len(listings[name])):
        faults[name] = faults_of(visit(name), by_axe=bool(listings[name] & unseen))
        unseen -= listings[name]
    assert {name: found for name, found in faults.items() if found} == {}


GOOD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Good</title><link rel="icon" href="data:,"></head><body><main class="bd-article"><h1>One</h1>
<p>Text and <span class="math"><math></math><b class="katex-html"><b class="katex-base"></b></b>
</span></p><div class="cell_input"><div class="highlight"><pre>a</pre>
<button class="copybtn">Copy</button></div></div>
<img alt="A dot." src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==">
</main></body></html>"""
BROKEN = {
    "no alternative": ("pictures", ' alt="A dot."', ""),
    "blank alternative": ("pictures", "A dot.", " "),
    "lost picture": ("pictures", 'src="data:image/gif', 'src="gone.gif?'),
    "lost file": ("complaints", 'href="data:,"', 'href="gone.ico"'),
    "formula as text": ("formulas", "<math></math>", "x"),
    "formula without its look": ("formulas", "katex-base", "other"),
    "no button": ("copy buttons", "copybtn", "other"),
    "wide box": ("too wide", "<h1>", '<div style="width: 500px">a</div><h1>'),
    "wide listing": ("too wide", "<pre>a", '<pre style="width: 500px">a'),
    "pale": ("axe, wide", "<p>", '<p style="color: #bbb">'),
    "pale on a phone": ("axe, phone", "</head>", "<style>@media (width < 400px) "
                        "{ p { color: #bbb } }</style></head>"),
    "pale in the dark": ("axe, phone, dark", "</head>", "<style>[data-theme=dark] p "
                         "{ color: #bbb }</style></head>"),
    "no language": ("axe, wide", ' lang="en"', ""),
    "order of headings": ("axe, wide", "</h1>", "</h1><h4>Four</h4>"),
    "script error": ("complaints", "</main>", "</main><script>gone()</script>"),
    "warning": ("complaints", "</main>", "</main><script>console.warn(1)</script>"),
    "other host": ("complaints", "</main>", '</main><script src="https://a.b/c.js"></script>'),
}  # fmt: skip


def look(chrome, folder, html: str) -> dict[str, list]:
    """Return what is wrong with a page that stands alone."""
    (folder / "page.html").write_text(html, encoding="utf-8")
    context = chrome.new_context(viewport=WIDE)
    watched = Watched(context.new_page())
    with served(folder) as address:
        watched.page.goto(f"{address}/page.html")
        found = faults_of(watched)
    context.close()
    return found


def test_good_page_has_no_faults(chrome, tmp_path):
    assert look(chrome, tmp_path, GOOD) == {}


@pytest.mark.parametrize(("kind", "old", "new"), BROKEN.values(), ids=BROKEN)
def test_checks_see_what_is_broken(chrome, tmp_path, kind, old, new):
    assert old in GOOD
    assert kind in look(chrome, tmp_path, GOOD.replace(old, new))


def test_weight_is_what_was_loaded_without_pictures(chrome, tmp_path):
    (tmp_path / "a.js").write_bytes(f"/*{os.urandom(4000).hex()}*/".encode())
    (tmp_path / "a.png").write_bytes(os.urandom(9000))
    (tmp_path / "never.js").write_bytes(os.urandom(9000))
    (tmp_path / "a.html").write_text('<link rel="icon" href="a.png"><script src="a.js"></script>')
    page = chrome.new_page()
    with served(tmp_path) as address:
        page.goto(f"{address}/a.html")
        assert 4000 < weight(page, tmp_path) < 5500
    page.close()


LANDED = """(id) => {
  const { top } = document.getElementById(id).getBoundingClientRect();
  const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  return top >= 0 && (top < 130 || end) ? "" : `${id} is at ${top}`;
}"""


@pytest.mark.parametrize("name", ["chapters/05_overlapping", "chapters/08_pyramid"])
@pytest.mark.parametrize("how", ["address", "link"])
def test_links_to_a_section_lead_to_it_on_a_phone(chrome, site_address, name, how):
    context = chrome.new_context(viewport=PHONE, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{site_address}/{name}.html")
    sections = page.evaluate(
        "[...document.querySelectorAll('article section[id]')].map((s) => s.id)"
    )
    assert len(sections) > 10
    faults = []
    for section in sections:
        page.goto("about:blank")
        if how == "address":
            page.goto(f"{site_address}/{name}.html#{section}")
        else:
            page.goto(f"{site_address}/{name}.html", wait_until="commit")
            page.wait_for_selector("footer.bd-footer", state="attached")
            page.evaluate("(id) => document.querySelector(`a[href='#${id}']`).click()", section)
        page.wait_for_load_state("load")
        page.evaluate(STILL)
        faults.append(page.evaluate(LANDED, section))
    assert list(filter(None, faults)) == []
    context.close()


def test_landing_elsewhere_is_seen(chrome):
    page = chrome.new_page(viewport=PHONE)
    page.set_content('<p id="a">a</p><p style="height: 5000px">b</p><p id="c">c</p>')
    assert page.evaluate(LANDED, "a") == "" and page.evaluate(LANDED, "c")
    page.evaluate("scrollTo(0, 2000)")
    assert page.evaluate(LANDED, "a") and page.evaluate(LANDED, "c")
    page.evaluate("scrollTo(0, 9999)")
    assert page.evaluate(LANDED, "a") and page.evaluate(LANDED, "c") == ""
    page.close()


@pytest.mark.parametrize("how", ["reload", "back"])
def test_who_comes_back_to_a_page_finds_his_place_on_a_phone(chrome, site_address, how):
    context = chrome.new_context(viewport=PHONE, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{site_address}/chapters/08_pyramid.html")
    page.wait_for_function("!document.documentElement.classList.contains('arriving')")
    section = page.evaluate("[...document.querySelectorAll('article section[id]')].at(-4).id")
    page.evaluate("(id) => document.getElementById(id).scrollIntoView()", section)
    page.evaluate(STILL)
    assert page.evaluate(LANDED, section) == ""
    if how == "reload":
        page.reload()
    else:
        page.goto(f"{site_address}/chapters/02_windows.html")
        page.go_back()
    page.wait_for_load_state("load")
    page.evaluate(STILL)
    assert page.evaluate(LANDED, section) == ""
    context.close()


def test_sections_are_all_laid_out_soon(chrome, site_address):
    context = chrome.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(f"{site_address}/chapters/05_overlapping.html", wait_until="commit")
    page.wait_for_function("document.documentElement.classList.contains('arriving')")
    page.wait_for_function("!document.documentElement.classList.contains('arriving')")
    assert page.locator("section.laid-out").count() > 10
    context.close()


@pytest.mark.parametrize("name", ["chapters/02_windows", "chapters/questions", "genindex"])
def test_pages_on_a_disk_are_sound(chrome, build, name):
    context = chrome.new_context()
    watched = Watched(context.new_page())
    watched.page.goto((build.folder / f"{name}.html").as_uri(), wait_until="networkidle")
    fonts = watched.page.evaluate(
        "[...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family)"
    )
    assert {"Font Awesome 6 Free"} <= set(fonts)
    assert ("KaTeX_Math" in fonts) == name.startswith("chapters")
    assert watched.faults == []
    context.close()


@pytest.fixture
def phone(chrome, site_address):
    """Open chapter 2 on a phone, watched."""
    context = chrome.new_context(viewport=PHONE, has_touch=True, reduced_motion="reduce")
    watched = Watched(context.new_page())
    watched.page.goto(f"{site_address}/chapters/02_windows.html", wait_until="networkidle")
    yield watched
    assert watched.faults == []
    context.close()


def test_contents_of_a_page_close_when_they_have_led_to_a_section(phone):
    page = phone.page
    drawer = page.locator("dialog#pst-secondary-sidebar-modal")
    for section in ("ceil-mode", "the-formula"):
        page.locator("button.secondary-toggle").tap()
        drawer.locator(f"a[href='#{section}']").tap()
        assert not drawer.is_visible()
        page.evaluate(STILL)
        assert page.evaluate(LANDED, section) == ""


def test_titles_of_solutions_and_folded_cells_open_them(phone):
    solution = phone.page.locator("#sol-windows-count")
    content = solution.locator("p").nth(1)
    for visible in (True, False):
        solution.locator("p.admonition-title").tap(position={"x": 120, "y": 12})
        assert content.is_visible() == visible
    cell = phone.page.locator("details.hide").first
    for said in ("Show code cell content", "Hide code cell content"):
        assert cell.locator("summary").inner_text().strip() == said
        cell.locator("summary").tap()


def test_root_leads_to_the_first_page(visit):
    watched = visit("index")
    watched.page.wait_for_url("**/chapters/index.html")
    assert watched.faults == []


WORDS = {
    "ceil_mode": "2. Windows",
    "spatial_pyramid_pool2d": "8. Spatial pyramid pooling",
    "receptive field": "2. Windows",
    "pooling.pool.max_pool2d_backward": "Library reference",
    "aliasing": "6. Invariance, honestly",
}


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("on_disk", [False, True], ids=["served", "on disk"])
def test_search_finds(chrome, build, site_address, words, on_disk):
    context = chrome.new_context()
    watched = Watched(context.new_page())
    root = build.folder.as_uri() if on_disk else site_address
    watched.page.goto(f"{root}/search.html?q={words}")
    watched.page.wait_for_selector("#search-results .search-summary:has-text('found')")
    watched.page.wait_for_load_state("networkidle")
    titles = watched.page.locator("#search-results ul.search > li > a").all_inner_texts()
    around = " ".join(watched.page.locator("#search-results p.context").all_inner_texts())
    assert bool(around) != on_disk
    if words == "aliasing" and not on_disk:
        assert "a cosine of f cycles per cell" in around  # once, not for each way it is set
    assert WORDS[words] in titles
    assert watched.faults == []
    context.close()
