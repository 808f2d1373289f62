"""The directive ``{explorer}``: an explorer on a page, with a table for those who see no script.

The module of an explorer stands in the page itself, and only in pages that have one. As a file of
its own it would not load in a page opened from a disk, since browsers refuse modules there.
"""

import json
from ast import literal_eval
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pooling_course.explorers.module import module
from pooling_course.explorers.settings import SETTINGS, START, TAGS, checked
from pooling_site.tables import STATIC


class explorer(nodes.General, nodes.Element):
    """The custom element; its children are what it says without a script."""


def literal(argument: str | None) -> Any:
    """Read the value of an option: a Python literal, or a word."""
    try:
        return literal_eval(argument or "True")
    except (ValueError, SyntaxError):
        return argument


class ExplorerDirective(SphinxDirective):
    """``{explorer} window`` with the settings as options; the text inside stands above it."""

    required_arguments = 1
    has_content = True
    option_spec = {
        "name": directives.unchanged_required,
        "title": directives.unchanged_required,
        **{name: literal for settings in SETTINGS.values() for name in settings},
    }

    def run(self) -> list[nodes.Node]:
        """Return the text, then the explorer."""
        kind = self.arguments[0]
        if kind not in SETTINGS:
            raise self.error(f"explorer must be one of {', '.join(SETTINGS)}, got {kind!r}")
        options = dict(self.options)
        if "name" not in options or "title" not in options:
            raise self.error("explorer needs the options :name: and :title:")
        name, title = options.pop("name"), options.pop("title")
        try:
            state = START[kind] | checked(kind, options)
            fallback = STATIC[kind](state)
        except (TypeError, ValueError) as fault:
            raise self.error(f"explorer {kind}: {fault}") from fault
        heading = nodes.paragraph("", "", nodes.strong(text=title))
        start = nodes.paragraph(text="Where it starts; with scripts, it can be changed.")
        node = explorer(
            "", heading, start, *fallback, kind=kind, title=title, state=json.dumps(state)
        )
        self.set_source_info(node)
        self.options = {"name": name}
        self.add_name(node)
        return [*self.parse_content_to_nodes(), node]


def visit_html(self: Any, node: explorer) -> None:
    """Open the custom element."""
    attributes = {"label": node["title"], "state": node["state"]}
    self.body.append(self.starttag(node, TAGS[node["kind"]], CLASS="explorer", **attributes))


def depart_html(self: Any, node: explorer) -> None:
    """Close it."""
    self.body.append(f"</{TAGS[node['kind']]}>\n")


def pass_by(self: Any, node: explorer) -> None:
    """Write nothing around the tables."""


def add_modules(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Put the module of each explorer of a page into that page."""
    if doctree is None or app.builder.format != "html" or app.builder.name == "epub":
        return
    for kind in sorted({node["kind"] for node in doctree.findall(explorer)}):
        app.add_js_file(None, body=module(kind), type="module")


def setup(app: Sphinx) -> None:
    """Add the node, the directive, and the modules where they are needed."""
    others = {builder: (pass_by, pass_by) for builder in ("latex", "text", "man", "texinfo")}
    app.add_node(explorer, html=(visit_html, depart_html), **others)
    app.add_directive("explorer", ExplorerDirective)
    app.connect("html-page-context", add_modules)
