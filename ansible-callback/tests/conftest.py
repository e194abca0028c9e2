"""What all tests share: real runs of ansible-playbook, a small real server, the schemas."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
import referencing
from server import Server, is_remark

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "ansible-callback/plugins/callback/playtrail.py"
BIN = Path(sys.executable).parent
SECONDS_MAX = 60

# A connection that never connects, so that no test depends on ssh.
UNREACHABLE = """
DOCUMENTATION = "name: nowhere\\nshort_description: never connects\\ndescription: never connects\\nauthor: us"
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase
class Connection(ConnectionBase):
    transport = "nowhere"
    def _connect(self):
        raise AnsibleConnectionFailure("nobody answers")
    def exec_command(self, *args, **kwargs):
        self._connect()
    def put_file(self, *args):
        self._connect()
    def fetch_file(self, *args):
        self._connect()
    def close(self):
        pass
"""

INVENTORY = """
[web]
alpha
beta
[db]
gamma
[web:vars]
ansible_connection=local
[db:vars]
ansible_connection=local
[all:vars]
ansible_python_interpreter={{ ansible_playbook_python }}
"""


def wait_until(condition, what):
    """Waits for a condition, never for a time; what is wrong after SECONDS_MAX stays wrong."""
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {SECONDS_MAX} seconds in vain for {what}")


def shippers(folder):
    """Returns the ids of the shippers of a spool folder; the folder is the test's own."""
    pids = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"--ship" in arguments and str(folder).encode() in arguments:
            pids.append(int(entry.parent.name))
    return pids


