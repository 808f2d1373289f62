"""The explorers in a browser: every control, both hands, both schemes, no complaint."""

import json
import math
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Watched
from notebook_checks import ROOT, directives, markdown, option
from playwright.sync_api import expect

from pooling_course.explorers.arithmetic import window_output
from pooling_course.explorers.settings import OPERATORS, START, TAGS, WINDOW

CONTROLS = "input, select, button, td[tabindex='0'], [role='slider'], summary"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


def placed() -> list[tuple[str, str, str]]:
    """List the explorers of the chapters: page, kind, name."""
    import nbformat

    found = []
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        for _, text in markdown(nbformat.read(path, as_version=4)):
            for kind, body in directives(text, "explorer"):
                found.append((path.stem, kind, option(body, "name")))
    return found


PLACED = placed()
FIRST = {kind: (page, name) for page, kind, name in reversed(PLACED)}
"""One page and name for each kind."""


@pytest.fixture
def visit(chrome, site_address):
    """Open a page of the site: returns the page, watched, at its explorer."""
    contexts = []

    def open_page(stem, query="", **options):
        context = chrome.new_context(**{"viewport": WIDE} | options)
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.goto(f"{site_address}/chapters/{stem}.html{query}")
        return watched

    yield open_page
    for context in contexts:
        context.close()


def state(page, name) -> dict:
    """Return the settings of an explorer."""
    return page.evaluate("name => document.getElementById(name).state", name)


def snapshot(page, name) -> str:
    """Return all that an explorer shows and holds, but what it says, as one text."""
    script = """name => {
      const { state, shadowRoot } = document.getElementById(name);
      const fields = [...shadowRoot.querySelectorAll("input, select")];
      const shown = [...shadowRoot.querySelectorAll(".app > :not(.status)")].map(e => e.outerHTML);
      return JSON.stringify([state, shown, fields.map(f => [f.value, f.checked]),
        [...shadowRoot.querySelectorAll("details")].map(d => d.open)]);
    }"""
    return page.evaluate(script, name)


def test_every_kind_of_explorer_has_its_chapters():
    pages = {
        kind: {page for page, placed_kind, _ in PLACED if placed_kind == kind} for kind in TAGS
    }
    assert pages == {
        "window": {"02_windows", "03_general", "05_overlapping"},
        "bins": {"07_sizes", "08_pyramid"},
        "shift": {"06_invariance"},
    }


def test_modules_stand_only_in_pages_with_an_explorer(site):
    for path, soup in site.pages.items():
        kinds = {kind for page, kind, _ in PLACED if page == path.stem}
        found = [s for s in soup.find_all("script", type="module") if "HTMLElement" in s.text]
        defined = {
            kind for kind, tag in TAGS.items() if any(f'face("{tag}"' in s.text for s in found)
        }
        assert defined == kinds and len(found) == len(kinds), path
        assert {tag for tag in TAGS.values() if soup.find(tag)} == {TAGS[kind] for kind in kinds}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("stem", sorted({page for page, _, _ in PLACED}))
def test_pages_are_clean(visit, stem, viewport, scheme):
    watched = visit(stem, viewport=viewport, color_scheme=scheme)
    page = watched.page
    page.wait_for_function("!document.querySelector('.explorer:not(:defined)')")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    for _, kind, name in (entry for entry in PLACED if entry[0] == stem):
        element = page.locator(f"#{name}")
        assert element.get_attribute("data-scheme") == scheme
        page.evaluate("name => document.getElementById(name).scrollIntoView()", name)
        # Without `preload`, axe would ask for style sheets where none are.
        report = Axe().run(page, context=f"#{name}", options={"preload": False})
        found = report.response["violations"]
        faults = [
            (fault["id"], fault["nodes"][0]["target"], fault["nodes"][0]["failureSummary"])
            for fault in found
        ]
        assert faults == [], kind
        wider = """name => {
          const host = document.getElementById(name);
          const scrolls = (e) =>
            e && (getComputedStyle(e).overflowX === "auto" || scrolls(e.parentElement));
          host.shadowRoot.querySelectorAll("details").forEach(details => { details.open = true; });
          const limit = host.getBoundingClientRect().right + 1;
          return [...host.shadowRoot.querySelectorAll(".app *:not(.status)")]
            .filter(e => e.getBoundingClientRect().right > limit && !scrolls(e.parentElement))
            .map(e => e.outerHTML.slice(0, 80));
        }"""
        assert page.evaluate(wider, name) == []
    assert watched.faults == []


