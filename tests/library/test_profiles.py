"""The profile of hypothesis that the environment chooses reaches every test."""

import os
import subprocess
import sys
from pathlib import Path

COLLECT = """
import sys
import pytest

class Tell:
    def pytest_collection_modifyitems(self, items):
        from hypothesis import is_hypothesis_test, settings  # after pytest has rewritten it
        for item in items:
            test = getattr(item, "obj", None)
            if is_hypothesis_test(test):
                chosen = getattr(test, "_hypothesis_internal_use_settings", settings())
                print("tries", chosen.max_examples, item.nodeid)

options = ["--collect-only", "-q", "-s", "-p", "no:cacheprovider"]
sys.exit(pytest.main([*options, *sys.argv[1:]], plugins=[Tell()]))
"""


def test_every_search_grows_with_the_profile():
    folder = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", COLLECT, str(folder)],
        env=os.environ | {"HYPOTHESIS_PROFILE": "explore"}, cwd=folder.parents[1],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    searches = [
        line.split(None, 2) for line in done.stdout.splitlines() if line.startswith("tries ")
    ]
    files = {name.partition("::")[0] for _, _, name in searches}
    posed = {path.name for path in folder.glob("test_*.py") if "\n@given(" in path.read_text()}
    assert {Path(name).name for name in files} == posed
    assert not [name for _, examples, name in searches if int(examples) < 500]