class Controller:
    """A machine to run Ansible on: a folder with an ansible.cfg, an inventory, a home and a spool."""

    def __init__(self, folder, server):
        self.folder = folder
        self.server = server
        self.spool = folder / "spool"
        self.home = folder / "home"
        self.home.mkdir()
        (folder / "connection").mkdir()
        (folder / "connection/nowhere.py").write_text(UNREACHABLE)
        (folder / "hosts.ini").write_text(INVENTORY)
        self.env = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "LOGNAME": "alice",
            "ANSIBLE_CONNECTION_PLUGINS": str(folder / "connection"),
            "ANSIBLE_CALLBACK_PLUGINS": str(PLUGIN.parent),
            "ANSIBLE_CALLBACKS_ENABLED": "playtrail",
            "ANSIBLE_INVENTORY": str(folder / "hosts.ini"),
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "ANSIBLE_NOCOLOR": "1",
            "PLAYTRAIL_SPOOL_DIR": str(self.spool),
            "PLAYTRAIL_URL": server.url,
            "PLAYTRAIL_FLUSH_TIMEOUT": "30",
        }

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def command(self, *arguments, **env):
        return {
            "args": [str(BIN / "ansible-playbook"), *map(str, arguments)],
            "cwd": self.folder,
            "env": {name: value for name, value in {**self.env, **env}.items() if value is not None},
        }

    def play(self, *arguments, **env):
        """Runs ansible-playbook; returns its process with output as bytes."""
        return self.run(self.command(*arguments, **env))

    @staticmethod
    def run(command, typed=b""):
        return subprocess.run(**command, input=typed, capture_output=True, check=False, timeout=SECONDS_MAX)

    def start(self, *arguments, **env):
        return subprocess.Popen(
            **self.command(*arguments, **env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    @staticmethod
    def end(process):
        """
        Kills what `start` has started, its workers too: up to 2.18 they outlive Ansible, may wait for it for
        ever, and keep its output open.
        """
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def ship(self, *arguments, **env):
        """Runs the shipper as a person would."""
        return subprocess.run(
            [sys.executable, "-I", str(PLUGIN), "--ship", *map(str, arguments)],
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            timeout=SECONDS_MAX,
        )

    def spooled(self):
        """Returns the events that wait in the spool, in order."""
        lines = (
            line for path in sorted(self.spool.glob("*.ndjson")) for line in path.read_bytes().splitlines()
        )
        return [json.loads(line) for line in lines]

    def everything(self):
        """Returns every byte that left Ansible: what waits in the spool, what was refused, what was sent."""
        files = b"".join(path.read_bytes() for path in sorted(self.spool.glob("*")))
        return files + b"".join(body for _headers, body in self.server.requests)

    def end_shippers(self):
        """Until none is left: one that was killed holds its spools for a moment still."""
        deadline = time.monotonic() + SECONDS_MAX
        while running := shippers(self.spool):
            assert time.monotonic() < deadline, f"shippers that cannot be killed: {running}"
            for pid in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)


@pytest.fixture(scope="session")
def new_controller(tmp_path_factory):
    made = []

    def make():
        server = Server()
        server.start()
        controller = Controller(tmp_path_factory.mktemp("controller"), server)
        made.append(controller)
        return controller

    yield make
    for controller in made:
        controller.end_shippers()
        controller.server.stop()


@pytest.fixture
def controller(new_controller):
    return new_controller()


@pytest.fixture(scope="session")
def playtrail():
    """The plugin as a module, for its pure parts."""
    spec = importlib.util.spec_from_file_location("playtrail_under_test", PLUGIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def validate():
    """Checks an event by the same files as the server does."""
    documents = {path.name: json.loads(path.read_text()) for path in (ROOT / "schemas").glob("*.schema.json")}
    resources = [(doc["$id"], referencing.Resource.from_contents(doc)) for doc in documents.values()]
    validator = jsonschema.Draft202012Validator(
        documents["event.schema.json"],
        registry=referencing.Registry().with_resources(resources),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )

    def check(event):
        errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(event)]
        assert not errors, f"{errors} in {json.dumps(event)[:2000]}"

    return check


class Trail:
    """Events with ways to find some of them."""

    def __init__(self, events):
        self.events = events

    def of(self, action, **wanted):
        """Returns events by action, and by host, task or play name."""
        found = [event for event in self.events if event["event"]["action"] == action]
        for group, name in wanted.items():
            found = [event for event in found if self.name(event, group) == name]
        return found

    def one(self, action, **wanted):
        found = self.of(action, **wanted)
        assert len(found) == 1, f"{len(found)} of {action} {wanted}"
        return found[0]

    def result(self, host, task):
        return self.one("host.result", host=host, task=task)

    def status(self, host, task):
        return self.result(host, task)["ansible"]["result"]["status"]

    @staticmethod
    def name(event, group):
        fields = event if group == "host" else event.get("ansible", {})
        return fields.get(group, {}).get("name")

    def runs(self):
        ids = dict.fromkeys(event["run"]["id"] for event in self.events)
        return [Trail([event for event in self.events if event["run"]["id"] == run]) for run in ids]

    def sequences(self):
        """Returns the callback's count; what the shipper says has one of its own."""
        return [event["event"]["sequence"] for event in self.events if not is_remark(event)]

    def remarks(self):
        return Trail([event for event in self.events if is_remark(event)])


@pytest.fixture(scope="session")
def recorded():
    """Runs a playbook and returns what the server got: `recorded(controller, "site.yml", …)`."""

    def run(controller, *arguments, **env):
        before = set(controller.server.events)
        process = controller.play(*arguments, **env)
        wait_until(lambda: not list(controller.spool.glob("*.ndjson")), "the delivery")
        trail = Trail([event for event in controller.server.stored() if event["event"]["id"] not in before])
        return SimpleNamespace(process=process, trail=trail)

    return run


@pytest.fixture(scope="session")
def collections(tmp_path_factory):
    """The collection, built from its sources as a developer has them, and installed from the archive."""
    folder = tmp_path_factory.mktemp("galaxy")
    shutil.copytree(ROOT / "ansible-callback", folder / "source")
    for left_behind in "plugins/callback/__pycache__", ".ruff_cache", ".pytest_cache":
        (folder / "source" / left_behind).mkdir(exist_ok=True)
        (folder / "source" / left_behind / "left-behind").touch()
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}

    def galaxy(*arguments):
        command = [str(BIN / "ansible-galaxy"), "collection", *map(str, arguments)]
        subprocess.run(command, check=True, env=env, timeout=SECONDS_MAX)

    galaxy("build", folder / "source", "--output-path", folder)
    archive = next(folder.glob("playtrail-audit-*.tar.gz"))
    galaxy("install", archive, "--offline", "-p", folder / "installed")
    galaxy("verify", "playtrail.audit", "--offline", "-p", folder / "installed")
    return folder / "installed"
