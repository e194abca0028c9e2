"""Who ran it, from where, on whose behalf, and with which version of the playbook."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

PLAYBOOK = """
- hosts: alpha
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
"""

# What the tests' own machine may be: a CI job, a session by SSH.
FOREIGN = [
    "AWX_HOST",
    "BUILDKITE",
    "CI_SYSTEM_NAME",
    "DRONE",
    "FORGEJO_ACTIONS",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "JENKINS_URL",
    "RD_JOB_EXECID",
    "SSH_CONNECTION",
    "SUDO_UID",
    "SUDO_USER",
    "TF_BUILD",
]


@pytest.fixture
def started(controller, recorded):
    controller.write("site.yml", PLAYBOOK)
    nobody = dict.fromkeys(FOREIGN)

    def run(*arguments, **env):
        found = recorded(controller, "site.yml", *arguments, **{**nobody, **env})
        assert found.process.returncode == 0
        return found.trail.one("run.started")

    return run


def has_login():
    """True where the kernel or a terminal knows who we are: then no claim is believed."""
    with open("/proc/self/loginuid", encoding="ascii") as file:
        if int(file.read()) != 2**32 - 1:
            return True
    try:
        return bool(os.getlogin())
    except OSError:
        return False


needs_no_login = pytest.mark.skipif(has_login(), reason="this session has a login name, which always counts")


@needs_no_login
@pytest.mark.parametrize(
    ("env", "variables", "user"),
    [
        ({}, {}, {"name": "alice", "origin": "env"}),
        ({"PLAYTRAIL_USER": "carol"}, {}, {"name": "carol", "origin": "config"}),
        ({"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "dan"}, {}, {"name": "dan", "origin": "ci"}),
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "dan", "PLAYTRAIL_USER": "carol"},
            {"awx_user_name": "erin"},
            {"name": "erin", "origin": "awx"},
        ),
        ({}, {"tower_user_name": "erin"}, {"name": "erin", "origin": "awx"}),
        (
            {},
            {"semaphore_vars": {"task_details": {"username": "fred", "id": 7}}},
            {"name": "fred", "origin": "semaphore"},
        ),
        (
            {"SUDO_USER": "root", "SUDO_UID": "0"},
            {"awx_user_name": "erin"},
            {"name": "root", "id": "0", "origin": "sudo"},
        ),
    ],
)
def test_the_best_evidence_names_the_user(started, env, variables, user):
    event = started("-e", json.dumps(variables), **env)
    assert {name: value for name, value in event["user"].items() if name != "effective"} == user
    assert event["user"]["effective"]["id"] == str(os.geteuid())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may set the login uid")
def test_the_login_uid_of_the_kernel_goes_before_all_claims(controller):
    controller.write("site.yml", PLAYBOOK)
    controller.server.stop()
    command = controller.command("site.yml", "-e", "awx_user_name=erin", SUDO_USER="root")
    script = 'echo 1 > /proc/self/loginuid && exec "$@"'
    command["args"] = ["sh", "-c", script, "sh", *command["args"]]
    process = subprocess.run(
        **command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60
    )
    if b"loginuid" in process.stderr:
        pytest.skip("the kernel does not let us set a login uid")
    user = controller.spooled()[0]["user"]
    assert (user["id"], user["origin"]) == ("1", "loginuid")
    assert controller.spooled()[0]["awx"] == {"user": "erin"}, "what it claims is kept as well"


GITHUB = {
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "ops/site",
    "GITHUB_RUN_ID": "7",
}


@pytest.mark.parametrize(
    ("env", "ci"),
    [
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "dan", **GITHUB},
            {
                "provider": "github",
                "job_url": "https://github.example/ops/site/actions/runs/7",
                "run_id": "7",
                "actor": "dan",
            },
        ),
        (
            {
                "GITLAB_CI": "true",
                "CI_JOB_URL": "https://gitlab.example/j/3",
                "CI_JOB_ID": "3",
                "GITLAB_USER_LOGIN": "dan",
            },
            {"provider": "gitlab", "job_url": "https://gitlab.example/j/3", "run_id": "3", "actor": "dan"},
        ),
        (
            {
                "JENKINS_URL": "https://ci.example",
                "BUILD_URL": "https://ci.example/9/",
                "BUILD_USER_ID": "dan",
            },
            {"provider": "jenkins", "job_url": "https://ci.example/9/", "actor": "dan"},
        ),
        (
            {
                "CI_SYSTEM_NAME": "woodpecker",
                "CI_PIPELINE_URL": "https://wp.example/1",
                "CI_PIPELINE_AUTHOR": "dan",
            },
            {"provider": "woodpecker", "job_url": "https://wp.example/1", "actor": "dan"},
        ),
        (
            {"RD_JOB_EXECID": "12", "RD_JOB_URL": "https://rd.example/12", "RD_JOB_USERNAME": "dan"},
            {"provider": "rundeck", "job_url": "https://rd.example/12", "run_id": "12", "actor": "dan"},
        ),
        ({"CI_SYSTEM_NAME": "another"}, None),
        ({"GITHUB_ACTIONS": "true"}, {"provider": "github"}),
        ({}, None),
    ],
)
def test_the_job_of_a_ci_system_is_told(playtrail, monkeypatch, env, ci):
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert playtrail.Automation.ci() == ci


def test_the_job_of_awx_and_of_semaphore_is_told_and_no_other_value(started, validate):
    variables = {
        "awx_job_id": 41,
        "awx_job_template_name": "Deploy",
        "awx_job_launch_type": "manual",
        "awx_user_name": "erin",
        "awx_user_email": "erin@example.com",
        "semaphore_vars": {
            "task_details": {"username": "fred", "url": "https://bob:pw@sem.example/7", "id": 7}
        },
        "release": "hunter2",
    }
    event = started("-e", json.dumps(variables))
    validate(event)
    awx = {"job_id": "41", "job_template": "Deploy", "launch_type": "manual", "user": "erin"}
    assert event["awx"] == awx
    url = "https://(redacted)@sem.example/7"
    assert event["ci"] == {"provider": "semaphore", "job_url": url, "run_id": "7", "actor": "fred"}
    assert "hunter2" not in json.dumps(event) and "erin@example.com" not in json.dumps(event)
    assert event["ansible"]["cli"]["extra_var_names"] == sorted(variables)


def test_the_process_its_parent_and_its_versions_are_told(started, validate):
    event = started()
    validate(event)
    process = event["process"]
    assert process["pid"] > 0 and process["parent"]["pid"] > 0 and process["parent"]["name"]
    assert process["start"] <= event["@timestamp"], "it started before its first event"
    assert event["ansible"]["version"].startswith("2.") and event["ansible"]["python_version"].startswith(
        "3."
    )


def git(folder, *arguments):
    """Runs the real git; returns what it prints."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    git(folder, "remote", "add", "origin", "https://bob:hunter2@git.example/ops/site.git")
    return folder


