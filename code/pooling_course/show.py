"""Show the library's own code in a chapter, so that text and code cannot part."""

import inspect
import re
from textwrap import dedent

from IPython.display import display


def show(*objects, docstring: bool = False) -> None:
    """Display the source of functions or classes.

    Parameters
    ----------
    *objects : function or class
        What to show, in this order.
    docstring : bool
        Keep the docstrings too.
    """
    text = "\n\n".join(source(item, docstring) for item in objects)
    display({"text/plain": text, "text/markdown": f"```python\n{text}\n```"}, raw=True)


def source(item, docstring: bool = False) -> str:
    """Read the source of a function or class.

    Parameters
    ----------
    item : function or class
        Defined in a file.
    docstring : bool
        Keep the docstrings.

    Returns
    -------
    str

    Examples
    --------
    >>> print(source(_example))
    def _example(x):
        return x + 1
    """
    text = dedent(inspect.getsource(item)).rstrip()
    if not docstring:
        text = re.sub(r'\n[ ]*r?"""(?:.|\n)*?"""(?=\n)', "", text)
    return text


def _example(x):
    """Add one."""
    return x + 1
