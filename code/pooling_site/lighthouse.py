"""Lighthouse on pages of the built site, served compressed on this machine: ``make lighthouse``.

Lighthouse slows the processor and the network down by calculation; what else the machine does
disturbs it, so each figure is the median of several runs.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

from pooling_site.tools import ARGUMENTS, browser, node

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
PAGES = ("chapters/index", "chapters/02_windows", "chapters/05_overlapping")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_for(address: str, seconds: float = 20) -> None:
    """Wait until something answers at an address.

    Raises
    ------
    TimeoutError
        If nothing does in time.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            with urlopen(address):
                return
        except URLError as fault:
            if time.monotonic() > end:
                raise TimeoutError(f"nothing answers at {address}") from fault
            time.sleep(0.2)


def scores(tools: Path, address: str, desktop: bool) -> dict[str, float]:
    """Return the scores of one run, from 0 to 1.

    Parameters
    ----------
    tools : Path
        Folder where npm installed Lighthouse.
    address : str
        The page.
    desktop : bool
        Whether a desktop is imitated; else a phone.
    """
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [node(), tools / "node_modules/lighthouse/cli/index.js", address]
        command += ["--quiet", "--output=json", f"--output-path={report}"]
        command += [
            f"--chrome-flags={' '.join(ARGUMENTS)}",
            f"--only-categories={','.join(CATEGORIES)}",
        ]
        command += ["--preset=desktop"] if desktop else []
        subprocess.run(command, check=True, env=os.environ | {"CHROME_PATH": browser()})
        found = json.loads(report.read_text(encoding="utf-8"))["categories"]
    return {category: found[category]["score"] for category in CATEGORIES}


def main() -> None:
    """Measure pages and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=Path("_build/html"))
    parser.add_argument("--tools", type=Path, default=Path("_build/lighthouse"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("pages", nargs="*", default=PAGES)
    given = parser.parse_args()
    port = free_port()
    server = subprocess.Popen(
        [node(), given.tools / "node_modules/serve/build/main.js", "--listen"]
        + [f"tcp://127.0.0.1:{port}", "--no-clipboard", given.site],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/")
        print("| page | device |", " | ".join(CATEGORIES), "|")
        print("|---|---" + "|--:" * len(CATEGORIES) + "|")
        for page in given.pages:
            for device in ("phone", "desktop"):
                address = f"http://127.0.0.1:{port}/{page}"
                runs = [
                    scores(given.tools, address, device == "desktop") for _ in range(given.rounds)
                ]
                medians = [
                    statistics.median(run[category] for run in runs) for category in CATEGORIES
                ]
                print(
                    f"| {page} | {device} |",
                    " | ".join(f"{m:.2f}" for m in medians),
                    "|",
                    flush=True,
                )
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
