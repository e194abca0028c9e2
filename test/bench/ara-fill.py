"""Fills ARA's database with what Playtrail's events (NDJSON on standard input) tell.

The rows are those that ARA's callback makes over its API: playbook, plays, tasks, and the hosts and files of
each playbook; each result with the dictionary that Ansible hands to a callback, as compressed JSON. They are
written with Django's bulk_create, because the API takes 200 results a second.
"""

import datetime
import hashlib
import json
import os
import sys
import zlib

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ara.server.settings")

import django

django.setup()

from ara.api import models  # noqa: E402
from django.db import transaction  # noqa: E402

ROWS_AT_ONCE = 1000


def main():
    runs = {}
    for line in sys.stdin:
        event = json.loads(line)
        events = runs.setdefault(event["run"]["id"], [])
        events.append(event)
        if event["event"]["action"] in ("run.finished", "run.aborted"):
            with transaction.atomic():
                write(runs.pop(event["run"]["id"]))


def write(events):
    of = {}
    for event in events:
        of.setdefault(event["event"]["action"], []).append(event)
    started, ended = of["run.started"][0], events[-1]
    playbook = write_playbook(started, ended)
    files = write_files(playbook, started, of)
    plays = write_plays(playbook, of, time(ended))
    hosts = write_hosts(playbook, of)
    tasks = write_tasks(playbook, plays, files, of)
    write_results(playbook, plays, hosts, tasks, of)


def write_playbook(started, ended):
    cli = started["ansible"]["cli"]
    status = "failed" if ended["run"].get("status") in ("failed", "unreachable", "aborted") else "completed"
    playbook = models.Playbook(
        ansible_version=started["ansible"]["version"],
        client_version="1.8.0",
        python_version=started["ansible"]["python_version"],
        status=status,
        arguments=compressed(arguments(cli, started["ansible"]["playbook"]["path"])),
        path=started["ansible"]["playbook"]["path"],
        controller=started["observer"]["hostname"],
        user=started["user"]["name"],
        started=time(started),
        ended=time(ended),
    )
    playbook.save()
    names = [f"check:{cli['check']}", f"tags:{','.join(cli.get('tags', ['all']))}"]
    if "limit" in cli:
        names.append(f"subset:{cli['limit']}")
    for name in names:
        playbook.labels.add(models.Label.objects.get_or_create(name=name)[0])
    return playbook


def arguments(cli, path):
    """The options of ansible-playbook, as the callback records all of them."""
    return {
        "version": None,
        "verbosity": 0,
        "remote_user": None,
        "private_key_file": None,
        "connection": "ssh",
        "timeout": None,
        "ssh_common_args": None,
        "sftp_extra_args": None,
        "scp_extra_args": None,
        "ssh_extra_args": None,
        "ask_pass": False,
        "connection_password_file": None,
        "force_handlers": False,
        "flush_cache": False,
        "become": False,
        "become_method": "sudo",
        "become_user": None,
        "become_ask_pass": False,
        "tags": cli.get("tags", ["all"]),
        "skip_tags": [],
        "check": cli["check"],
        "diff": cli["diff"],
        "inventory": cli["inventory"],
        "listhosts": None,
        "subset": cli.get("limit"),
        "extra_vars": "Not saved by ARA as configured by 'ignored_arguments'",
        "vault_ids": "Not saved by ARA as configured by 'ignored_arguments'",
        "forks": cli["forks"],
        "module_path": None,
        "syntax": None,
        "listtasks": None,
        "listtags": None,
        "step": None,
        "start_at_task": None,
        "args": [path],
    }


def write_files(playbook, started, of):
    paths = [started["ansible"]["playbook"]["path"]]
    paths += [event["ansible"]["task"]["path"] for event in of.get("task.started", [])]
    rows = []
    for path in dict.fromkeys(paths):
        text = f"# {path}\n" + "- name: a task of about this length\n  ansible.builtin.debug:\n" * 12
        sha1 = hashlib.sha1(text.encode()).hexdigest()
        content, _ = models.FileContent.objects.get_or_create(
            sha1=sha1, defaults={"contents": zlib.compress(text.encode())}
        )
        rows.append(models.File(path=path, content=content, playbook=playbook))
    return {row.path: row for row in created(models.File, rows)}


def write_plays(playbook, of, end):
    rows = {}
    for event in of.get("play.started", []):
        play = event["ansible"]["play"]
        rows[play["id"]] = models.Play(
            name=play["name"],
            uuid=play["id"],
            status="completed",
            playbook=playbook,
            started=time(event),
            ended=end,
            duration=end - time(event),
        )
    created(models.Play, rows.values())
    return rows