@pytest.mark.parametrize("kind", TAGS)
def test_every_control_answers_keyboard_and_pointer(visit, kind):
    stem, name = FIRST[kind]
    watched = visit(stem, viewport=PHONE, has_touch=True)
    page = watched.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    renew = """name => {
      history.replaceState(null, "", location.pathname);
      const explorer = document.getElementById(name);
      explorer.replaceWith(explorer.cloneNode(true));
    }"""
    total = page.locator(f"#{name}").locator(CONTROLS).count()
    assert total >= 8
    worked = {"keyboard": 0, "pointer": 0}
    for how in worked:
        for index in range(total):
            page.evaluate(renew, name)
            control = page.locator(f"#{name}").locator(CONTROLS).nth(index)
            label = control.evaluate("e => e.outerHTML.slice(0, 120)")
            if not control.is_visible() or control.is_disabled() or "Start again" in label:
                continue  # the last has a test of its own
            before = snapshot(page, name)
            (press if how == "keyboard" else point)(page, control)
            waited = 0
            while snapshot(page, name) == before and waited < 20:
                page.wait_for_timeout(50)
                waited += 1
            if 'aria-pressed="true"' in label and snapshot(page, name) == before:
                continue  # one of several to choose from, chosen already
            assert snapshot(page, name) != before, f"{how} does nothing on {label}"
            worked[how] += 1
    assert min(worked.values()) >= 7
    assert watched.faults == []


def press(page, control) -> None:
    """Use a control by keyboard alone, with the key that it is made for."""
    control.focus()
    kind = control.evaluate("e => e.type || e.getAttribute('role') || e.localName")
    if kind in ("number", "text"):
        page.keyboard.press("Control+A")
        page.keyboard.type("3")
        page.keyboard.press("Enter")
    elif kind in ("range", "slider", "td", "select-one", "radio"):
        page.keyboard.press("ArrowRight" if kind != "select-one" else "ArrowDown")
        if control.evaluate("e => e.type === 'range' && e.value === e.max"):
            page.keyboard.press("ArrowLeft")
    else:
        page.keyboard.press("Space" if kind == "checkbox" else "Enter")


def point(page, control) -> None:
    """Use a control by pointer alone; in a grid, tap the second cell."""
    page.mouse.move(1, 1)
    if control.evaluate("e => e.localName") == "td":
        control = control.locator("xpath=following-sibling::td").first
    control.evaluate("e => e.scrollIntoView({ block: 'center', behavior: 'instant' })")
    box = control.bounding_box()
    kind = control.evaluate("e => e.type || e.getAttribute('role') || e.localName")
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if kind == "range":
        place = control.evaluate("e => (e.value - e.min) / (e.max - e.min)")
        page.mouse.click(box["x"] + box["width"] * (0.95 if place < 0.5 else 0.05), middle[1])
    elif kind == "slider":
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + box["width"] / 3, middle[1], steps=4)
        page.mouse.up()
    elif kind == "td":
        page.touchscreen.tap(*middle)
    elif kind == "select-one":
        other = control.evaluate("e => [...e.options].find(o => !o.selected).value")
        control.select_option(other)
    elif kind in ("number", "text"):
        control.click()
        control.fill("3")
        page.mouse.click(1, 1)
    else:
        page.mouse.click(*middle)


