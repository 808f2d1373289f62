"""What every page has to be in a browser, wide and as narrow as a phone, light and dark."""

import gzip
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from browser import Watched
from playwright.sync_api import TimeoutError as PlaywrightTimeout

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}

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
SETTLED = """() => {
  const boxes = ["pre", ".cell_output > .output", ".jp-RenderedHTMLCommon",
    ".pst-scrollable-table-container"].join();
  const scrolls = (e) => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight;
  return [...document.querySelectorAll(boxes)].every((e) => e.tabIndex >= 0 || !scrolls(e));
}"""
"""The theme makes boxes that scroll focusable a moment after a change of size."""
STILL = """() => new Promise((resolve) => {
  let last, frames = 0;
  const look = () => {
    const { classList, scrollHeight } = document.documentElement;
    const now = `${scrollY} of ${scrollHeight}`;
    frames = now === last && !classList.contains("arriving") ? frames + 1 : 0;
    last = now;
    if (frames < 3) requestAnimationFrame(look);
    else resolve();
  };
  document.fonts.ready.then(look);
})"""
"""Wait until a page is laid out and scrolls no more."""
PICTURES = """() => Promise.all([...document.images].map(async (image) => {
  image.loading = "eager";
  await image.decode().catch(() => {});
  const sound = image.naturalWidth > 0 && image.getAttribute("alt")?.trim();
  return sound ? null : image.outerHTML;
})).then((faults) => faults.filter(Boolean))"""
FORMULAS = """() => [...document.querySelectorAll("main .math, .bd-article .math")]
  .filter((math) => !math.querySelector("math") || !math.querySelector(".katex-html .katex-base"))
  .map((math) => math.outerHTML)"""
TOO_WIDE = """(limit) => {
  const { scrollWidth } = document.documentElement;
  if (scrollWidth <= limit) return [];
  const wide = [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > limit + 1);
  return [`${scrollWidth} px`, ...wide.map((e) => e.outerHTML.slice(0, 120)).slice(0, 5)];
}"""
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


def faults_of(watched: Watched, by_axe: bool = True) -> dict[str, list]:
    """Return what is wrong with a page as it stands, by kind; without axe, what is cheap to see."""
    page = watched.page
    page.add_style_tag(content=LAID_OUT)
    found = {
        "pictures": page.evaluate(PICTURES),
        "formulas": page.evaluate(FORMULAS),
        "copy buttons": page.evaluate(UNCOPIED),
    }
    page.evaluate(THINNED)
    if by_axe:
        found["axe, wide"] = axe_faults(page)
    page.set_viewport_size(PHONE)
    with suppress(PlaywrightTimeout):  # axe says which box cannot be reached
        page.wait_for_function(SETTLED)
    found["too wide"] = page.evaluate(TOO_WIDE, PHONE["width"])
    if by_axe:
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
