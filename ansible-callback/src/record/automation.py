from __future__ import annotations

import os
import re

from ..limits import KEYWORD_CHARS_MAX, PATH_CHARS_MAX
from ..text import Text


class Automation:
    """What started Ansible, where that was a machine: a CI system, Semaphore, Rundeck or AWX."""

    # Provider; the variable that says we are in a job of it; variables of job_url, run_id and actor, of
    # which the first one that is set counts. `{}` in a URL is filled in from other variables.
    PROVIDERS = (
        ("forgejo", "FORGEJO_ACTIONS", "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_NUMBER}",  # noqa: E501
         ("GITHUB_RUN_ID",), ("GITHUB_ACTOR",)),
        ("github", "GITHUB_ACTIONS", "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
         ("GITHUB_RUN_ID",), ("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR")),
        ("gitlab", "GITLAB_CI", "{CI_JOB_URL}", ("CI_JOB_ID", "CI_PIPELINE_ID"), ("GITLAB_USER_LOGIN",)),
        ("azure", "TF_BUILD",
         "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
         ("BUILD_BUILDID",), ("BUILD_REQUESTEDFOREMAIL", "BUILD_REQUESTEDFOR")),
        ("buildkite", "BUILDKITE", "{BUILDKITE_BUILD_URL}", ("BUILDKITE_JOB_ID",),
         ("BUILDKITE_UNBLOCKER", "BUILDKITE_BUILD_CREATOR")),
        ("drone", "DRONE", "{DRONE_BUILD_LINK}", ("DRONE_BUILD_NUMBER",),
         ("DRONE_BUILD_TRIGGER", "DRONE_COMMIT_AUTHOR")),
        ("woodpecker", "CI_SYSTEM_NAME", "{CI_PIPELINE_URL}", ("CI_PIPELINE_NUMBER",),
         ("CI_PIPELINE_AUTHOR", "CI_COMMIT_AUTHOR")),
        ("jenkins", "JENKINS_URL", "{BUILD_URL}", ("BUILD_TAG", "BUILD_NUMBER"),
         ("BUILD_USER_ID", "CHANGE_AUTHOR")),
        ("rundeck", "RD_JOB_EXECID", "{RD_JOB_URL}", ("RD_JOB_EXECID",), ("RD_JOB_USERNAME",)),
    )  # fmt: skip
    # Fields of awx.*, and the names of AWX's own extra variables behind `awx_` or, formerly, `tower_`.
    AWX = (
        ("job_id", "job_id"),
        ("job_template", "job_template_name"),
        ("launch_type", "job_launch_type"),
        ("user", "user_name"),
        ("schedule", "schedule_name"),
        ("workflow", "workflow_job_name"),
        ("inventory", "inventory_name"),
        ("project_revision", "project_revision"),
    )

    @classmethod
    def fields(cls, variables):
        """Returns ci.* and awx.*, absent if there is nothing to say. `variables` are the extra variables."""
        ci = cls.semaphore(variables) or cls.ci()
        awx = cls.awx(variables)
        return {**({"ci": ci} if ci else {}), **({"awx": awx} if awx else {})}

    @classmethod
    def claims(cls, fields, configured):
        """Returns who they say it was, in the order in which they are believed; see Actor.fields()."""
        ci = fields.get("ci", {})
        origin = "semaphore" if ci.get("provider") == "semaphore" else "ci"
        return (("awx", fields.get("awx", {}).get("user")), (origin, ci.get("actor")), ("config", configured))

    @classmethod
    def ci(cls):
        environment = os.environ
        for provider, sign, url, run_ids, actors in cls.PROVIDERS:
            if not environment.get(sign):
                continue
            if provider == "woodpecker" and environment[sign].lower() != "woodpecker":
                continue
            names = re.findall(r"\{(\w+)\}", url)
            is_whole = all(environment.get(name) for name in names)
            return cls.present(
                provider=provider,
                job_url=url.format(**{name: environment[name] for name in names}) if is_whole else None,
                run_id=next(filter(None, map(environment.get, run_ids)), None),
                actor=next(filter(None, map(environment.get, actors)), None),
            )
        return None

    @classmethod
    def semaphore(cls, variables):
        details = variables.get("semaphore_vars")
        details = details.get("task_details") if isinstance(details, dict) else None
        if not isinstance(details, dict):
            return None
        return cls.present(
            provider="semaphore",
            job_url=details.get("url"),
            run_id=details.get("id"),
            actor=details.get("username"),
        )

    @classmethod
    def awx(cls, variables):
        told = {
            field: next(filter(None, (variables.get(prefix + name) for prefix in ("awx_", "tower_"))), None)
            for field, name in cls.AWX
        }
        if told["job_id"] is None and os.environ.get("AWX_HOST"):
            told["job_id"] = os.environ.get("JOB_ID") or os.environ.get("AD_HOC_COMMAND_ID")
        return cls.present(**told)

    @staticmethod
    def present(**fields):
        clean = {
            name: Text.keyword(value, PATH_CHARS_MAX if name == "job_url" else KEYWORD_CHARS_MAX)
            for name, value in fields.items()
        }
        return {name: value for name, value in clean.items() if value}