def test_branch_and_commit_are_those_of_the_folder_that_the_playbook_really_lies_in(
    repository, started, controller
):
    assert "vcs" not in started(), "the test's folder is in no repository"
    site = repository / "playbooks/deep"
    site.mkdir(parents=True)
    (controller.folder / "site.yml").rename(site / "site.yml")
    (controller.folder / "site.yml").symlink_to(site / "site.yml")
    url = "https://git.example/ops/site.git"
    assert started()["vcs"] == {"branch": "main", "commit": git(repository, "rev-parse", "HEAD"), "url": url}


@pytest.mark.parametrize("form", ["loose", "packed", "deep branch", "detached", "worktree", "submodule"])
def test_every_form_of_a_repository_is_read_as_git_reads_it(playtrail, repository, tmp_path, form):
    folder = repository
    if form == "packed":
        git(repository, "pack-refs", "--all")
    elif form == "deep branch":
        git(repository, "checkout", "-q", "-b", "feature/x/y")
    elif form == "detached":
        git(repository, "checkout", "-q", "--detach")
    elif form == "worktree":
        folder = tmp_path / "worktree"
        git(repository, "worktree", "add", "-q", "-b", "other", str(folder))
        git(folder, "commit", "-q", "--allow-empty", "-m", "second")
    elif form == "submodule":
        outer = tmp_path / "outer"
        outer.mkdir()
        git(outer, "init", "-q", "-b", "main")
        git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repository), "roles")
        folder = outer / "roles"
    below = folder / "playbooks"
    below.mkdir(exist_ok=True)

    fields = playtrail.Repository.fields(str(below))
    assert fields["commit"] == git(folder, "rev-parse", "HEAD")
    assert fields.get("branch", "") == git(folder, "branch", "--show-current")
    shown = git(folder, "remote", "get-url", "origin")
    assert fields["url"] == shown.replace("bob:hunter2@", "")


def test_a_repository_without_a_commit_or_with_a_damaged_head_harms_nothing(playtrail, tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    assert playtrail.Repository.fields(str(tmp_path)) == {"branch": "main"}
    (tmp_path / ".git/HEAD").write_bytes(b"\xff\x00 nonsense")
    assert playtrail.Repository.fields(str(tmp_path)) == {}
    (tmp_path / ".git/HEAD").unlink()
    assert playtrail.Repository.fields(str(tmp_path)) == {}
