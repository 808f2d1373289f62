"""Every page of the site in a browser with a closed network: wide, as narrow as a phone, dark."""

import gzip
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Watched
from site_checks import contents

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
PAGES = [
    *contents(),
    "genindex",
    "py-modindex",
    "search",
    "404",
]

LIMIT = 300_000  # bytes of a first load, compressed, without pictures

# Sections far away are not laid out, and axe would look at the wrong place.
LAID_OUT = "* { content-visibility: visible !important; }"
# A page has thousands of colored words of code. Each color stays once in each kind of box.
THINNED = """() => {
  const seen = new Set();
  const boxes = ["div.highlight", "dt.sig", "code", ".katex-html"];
  for (const word of document.querySelectorAll(boxes.map((box) => `${box} span`).join())) {
    const box = word.closest(boxes.join());
    const key = [word, box, box?.parentElement, box?.closest("div.cell_input, div.cell_output")]
      .map((e) => e?.className).join("|");
    if (seen.has(key)) word.replaceWith(...word.childNodes);
    seen.add(key);
  }
}"""
SETTLE = 500  # ms: the theme makes boxes that scroll focusable a moment after a change of size
PICTURES = """() => Promise.all([...document.images].map(async (image) => {
  image.loading = "eager";
  await image.decode().catch(() => {});
  const sound = image.naturalWidth > 0 && image.getAttribute("alt")?.trim();
  return sound ? null : image.outerHTML;
})).then((faults) => faults.filter(Boolean))"""
FORMULAS = """() => [...document.querySelectorAll("main .math, .bd-article .math")]
  .filter((math) => !math.querySelector("math") || !math.querySelector(".katex-html .katex-base"))
  .map((math) => math.outerHTML)"""
TOO_WIDE = """(limit) => document.documentElement.scrollWidth <= limit ? [] :
  [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > limit + 1 && !e.closest("pre, table"))
    .map((e) => e.outerHTML.slice(0, 120)).slice(0, 5)"""
UNCOPIED = """() => [...document.querySelectorAll("div.cell_input div.highlight, div.highlight-python > div")]
  .filter((code) => !code.querySelector("button.copybtn"))
  .map((code) => code.outerHTML.slice(0, 120))"""  # noqa: E501


def axe_faults(page, *rules: str) -> list[str]:
    """Return what axe finds, with all rules or with some."""
    # Without `preload`, axe would ask for style sheets where none are.
    options = {"preload": False, "resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    violations = Axe().run(page, options=options).response["violations"]
    return [
        f"{fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in violations
        for node in fault["nodes"]
    ]


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


def faults_of(watched: Watched) -> dict[str, list]:
    """Return what is wrong with a page as it stands, by kind."""
    page = watched.page
    page.add_style_tag(content=LAID_OUT)
    found = {
        "pictures": page.evaluate(PICTURES),
        "formulas": page.evaluate(FORMULAS),
        "copy buttons": page.evaluate(UNCOPIED),
    }
    page.evaluate(THINNED)
    found["axe, wide"] = axe_faults(page)
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(SETTLE)
    found["too wide"] = page.evaluate(TOO_WIDE, PHONE["width"])
    found["axe, phone"] = axe_faults(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    found["axe, phone, dark"] = axe_faults(page, "color-contrast", "link-in-text-block")
    page.set_viewport_size(WIDE)
    found["axe, wide, dark"] = axe_faults(page, "color-contrast", "link-in-text-block")
    found["complaints"] = watched.faults
    return {kind: faults for kind, faults in found.items() if faults}


def weight(page, folder: Path) -> int:
    """Return the compressed bytes that a page has loaded, without its pictures."""
    loaded = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    files = {folder / urlsplit(address).path.lstrip("/") for address in [page.url, *loaded]}
    written = [file.read_bytes() for file in files if file.suffix not in (".png", ".svg")]
    return sum(min(len(content), len(gzip.compress(content))) for content in written)


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


def test_listings_are_sound(visit, build):
    names = [
        path.relative_to(build.folder).with_suffix("").as_posix()
        for path in sorted((build.folder / "_modules").rglob("*.html"))
    ]
    assert "_modules/pooling/pool" in names
    faults = {name: faults_of(visit(name)) for name in names}
    assert {name: found for name, found in faults.items() if found} == {}


LANDED = """(id) => {
  const { top } = document.getElementById(id).getBoundingClientRect();
  const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  return (top >= 0 && top < 130) || end ? "" : `${id} is at ${top}`;
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
        page.wait_for_timeout(200)
        faults.append(page.evaluate(LANDED, section))
    assert list(filter(None, faults)) == []
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
    assert WORDS[words] in titles
    assert watched.faults == []
    context.close()
