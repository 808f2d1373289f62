"""What several files of tests share: the built site, and a browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import FileLock
from site_checks import Site, build_site


class Build(NamedTuple):
    """What a build of the site said, and where it stands."""

    returncode: int
    output: str
    folder: Path


@pytest.fixture(scope="session")
def build(tmp_path_factory, worker_id) -> Build:
    """Build the site as it is while no address is set, once for all workers."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "site"
    shared.mkdir(exist_ok=True)
    report = shared / "report.json"
    with FileLock(shared / "lock"):
        if not report.exists():
            run = build_site(shared / "book")
            report.write_text(json.dumps([run.returncode, run.stdout + run.stderr]))
    return Build(*json.loads(report.read_text()), shared / "book/_build/html")


@pytest.fixture(scope="session")
def site(build) -> Site:
    """Parse the pages of the built site."""
    return Site(build.folder)


@pytest.fixture(scope="module")
def site_address(build) -> Iterator[str]:
    """Serve the built site."""
    from browser import served

    with served(build.folder) as address:
        yield address


@pytest.fixture(scope="module")
def chrome():
    """Run a browser."""
    from browser import running

    with running() as browser:
        yield browser
