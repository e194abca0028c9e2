from __future__ import annotations

import fnmatch

from ..limits import NAMED_VALUES_MAX, RC_MAX, RC_MIN, TEXT_CHARS_MAX, WARNINGS_MAX
from ..program import ansible_version
from ..redaction import Secrets
from ..text import Text


def ansible_counts_next_try():
    """True for ansible-core 2.21 and later; see Collector.host_retries."""
    major, minor = (int(part) for part in ansible_version.split(".")[:2])
    return (major, minor) >= (2, 21)


def with_cuts(event, cuts):
    if cuts.entries:
        event.setdefault("ansible", {})["truncated"] = cuts.entries
    return event


def count_of(content, name):
    """Returns a positive whole number of a result, or 0."""
    value = content.get(name)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def type_of(status, only_checked):
    """Returns what ECS's event.type is for a result."""
    if status in ("failed", "unreachable"):
        return "error"
    return "change" if status == "changed" and not only_checked else "info"


def outcome_of(status, only_checked=False):
    """Returns what ECS's event.outcome is for a result."""
    if status in ("failed", "unreachable"):
        return "failure"
    return "unknown" if status == "skipped" or only_checked else "success"


def was_only_checked(task, known):
    # Known from the start, unless it is a template: then it may be known now.
    known_before = known.fields.get("check_mode")
    return known_before if known_before is not None else task.check_mode is True


def result_fields(event, status, result, cuts, limit=TEXT_CHARS_MAX):
    """Returns ansible.result. Under no_log it is a list of what may be said, not of what may not."""
    content = field_of(result, "result")
    fields = {"status": status}
    for name in ("attempts", "retries"):
        if count_of(content, name):
            fields[name] = count_of(content, name)
    if event["ansible"]["task"]["no_log"]:
        return fields

    rc = content.get("rc")
    if isinstance(rc, int) and not isinstance(rc, bool) and RC_MIN <= rc <= RC_MAX:
        fields["rc"] = int(rc)
    cmd = content.get("cmd")
    for field, value in (
        ("cmd", " ".join(map(Text.of, cmd)) if isinstance(cmd, (list, tuple)) else cmd),
        ("msg", content.get("msg") or content.get("reason")),
        ("stdout", content.get("stdout") or content.get("module_stdout")),
        ("stderr", content.get("stderr") or content.get("module_stderr")),
    ):
        if value:
            fields[field] = cuts.text(f"ansible.result.{field}", value, limit)
    if status == "skipped":
        reason = skip_reason(content)
        if reason:
            fields["skip_reason"] = cuts.text("ansible.result.skip_reason", reason, limit)
    delegated = delegated_host(content, field_of(result, "task"))
    if delegated:
        fields["delegated_host"] = delegated
    if content.get("ansible_job_id"):
        fields["async_job"] = Text.keyword(content["ansible_job_id"])
    warnings = content.get("warnings")
    if isinstance(warnings, (list, tuple)) and warnings:
        few = cuts.list("ansible.result.warnings", list(warnings), WARNINGS_MAX)
        fields["warnings"] = [cuts.text("ansible.result.warnings", warning, limit) for warning in few]
    return fields


def skip_reason(content):
    reason = Text.of(content.get("skip_reason") or content.get("skipped_reason"))
    condition = content.get("false_condition")
    if condition is None:
        return reason
    return f"{reason or 'Conditional result was False'}: {Text.of(condition)}"


def delegated_host(content, task):
    told = content.get("_ansible_delegated_vars") or {}
    delegated = told.get("ansible_delegated_host") or task.delegate_to
    if not isinstance(delegated, str) or "{{" in delegated:
        return None  # Not filled in, as for a skipped task or a loop: nothing is better than a template.
    return Text.keyword(delegated)


def loop_variable(content):
    name = content.get("ansible_loop_var")
    return name if isinstance(name, str) else "item"


def named_values(values, cuts, field, allowed=("*",), host=None):
    """Returns names and values as a list: what a playbook names must not become the name of a field."""
    if not isinstance(values, dict):
        return []
    wanted = [
        (name, value)
        for name, value in ((Text.keyword(name), value) for name, value in values.items())
        if name and any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed)
    ]
    return [
        {
            "name": name,
            **({"host": host} if host else {}),
            "value": Secrets.MARK if Secrets.name.match(name) else cuts.text(field, value),
        }
        for name, value in cuts.list(field, wanted, NAMED_VALUES_MAX)
    ]


def named_custom_stats(custom, cuts):
    """Returns what set_stats reported: for the run as a whole first, then host by host."""
    entries = []
    for host in sorted(custom, key=lambda name: (name != "_run", str(name))):
        name = None if host == "_run" else Text.keyword(host)
        entries.extend(named_values(custom[host], cuts, "ansible.custom_stats", host=name))
    return cuts.list("ansible.custom_stats", entries, NAMED_VALUES_MAX)


def field_of(result, name):
    """Ansible 2.19 made these attributes public and deprecates the private names."""
    value = getattr(result, name, None)
    return getattr(result, f"_{name}") if value is None else value