@pytest.mark.parametrize("kind", TAGS)
def test_targets_are_large_enough_for_a_thumb(visit, kind):
    stem, name = FIRST[kind]
    page = visit(stem, viewport=PHONE).page
    for control in page.locator(f"#{name}").locator("input, select, button, summary").all():
        if not control.is_visible():
            continue
        target = control.locator(
            "xpath=ancestor-or-self::*[self::label or self::input or self::select"
            " or self::button or self::summary][last()]"
        )
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 44, control.evaluate("e => e.outerHTML")


@pytest.mark.parametrize("kind", TAGS)
def test_settings_go_to_the_address_and_come_back(visit, kind):
    stem, name = FIRST[kind]
    changed = {
        "window": {
            "kernel_size": [2, 3],
            "padding": [1, 1],
            "operator": "avg",
            "ceil_mode": True,
            "values": [[1, -2.5, 3], [4, 5, 6]],
            "norm_type": 3,
            "selected": [1, 0],
        },
        "bins": {"size": 31, "levels": [5, 2], "level": 2},
        "shift": {"shift": [0, 3], "values": [[1, 0, -2.5, 4]]},
    }[kind]
    watched = visit(stem, "?other=pool#here")
    page = watched.page
    start = state(page, name)
    page.evaluate(
        "([name, change]) => document.getElementById(name).change(change)", [name, changed]
    )
    page.wait_for_function("location.search.length > 20")
    address = urlsplit(page.url)
    assert address.fragment == "here" and parse_qs(address.query)["other"] == ["pool"]
    assert {key.split(".")[1] for key in parse_qs(address.query) if key != "other"} == set(changed)
    page.goto(page.url)
    page.reload()
    assert state(page, name) == start | changed
    back = {key: start[key] for key in changed}
    page.evaluate("([name, change]) => document.getElementById(name).change(change)", [name, back])
    page.wait_for_function("location.search === '?other=pool'")
    assert watched.faults == []


@pytest.mark.parametrize("kind", TAGS)
def test_addresses_that_make_no_sense_change_nothing(visit, kind):
    stem, name = FIRST[kind]
    start = state(visit(stem).page, name)
    words = ["", "x", "constructor", "<b>", "NaN", "1e999", "1_2*3", "__", "[]", "null", "0x", "1_"]
    for word in words:
        query = "&".join(f"{name}.{key}={word}" for key in start if key != "norm_type")
        watched = visit(stem, f"?{query}&{name}.constructor=1")
        assert state(watched.page, name) == start, word
        assert watched.faults == []


@pytest.mark.parametrize("kind", TAGS)
def test_defaults_are_those_of_python(visit, kind):
    page = visit(FIRST[kind][0]).page
    bare = page.evaluate("tag => document.createElement(tag).state", TAGS[kind])
    assert bare == json.loads(json.dumps(START[kind]))


@pytest.mark.parametrize("kind", TAGS)
def test_one_live_region_speaks_of_changes(visit, kind):
    stem, name = FIRST[kind]
    page = visit(stem).page
    kinds = ["[aria-live]:not([aria-live=off])", "[role=status]", "[role=alert]", "[role=log]"]
    kinds.append("output:not([aria-live=off])")
    live = page.locator(f"#{name}").locator(", ".join(kinds))
    assert live.count() == 1
    before = live.inner_text()
    page.locator(f"#{name} input[type=range]").first.press("ArrowRight")
    expect(live).not_to_have_text(before)
    expect(live).not_to_be_empty()


@pytest.mark.parametrize("kind", TAGS)
def test_without_scripts_there_are_tables(visit, kind):
    stem, name = FIRST[kind]
    page = visit(stem, java_script_enabled=False).page
    text = page.locator(f"#{name}").inner_text()
    assert page.locator(f"#{name} table").count() >= 1 and len(text) > 200
    assert page.locator(f"#{name} table").first.is_visible()


