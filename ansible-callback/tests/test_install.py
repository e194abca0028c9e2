"""What is installed, and its documentation. Each way to install it is in scenarios/installing.yml."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile

import pytest
from conftest import BIN, PLUGIN, ROOT

PLAYBOOK = "- hosts: alpha\n  gather_facts: false\n  tasks: [{ansible.builtin.debug: }]\n"


def installed(controller, collections, enabled, file_too=False):
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CALLBACK_PLUGINS": str(PLUGIN.parent) if file_too else "",
        "ANSIBLE_CALLBACKS_ENABLED": enabled,
    }


def test_the_artifact_holds_what_users_need_and_nothing_else(collections):
    with tarfile.open(next(collections.parent.glob("*.tar.gz"))) as archive:
        found = {member.name for member in archive if member.isfile()}
    source = ROOT / "ansible-callback"
    code = [
        path for folder in ("plugins", "roles") for path in source.glob(f"{folder}/**/*") if path.is_file()
    ]
    assert found == {
        *("FILES.json", "MANIFEST.json", "LICENSE", "README.md", "meta/runtime.yml"),
        *(str(path.relative_to(source)) for path in code if "__pycache__" not in path.parts),
    }


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
    "heartbeat_seconds",
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