def write_hosts(playbook, of):
    names = dict.fromkeys(event["host"]["name"] for event in of.get("host.result", []))
    rows = {name: models.Host(name=name, facts=compressed({}), playbook=playbook) for name in names}
    for event in of.get("host.finished", []):
        row, stats = rows.get(event["host"]["name"]), event["ansible"]["stats"]
        if row is None:
            continue
        row.changed, row.failed, row.ok = stats["changed"], stats["failures"], stats["ok"]
        row.skipped, row.unreachable = stats["skipped"], stats["unreachable"]
    created(models.Host, rows.values())
    for name, row in rows.items():
        models.LatestHost.objects.update_or_create(name=name, defaults={"host": row})
    return rows


def write_tasks(playbook, plays, files, of):
    ends, failed = {}, set()
    for event in of.get("host.result", []):
        task = event["ansible"]["task"]["id"]
        ends[task] = time(event)
        if event["ansible"]["result"]["status"] in ("failed", "unreachable"):
            failed.add(task)
    rows = {}
    for event in of.get("task.started", []):
        task = event["ansible"]["task"]
        end = ends.get(task["id"], time(event))
        rows[task["id"]] = models.Task(
            name=task["name"],
            uuid=task["id"],
            action=task["action"],
            lineno=task["line"],
            tags=compressed(task["tags"]),
            handler=task["handler"],
            status="failed" if task["id"] in failed else "completed",
            play=plays[event["ansible"]["play"]["id"]],
            file=files[task["path"]],
            playbook=playbook,
            started=time(event),
            ended=end,
            duration=end - time(event),
        )
    created(models.Task, rows.values())
    return rows


def write_results(playbook, plays, hosts, tasks, of):
    rows = []
    for event in of.get("host.result", []):
        ansible = event["ansible"]
        status = ansible["result"]["status"]
        start, end = parsed(event["event"]["start"]), parsed(event["event"]["end"])
        rows.append(
            models.Result(
                status="ok" if status == "changed" else status,
                changed=status == "changed",
                content=compressed(content(event)),
                host=hosts[event["host"]["name"]],
                task=tasks[ansible["task"]["id"]],
                play=plays[ansible["play"]["id"]],
                playbook=playbook,
                started=start,
                ended=end,
                duration=end - start,
            )
        )
    created(models.Result, rows)


def content(event):
    """What Ansible hands to a callback, with the keys that the module usually returns."""
    task, result = event["ansible"]["task"], event["ansible"]["result"]
    if task["no_log"]:
        return {"censored": "the output has been hidden due to the fact that 'no_log: true' was specified"}
    if result["status"] == "skipped":
        return {"changed": False, "skip_reason": result["skip_reason"], "false_condition": "wanted"}
    if result["status"] == "unreachable":
        return {"changed": False, "msg": result["msg"], "unreachable": True}
    told = {"changed": result["status"] == "changed", "invocation": {"module_args": module_args(task)}}
    for name in ("stdout", "stderr"):
        if name in result:
            told |= {name: result[name], f"{name}_lines": result[name].split("\n")}
    for name in ("msg", "rc", "cmd", "attempts"):
        if name in result:
            told[name] = result[name]
    if "cmd" in result:
        told |= {"start": event["event"]["start"], "end": event["event"]["end"], "delta": "0:00:00.512"}
    if task["action"] in ("ansible.builtin.template", "ansible.builtin.copy", "ansible.builtin.file"):
        told |= {"path": f"/etc/{task['role']}/x.conf", "mode": "0644", "owner": "root", "group": "root"}
        told |= {"uid": 0, "gid": 0, "size": 1024, "state": "file", "checksum": task["key"]}
    if "diff" in event["ansible"]:
        told["diff"] = [{"prepared": diff["unified"]} for diff in event["ansible"]["diff"]]
    return told


def module_args(task):
    return {
        "path": f"/etc/{task['role']}/{task['role']}.conf",
        "mode": "0644",
        "owner": "root",
        "group": "root",
        "state": None,
        "follow": True,
        "force": False,
        "backup": False,
        "selevel": None,
        "serole": None,
        "setype": None,
        "seuser": None,
        "unsafe_writes": False,
        "attributes": None,
    }


def created(model, rows):
    return model.objects.bulk_create(list(rows), batch_size=ROWS_AT_ONCE)


def compressed(value):
    return zlib.compress(json.dumps(value).encode("utf8"))


def time(event):
    return parsed(event["@timestamp"])


def parsed(text):
    return datetime.datetime.fromisoformat(text)


main()