@pytest.mark.parametrize("kind", TAGS)
def test_in_print_there_is_a_figure_without_controls(visit, kind):
    stem, name = FIRST[kind]
    page = visit(stem).page
    controls = page.locator(f"#{name} .app").locator("button, select, input[type=range]")
    assert controls.first.is_visible()
    page.emulate_media(media="print")
    assert page.locator(f"#{name} .app").is_visible()
    assert page.locator(f"#{name} .app").locator("svg, table").first.is_visible()
    assert [one for one in controls.all() if one.is_visible()] == []
    assert not page.locator(f"#{name} table.table").first.is_visible()


@pytest.mark.parametrize("kind", TAGS)
def test_motion_is_reduced_on_request(visit, kind):
    stem, name = FIRST[kind]
    moving = """name => [
      ...document.getElementById(name).shadowRoot.querySelectorAll('*')
    ].filter(e => {
      const { transitionDuration, animationName } = getComputedStyle(e);
      return animationName !== 'none' || transitionDuration.split(',').some(t => parseFloat(t) > 0);
    }).length"""
    assert visit(stem, reduced_motion="reduce").page.evaluate(moving, name) == 0
    if kind == "window":
        assert visit(stem).page.evaluate(moving, name) == 1


@pytest.mark.parametrize("kind", TAGS)
def test_pages_opened_as_a_file_work(chrome, build, kind):
    stem, name = FIRST[kind]
    context = chrome.new_context()
    watched = Watched(context.new_page())
    watched.page.goto((build.folder / "chapters" / f"{stem}.html").as_uri())
    shown = "name => JSON.stringify(document.getElementById(name).state)"
    before = watched.page.evaluate(shown, name)
    watched.page.locator(f"#{name} input[type=range]").first.press("ArrowRight")
    watched.page.wait_for_function(
        "([name, before]) => JSON.stringify(document.getElementById(name).state) !== before",
        arg=[name, before],
    )
    assert watched.faults == []
    context.close()


WINDOW_CASES = [
    {},
    {"operator": "avg", "padding": [1, 1], "ceil_mode": True},
    {"operator": "avg", "padding": [1, 1], "count_include_pad": False},
    {"operator": "min", "kernel_size": [2, 3], "stride": [1, 2], "dilation": [2, 1]},
    {"operator": "lp", "norm_type": 3, "ceil_mode": True},
    {"operator": "conv", "weight": "edges", "padding": [2, 1], "kernel_size": [3, 2]},
    {"values": [[-1, -2], [-3.5, 4]], "kernel_size": [2, 2], "stride": [1, 1], "padding": [1, 1],
     "dilation": [3, 3]},
]  # fmt: skip


@pytest.mark.parametrize("change", WINDOW_CASES, ids=str)
def test_window_shows_what_the_library_computes(visit, change):
    stem, name = FIRST["window"]
    page = visit(stem).page
    page.evaluate(
        "([name, change]) => document.getElementById(name).change(change)", [name, change]
    )
    settings = {
        key: tuple(value) if key != "values" and isinstance(value, list) else value
        for key, value in state(page, name).items()
    }
    expected = window_output(settings)
    rows = page.locator(f"#{name} [role=grid][aria-label=Output] tr").all()
    labels = [
        [cell.get_attribute("aria-label") for cell in row.locator("td").all()] for row in rows
    ]
    shown = [
        [float(text.split(": ")[1].replace("−", "-").replace("∞", "inf")) for text in row]
        for row in labels
    ]
    assert np.allclose(shown, expected, rtol=1e-5)


