"""The library reference: what autodoc cannot tell by itself.

The site is built without torch, which is replaced by a mock. A class with a mock for a parent
has no signature of its own, so it is read from ``__init__``.
"""

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


def setup(app: Sphinx) -> None:
    """Connect the two functions."""
    app.connect("autodoc-process-signature", signature_of_class)
    app.connect("autodoc-skip-member", skip_field)
