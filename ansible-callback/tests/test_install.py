"""Both ways to install it: the collection, and the file alone; and both at once."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from conftest import BIN, PLUGIN, ROOT

PLAYBOOK = "- hosts: alpha\n  gather_facts: false\n  tasks: [{ansible.builtin.debug: }]\n"


@pytest.fixture(scope="module")
def collections(tmp_path_factory):
    """The collection, built from a copy of its sources and installed."""
    folder = tmp_path_factory.mktemp("galaxy")
    shutil.copytree(
        ROOT / "ansible-callback", folder / "source", ignore=shutil.ignore_patterns(".*", "__pycache__")
    )
    galaxy = [str(BIN / "ansible-galaxy"), "collection"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}
    subprocess.run(
        [*galaxy, "build", folder / "source", "--output-path", folder], check=True, env=env, timeout=60
    )
    archive = next(folder.glob("playtrail-audit-*.tar.gz"))
    subprocess.run(
        [*galaxy, "install", archive, "--offline", "-p", folder / "installed"],
        check=True,
        env=env,
        timeout=60,
    )
    return folder / "installed"


def installed(controller, collections, enabled, file_too=False):
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CALLBACK_PLUGINS": str(PLUGIN.parent) if file_too else "",
        "ANSIBLE_CALLBACKS_ENABLED": enabled,
    }


def test_the_artifact_holds_what_users_need_and_no_tests(collections):
    root = collections / "ansible_collections/playtrail/audit"
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert {"plugins/callback/playtrail.py", "README.md", "LICENSE", "meta/runtime.yml"} <= found
    assert {"plugins/lookup/witness_line.py", "roles/witness/tasks/main.yml"} <= found
    assert not [name for name in found if name.startswith("tests") or name == "ruff.toml"]


def test_the_collection_records(controller, collections, recorded, validate):
    controller.write("site.yml", PLAYBOOK)
    trail = recorded(
        controller, "site.yml", **installed(controller, collections, "playtrail.audit.playtrail")
    ).trail
    assert trail.sequences() == list(range(6))
    for event in trail.events:
        validate(event)


@pytest.mark.parametrize(
    "enabled", ["playtrail.audit.playtrail,playtrail", "playtrail,playtrail.audit.playtrail"]
)
def test_file_and_collection_at_once_record_once(controller, collections, recorded, enabled):
    controller.write("one.yml", PLAYBOOK)
    controller.write("two.yml", PLAYBOOK)
    trail = recorded(
        controller, "one.yml", "two.yml", **installed(controller, collections, enabled, file_too=True)
    ).trail
    assert [run.sequences() for run in trail.runs()] == [list(range(6))] * 2


def test_the_file_works_when_it_is_dropped_beside_the_playbook(controller, recorded):
    (controller.folder / "callback_plugins").mkdir()
    shutil.copy(PLUGIN, controller.folder / "callback_plugins")
    controller.write("site.yml", PLAYBOOK)
    trail = recorded(controller, "site.yml", ANSIBLE_CALLBACK_PLUGINS="").trail
    assert trail.sequences() == list(range(6))


def test_it_does_nothing_unless_it_is_enabled(controller):
    controller.write("site.yml", PLAYBOOK)
    assert controller.play("site.yml", ANSIBLE_CALLBACKS_ENABLED=None).returncode == 0
    assert not controller.spool.exists()


OPTIONS = {
    "allow_http",
    "ca_file",
    "client_cert",
    "client_key",
    "enabled",
    "facts",
    "flush_timeout",
    "labels",
    "record_diff",
    "redact_keys",
    "redact_patterns",
    "spool_dir",
    "spool_bytes_max",
    "spool_days_max",
    "strict",
    "strict_timeout",
    "token",
    "token_file",
    "url",
    "user",
}


@pytest.mark.parametrize("name", ["playtrail", "playtrail.audit.playtrail"])
def test_ansible_doc_documents_every_option(controller, collections, name):
    env = {**controller.env, **installed(controller, collections, name, file_too=name == "playtrail")}
    command = [str(BIN / "ansible-doc"), "-t", "callback", name]
    shown = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert shown.stderr == ""
    document = json.loads(
        subprocess.run([*command, "--json"], env=env, capture_output=True, timeout=60, check=True).stdout
    )
    options = document[name]["doc"]["options"]
    assert set(options) == OPTIONS
    for option, described in options.items():
        assert described["description"]
        assert described["env"][0]["name"] == f"PLAYTRAIL_{option.upper()}"
        assert (described["ini"][0]["section"], described["ini"][0]["key"]) == ("callback_playtrail", option)
        assert option in shown.stdout


def test_the_readme_names_every_option():
    readme = (ROOT / "ansible-callback/README.md").read_text()
    for option in OPTIONS:
        assert f"`{option}`" in readme
        assert f"`PLAYTRAIL_{option.upper()}`" in readme


def test_the_example_ends_well_and_shows_every_status(controller, recorded, validate):
    shutil.copytree(ROOT / "examples", controller.folder / "examples")
    extra = ["-e", f"demo_dir={controller.folder / 'demo'}"]
    arguments = [
        controller.folder / "examples/site.yml",
        "-i",
        controller.folder / "examples/hosts.ini",
        *extra,
    ]
    first = recorded(controller, *arguments, "--diff")
    assert first.process.returncode == 0, first.process.stdout
    for event in first.trail.events:
        validate(event)
    results = [event["ansible"]["result"] for event in first.trail.of("host.result")]
    assert {result["status"] for result in results} == {"ok", "changed", "failed", "skipped"}
    assert any(result.get("ignored") for result in results)
    assert any("diff" in event["ansible"] for event in first.trail.of("host.result"))
    assert first.trail.one("run.finished")["ansible"]["stats"]["rescued"] == 2
    assert b"correct-horse" not in controller.everything()
    assert recorded(controller, *arguments).trail.one("run.finished")["run"]["status"] == "success"