def test_window_has_a_control_for_each_setting_in_the_words_of_the_tables(visit):
    stem, name = FIRST["window"]
    page = visit(stem).page
    explorer = page.locator(f"#{name}")
    for setting, facts in WINDOW.items():
        if facts.label or facts.of:
            assert explorer.get_by_label(facts.label or setting, exact=True).count(), setting
    assert OPERATORS["max"] in explorer.locator("slot").evaluate(
        "slot => slot.assignedNodes().map(node => node.textContent).join()"
    )
    for operator, words in OPERATORS.items():
        change = "([name, operator]) => document.getElementById(name).change({ operator })"
        page.evaluate(change, [name, operator])
        chosen = explorer.get_by_label("Operator", exact=True)
        assert chosen.evaluate("select => select.selectedOptions[0].text") == words
        others = [key for key, facts in WINDOW.items() if operator not in (facts.of or OPERATORS)]
        lacks = [key for key in others if WINDOW[key].kind in ("pair", "bool")]
        said = f"The {words} has no {', no '.join(lacks)}, here or in torch."
        expect(explorer.get_by_text(said, exact=True)).to_be_visible()
        for setting in ("norm_type", "weight"):
            label = explorer.get_by_label(WINDOW[setting].label, exact=True)
            assert label.is_visible() == (operator in WINDOW[setting].of)


def test_window_says_which_rule_a_setting_breaks(visit):
    stem, name = FIRST["window"]
    page = visit(stem).page
    page.evaluate("name => document.getElementById(name).change({ padding: [2, 2] })", name)
    error = page.locator(f"#{name} .error")
    with pytest.raises(ValueError) as raised:
        window_output(START["window"] | {"padding": (2, 2)})
    assert str(raised.value) in error.inner_text()
    expect(page.locator(f"#{name} [role=status]")).to_contain_text(str(raised.value))
    assert page.locator(f"#{name} [role=grid][aria-label=Output] td").count() == 0


def test_window_follows_hover_keys_and_play(visit):
    stem, name = FIRST["window"]
    page = visit(stem).page
    page.clock.install()
    page.reload()
    output = page.locator(f"#{name} [role=grid][aria-label=Output]")
    reading = page.locator(f"#{name} .reading")
    output.locator("td").nth(3).hover()
    assert "Output cell (1, 1)" in reading.inner_text()
    assert state(page, name)["selected"] == [0, 0]
    page.mouse.move(1, 1)
    assert "Output cell (0, 0)" in reading.inner_text()
    output.locator("td").nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    assert state(page, name)["selected"] == [1, 1]
    page.locator(f"#{name} button", has_text="Play").click()
    page.wait_for_function(
        "([name, was]) => document.getElementById(name).shadowRoot"
        ".querySelector('.reading').innerText !== was",
        arg=[name, reading.inner_text()],
    )
    page.locator(f"#{name} button", has_text="Pause").click()
    still = reading.inner_text()
    page.clock.run_for(5000)
    assert reading.inner_text() == still


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["7", "Enter"], 7),
        (["4", "2", "Tab"], 42),
        (["-", "5", "Enter"], -5),
        ([".", "5", "Enter"], 0.5),
        (["8", "Escape"], 3),
        (["Enter", "6", "Enter"], 6),
        (["-", "Enter"], 3),
    ],
    ids=lambda keys: "".join(keys) if isinstance(keys, list) else "",
)
def test_window_takes_a_number_typed_on_a_cell(visit, keys, value):
    stem, name = FIRST["window"]
    page = visit(stem).page
    cell = page.locator(f"#{name} [role=grid][aria-label=Input] td").nth(7)
    field = page.locator(f"#{name} input[type=number]")
    assert state(page, name)["values"][1][1] == 3
    cell.click()
    for key in keys:
        page.keyboard.press(key)
    assert state(page, name)["values"][1][1] == value
    if keys[-1] in ("Enter", "Escape"):
        assert cell.evaluate("cell => cell.getRootNode().activeElement === cell")
    page.mouse.click(1, 1)
    assert float(field.input_value()) == value and cell.inner_text().startswith(
        f"{value:g}".replace("-", "−")
    )


def test_window_does_not_write_into_padding(visit):
    stem, name = FIRST["window"]
    page = visit(stem).page
    page.evaluate("name => document.getElementById(name).change({ padding: [1, 1] })", name)
    start = state(page, name)
    page.locator(f"#{name} [role=grid][aria-label=Input] td").nth(9).click()
    page.locator(f"#{name} [role=grid][aria-label=Input] td").first.click()
    page.keyboard.type("9")
    assert state(page, name) == start


