"""The library reference: what autodoc cannot tell by itself.

The site is built without torch, which is replaced by a mock. A class with a mock for a parent
has no signature of its own, so it is read from ``__init__``. And a property has the link to its
source with any Python: a cached one knows its module only since Python 3.13, a plain one never.
"""

from functools import cached_property
from importlib import import_module
from operator import attrgetter
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.inspect import signature, stringify_signature


def signature_of_class(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, given: str, returns: str
) -> tuple[str, str] | None:
    """Return the signature of a module of `pooling.layers`, and no annotation."""
    if what != "class" or not name.startswith("pooling.layers."):
        return None
    return stringify_signature(signature(obj.__init__, bound_method=True), False, False), ""


def skip_field(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool:
    """Leave out the fields of a named tuple: the class says what they are."""
    return skip or (getattr(obj, "__doc__", None) or "").startswith("Alias for field number")


def module_of_property(app: Sphinx, module: str, name: str) -> str | None:
    """Return the module in which a property is written, and nothing for all else."""
    try:
        found = attrgetter(name)(import_module(module))
    except (AttributeError, ImportError):  # fields of a data class; Sphinx has its own way for them
        return None
    getter = {property: "fget", cached_property: "func"}.get(type(found))
    return getattr(found, getter).__module__ if getter else None


def setup(app: Sphinx) -> None:
    """Connect the functions."""
    app.connect("autodoc-process-signature", signature_of_class)
    app.connect("autodoc-skip-member", skip_field)
    app.setup_extension("sphinx.ext.viewcode")
    app.connect("viewcode-follow-imported", module_of_property)