def test_window_stops_playing_at_an_impossible_setting(visit):
    stem, name = FIRST["window"]
    page = visit(stem).page
    page.locator(f"#{name} button", has_text="Play").click()
    page.evaluate("name => document.getElementById(name).change({ kernel_size: [9, 9] })", name)
    assert page.locator(f"#{name} button", has_text="Play").count() == 1
    expect(page.locator(f"#{name} [role=status]")).to_contain_text("Impossible")


def test_window_keeps_the_focus_when_the_output_shrinks(visit):
    stem, name = FIRST["window"]
    page = visit(stem).page
    page.locator(f"#{name} [role=grid][aria-label=Output] td").last.click()
    page.evaluate(
        "name => { document.getElementById(name).state = { kernel_size: [6, 6] }; }", name
    )
    active = "name => document.getElementById(name).shadowRoot.activeElement?.dataset.at"
    assert page.evaluate(active, name) == "0,0"


def test_window_gives_back_cells_that_were_cut_off(visit):
    stem, name = FIRST["window"]
    page = visit(stem).page
    own = {"values": [[1, 2, 3], [4, 5, 6], [7, 8, 9.5]], "kernel_size": [1, 1]}
    page.evaluate("([name, own]) => document.getElementById(name).change(own)", [name, own])
    height = page.locator(f"#{name} input[aria-label='Input size, height']")
    height.focus()
    page.keyboard.press("ArrowLeft")
    assert state(page, name)["values"] == own["values"][:2]
    page.keyboard.press("ArrowRight")
    assert state(page, name)["values"] == own["values"]


def test_long_numbers_stay_in_their_cells(visit):
    stem, name = FIRST["window"]
    page = visit(stem, viewport=PHONE).page
    long = {"values": [[-1234567.25] * 16 for _ in range(16)], "padding": [1, 1]}
    page.evaluate("([name, long]) => document.getElementById(name).change(long)", [name, long])
    widths = """name => [...document.getElementById(name).shadowRoot.querySelectorAll("td")]
      .map(cell => cell.getBoundingClientRect().width)"""
    found = page.evaluate(widths, name)
    assert max(found) - min(found) < 0.5
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("kind", TAGS)
def test_start_again_brings_back_the_start(visit, kind):
    stem, name = FIRST[kind]
    page = visit(stem).page
    start = state(page, name)
    page.locator(f"#{name} input[type=range]").first.press("ArrowRight")
    assert state(page, name) != start
    page.locator(f"#{name} button", has_text="Start again").click()
    assert state(page, name) == start


def test_chosen_cells_show_in_forced_colors(visit):
    stem, name = FIRST["window"]
    page = visit(stem, forced_colors="active").page
    colors = """name => ["td.win", "td.chosen", "td:not([class])"].map(selector => {
      const cell = document.getElementById(name).shadowRoot.querySelector(selector);
      return getComputedStyle(cell).backgroundColor;
    })"""
    winner, chosen, plain = page.evaluate(colors, name)
    assert winner == chosen != plain


@pytest.mark.parametrize("library", ["pooling", "torch"])
def test_window_copies_a_program_that_runs(visit, capsys, library):
    stem, name = FIRST["window"]
    page = visit(stem).page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(f"#{name} button[aria-label='Copy {library} code']").click()
    page.wait_for_function(
        "name => document.getElementById(name).shadowRoot.innerHTML.includes('Copied')", arg=name
    )
    exec(page.evaluate("navigator.clipboard.readText()"), {})
    printed = [
        float(word)
        for word in capsys.readouterr()
        .out.replace("[", " ")
        .replace("]", " ")
        .replace(",", " ")
        .replace("tensor(", "")
        .split("dtype")[0]
        .replace(")", "")
        .split()
    ]
    assert np.allclose(printed, window_output(START["window"]).ravel())
    assert not math.isnan(sum(printed))
