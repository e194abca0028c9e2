from __future__ import annotations

import os
import platform

from ..clock import Clock, uuid7
from ..encoding import Ready, Shared
from ..limits import (
    HOSTS_NAMED_MAX,
    ID_CHARS_MAX,
    ITEM_TEXT_CHARS_MAX,
    ITEMS_MAX,
    NAMES_MAX,
    PATH_CHARS_MAX,
)
from ..program import VERSION, ansible_version, context
from ..redaction import Secrets
from ..text import Cuts, Text
from .actor import Actor
from .automation import Automation
from .diff import Diff, is_censored
from .invocation import Invocation, extra_variables, hosts_of
from .process import Process
from .recap import Recap, status_of
from .repository import Repository
from .result import (
    ansible_counts_next_try,
    count_of,
    field_of,
    loop_variable,
    named_custom_stats,
    named_values,
    outcome_of,
    result_fields,
    type_of,
    was_only_checked,
    with_cuts,
)
from .shared import command_id
from .task import Step, Task


class Collector:
    """
    Turns what Ansible tells into the events of one run. It opens nothing and starts nothing, and it changes
    none of Ansible's objects: those are shared with the run itself.

    Each method takes the next sequence number before it does anything else. If it fails, or the event
    cannot be written, the number is missing, and the server sees that something is.
    """

    # Strategies in which each host goes ahead on its own, and a task's start is told once for each host.
    PER_HOST_STRATEGIES = ("free", "host_pinned")

    def __init__(self, playbook, settings, recap_before):
        self.start = Clock()
        self.id = uuid7(self.start.wall_ns)
        self.sequence = 0
        self.settings = settings
        # Ansible counts on through all playbooks of a command line; this is what earlier runs have come to.
        self.recap_before = recap_before
        self.kind, self.name, self.playbook_path = self.what(playbook)
        self.playbook_dir = os.path.dirname(self.playbook_path) if self.playbook_path else None
        self.parent_id = command_id() if self.playbook_path else None
        self.variables = extra_variables(playbook.get_plays() if playbook else ())
        self.automation = Automation.fields(self.variables)
        self.actor = Actor.fields(Automation.claims(self.automation, settings["user"]))
        self.shared = {
            "run": Shared({"id": self.id, "name": self.name}),
            "user": Shared({"name": self.actor["user"]["name"]}),
            "observer": Shared(self.actor["observer"]),
        }
        self.prompted = []
        self.play = None
        self.play_is_per_host = False
        self.batches = {}
        self.occurrences = {}
        self.tasks = {}
        self.latest = None
        self.steps = {}
        self.notifying = {}
        self.hosts = {}
        self.recap = Recap()
        self.stats_are_secret = False

    @staticmethod
    def what(playbook):
        """Returns run.kind, run.name and the playbook's path."""
        file_name = getattr(playbook, "_file_name", None)
        if playbook is None:
            return "console", "ansible-console", None
        if not file_name or file_name == "__adhoc_playbook__":
            return "adhoc", Text.keyword(context.CLIARGS.get("module_name")) or "ad-hoc", None
        path = os.path.abspath(Text.of(file_name))
        kind = "pull" if Process.is_within("ansible-pull") else "playbook"
        return kind, Text.keyword(os.path.basename(path)) or "playbook", path

    def event(self, action, dataset, kind, now=None, more=""):
        """`more` is JSON of further fields of event.*, each with its comma before it."""
        sequence = self.sequence
        self.sequence += 1
        fields = (
            f'{{"id":"{self.id}:{sequence}","sequence":{sequence},"action":"{action}","dataset":"{dataset}",'
            f'"provider":"callback","kind":"event","category":["configuration"],"type":["{kind}"]{more}}}'
        )
        time = (now or Clock()).text
        return {"@timestamp": Ready(f'"{time}"'), "event": Ready(fields), **self.shared}

    def run_started(self):
        began = f',"start":"{self.start.text}"'
        event = self.event("run.started", "ansible.run", "start", self.start, began)
        cuts = Cuts()
        event["run"] = {**self.run_fields(), "status": "running"}
        event.update(self.actor)
        event.update(self.automation)
        event["agent"] = {"name": "playtrail.audit", "version": VERSION}
        if self.settings["labels"]:
            event["labels"] = self.settings["labels"]
        # A playbook that is a link is versioned where it really lies.
        vcs = Repository.fields(os.path.dirname(os.path.realpath(self.playbook_path or "x")))
        if vcs:
            event["vcs"] = vcs
        event["ansible"] = {
            "version": ansible_version,
            "python_version": platform.python_version(),
            "cli": Invocation.fields(self.variables, cuts),
        }
        if self.playbook_path:
            path = Text.keyword(self.playbook_path, PATH_CHARS_MAX)
            event["ansible"]["playbook"] = {"name": self.name, "path": path}
        return with_cuts(event, cuts)

    def run_fields(self):
        parent = {"parent_id": self.parent_id} if self.parent_id else {}
        return {**self.shared["run"], "kind": self.kind, **parent}

    def prompt_shown(self, name):
        """Keeps the name of a variable that the user is asked for; the play that asks starts afterwards."""
        name = Text.keyword(name)
        if name and len(self.prompted) < NAMES_MAX:
            self.prompted.append(name)
        return []

    def play_started(self, play):
        event = self.event("play.started", "ansible.play", "start")
        cuts = Cuts()
        # ansible-runner appends `_2` and so on to the ids of a play's batches.
        play_id = Text.keyword(play._uuid, ID_CHARS_MAX)
        batch = self.batches[play_id] = self.batches.get(play_id, 0) + 1
        patterns = play.hosts if isinstance(play.hosts, (list, tuple)) else [play.hosts]
        pattern = ",".join(map(Text.of, patterns))
        strategy = Text.keyword(play.strategy)
        name = Text.keyword(play.name or pattern)
        self.play = Shared({"id": play_id, "batch": batch, **({"name": name} if name else {})})
        self.play_is_per_host = bool(strategy) and strategy.endswith(self.PER_HOST_STRATEGIES)
        self.tasks, self.steps, self.notifying, self.hosts = {}, {}, {}, {}
        self.latest = None
        hosts = hosts_of(play)
        fields = {
            "hosts_pattern": cuts.text("ansible.play.hosts_pattern", pattern),
            "strategy": strategy,
            "serial": Text.keyword(",".join(map(Text.of, play.serial))) if play.serial else None,
            "tags": Task.words(play.tags),
            "prompted_names": self.prompted,
        }
        self.prompted = []
        fields = {**self.play, **{name: value for name, value in fields.items() if value}}
        if hosts is not None:
            fields["hosts_total"] = len(hosts)
            names = cuts.list("ansible.play.hosts", hosts, HOSTS_NAMED_MAX)
            fields["hosts"] = [Text.keyword(name) or "unknown" for name in names]
        event["ansible"] = {"play": fields}
        return [with_cuts(event, cuts)]

    def play_no_hosts(self):
        event = self.event("play.no_hosts", "ansible.play", "info")
        if self.play:
            event["ansible"] = {"play": self.play}
        return [event]

    def task_started(self, task, handler=False):
        known = self.tasks.get(task._uuid)
        # The same start, told again for another host: by some strategies, and of some `meta` by all.
        if known and (self.play_is_per_host or (known is self.latest and not known.is_begun)):
            return []
        return [self.begin(task, handler)]

    def begin(self, task, handler):
        event = self.event("task.started", "ansible.task", "start")
        occurrence = self.occurrences[task._uuid] = self.occurrences.get(task._uuid, 0) + 1
        known = self.tasks[task._uuid] = Task(task, occurrence, handler, self.playbook_dir)
        self.latest = known
        event["ansible"] = {**self.in_play(), "task": known.fields}
        return event

    def in_play(self):
        return {"play": self.play} if self.play else {}

    def host_began(self, host, task):
        """Remembers when a host began a task; says nothing, unless the task turns out to run once more."""
        events = []
        name = host.get_name()
        known = self.tasks.get(task._uuid)
        if known is None or (self.play_is_per_host and name in known.hosts):
            handler = known.fields["handler"] if known else False
            events.append(self.begin(task, handler))
            known = self.tasks[task._uuid]
        if self.play_is_per_host:
            known.hosts.add(name)
        known.is_begun = True
        # A host works on one task at a time, which keeps this as small as the number of hosts.
        self.steps[name] = Step(known, Clock())
        return events

    def step_of(self, result):
        """Returns the step that a result belongs to, with what has to be told before it."""
        host, task = field_of(result, "host"), field_of(result, "task")
        step = self.steps.get(host.get_name())
        if step is not None and step.known.uuid == task._uuid:
            return step, []
        events = [] if task._uuid in self.tasks else [self.begin(task, False)]
        step = self.steps[host.get_name()] = Step(self.tasks[task._uuid], Clock())
        return step, events

    def item_ended(self, result, status):
        """
        Tells of one item of a loop, if it is not one of too many, and counts it: in the results of
        ansible-core 2.21 the items do not say how they ended.
        """
        step, events = self.step_of(result)
        if status == "ok" and result.is_changed():
            status = "changed"
        step.items[status] += 1
        number = sum(step.items.values())
        if number > ITEMS_MAX:
            return events
        content = field_of(result, "result")
        event, cuts = self.result_event("item.result", result, step, status)
        item = {"number": number}
        if not event["ansible"]["task"]["no_log"]:
            label = Text.keyword(content.get("_ansible_item_label", content.get(loop_variable(content))))
            if label:
                item["label"] = label
        event["ansible"]["item"] = item
        event["ansible"]["result"] = result_fields(event, status, result, cuts, ITEM_TEXT_CHARS_MAX)
        return [*events, with_cuts(event, cuts)]

    def host_retries(self, result):
        step, events = self.step_of(result)
        content = field_of(result, "result")
        event, cuts = self.result_event("host.retry", result, step, "failed")
        attempts, retries = count_of(content, "attempts"), count_of(content, "retries")
        # Before 2.21 this is told with the number of the try; in 2.21 with that of the next one.
        retry = {"attempt": max(1, attempts - 1 if ansible_counts_next_try() else attempts)}
        if retries:
            retry["retries"] = retries
        if not event["ansible"]["task"]["no_log"]:
            told = result_fields(event, "failed", result, cuts, ITEM_TEXT_CHARS_MAX)
            retry.update((name, told[name]) for name in ("rc", "msg") if name in told)
        event["ansible"]["retry"] = retry
        return [*events, with_cuts(event, cuts)]

    def host_result(self, result, status, ignored=False):
        step, events = self.step_of(result)
        if status == "ok" and result.is_changed():
            status = "changed"
        event, cuts = self.result_event("host.result", result, step, status)
        is_secret = event["ansible"]["task"]["no_log"]
        task, content = field_of(result, "task"), field_of(result, "result")
        fields = result_fields(event, status, result, cuts)
        ignored = ignored or (status == "unreachable" and getattr(task, "ignore_unreachable", False) is True)
        if ignored:
            fields["ignored"] = True
        elif status == "failed" and Task.is_rescued(task):
            fields["rescued"] = True
        if not is_secret:
            if any(step.items.values()):
                fields["items"] = dict(step.items)
            self.add_content(event, content, cuts)
        elif step.known.fields["action"].endswith("set_stats"):
            self.stats_are_secret = True  # Nobody says any more which of them it was.
        event["ansible"]["result"] = fields
        self.remember(step, event["host"]["name"], fields)
        return [*events, with_cuts(event, cuts)]

    def result_event(self, action, result, step, status):
        """Returns an event about a task on a host, without its content, and its cuts to come."""
        now = Clock()
        host, task, content = field_of(result, "host"), field_of(result, "task"), field_of(result, "result")
        only_checked = was_only_checked(task, step.known)
        lasted = now.since(step.start) if action == "host.result" else ""
        more = f',"outcome":"{outcome_of(status, only_checked)}"{lasted}'
        event = self.event(action, "ansible.result", type_of(status, only_checked), now, more)
        event["host"] = self.host_fields(host)
        is_secret = step.known.is_secret or is_censored(content)
        fields = step.known.fields
        if is_secret != fields["no_log"] or only_checked != fields.get("check_mode", only_checked):
            fields = {**fields, "no_log": is_secret, "check_mode": only_checked}
        event["ansible"] = {**self.in_play(), "task": fields}
        return event, Cuts()

    def add_content(self, event, content, cuts):
        if self.settings["record_diff"] and ("diff" in content or "results" in content):
            diffs = Diff.all_of(content, cuts)
            if diffs:
                event["ansible"]["diff"] = diffs
        allowed = self.settings["facts"]
        if allowed:
            facts = named_values(content.get("ansible_facts"), cuts, "ansible.facts", allowed)
            if facts:
                event["ansible"]["facts"] = facts

    def remember(self, step, host, fields):
        """Keeps what later events refer to: who notified a handler, and how it stands with each host."""
        step.has_ended = True
        status = fields["status"]
        if status == "changed" and step.known.notifies:
            self.notifying.setdefault(host, []).append(step.known)
        if self.kind == "console":
            self.recap.add(host, status, fields.get("ignored"))

    def handler_notified(self, handler, host):
        event = self.event("handler.notified", "ansible.task", "info")
        name = host.get_name()
        written = Task.name_as_written(handler)
        shown = Text.of(handler.get_name())
        names = {shown, shown.rpartition(" : ")[2], written, *Task.words(getattr(handler, "listen", None))}
        event["host"] = self.host_fields(host)
        event["ansible"] = self.in_play()
        notifier = self.notifier(name, names)
        if notifier is not None:
            event["ansible"]["task"] = notifier.fields
        event["ansible"]["handler"] = {"id": Text.keyword(handler._uuid, ID_CHARS_MAX)}
        is_secret = handler.no_log not in (False, None)
        event["ansible"]["handler"]["name"] = Text.keyword(written if is_secret else shown) or "handler"
        return [event]

    def notifier(self, host, names):
        """
        Returns the task that notified a handler. Before 2.16 Ansible tells it before that task's own result,
        later when the handlers are about to run.
        """
        step = self.steps.get(host)
        tasks = list(self.notifying.get(host, ()))
        if step is not None and not step.has_ended:
            tasks.append(step.known)
        return next((task for task in reversed(tasks) if task.does_notify(names)), None)

    def tasks_included(self, included):
        event = self.event("tasks.included", "ansible.task", "info")
        cuts = Cuts()
        hosts = [Text.keyword(host.get_name()) or "unknown" for host in included._hosts]
        task = getattr(included, "_task", None)
        known = self.tasks.get(getattr(task, "_uuid", None))
        # Its name is filled in: under no_log it may be the secret.
        is_secret = known.is_secret if known else getattr(task, "no_log", False) not in (False, None)
        name = Secrets.MARK if is_secret else Text.keyword(included._filename, PATH_CHARS_MAX)
        event["ansible"] = {
            **self.in_play(),
            "include": {
                "kind": "role" if getattr(included, "_is_role", False) else "tasks",
                "name": name or "unknown",
                "hosts_total": len(hosts),
                "hosts": cuts.list("ansible.include.hosts", hosts, HOSTS_NAMED_MAX),
            },
        }
        if known is not None:
            event["ansible"]["task"] = known.fields
        return [with_cuts(event, cuts)]

    def host_fields(self, host):
        name, groups = host.get_name(), host.get_groups()
        # Within a play a host may come into more groups, by group_by for example, but into no others.
        known = self.hosts.get(name)
        if known and known[0] == len(groups):
            return known[1]
        fields = {"name": Text.keyword(name) or "unknown"}
        groups_named = {Text.keyword(group.name) for group in groups} - {"all", "ungrouped", None}
        if groups_named:
            fields["groups"] = sorted(groups_named)[:NAMES_MAX]
        fields = Shared(fields)
        self.hosts[name] = (len(groups), fields)
        return fields

    def hosts_finished(self, recap):
        """The recap: an event for each host, so that no event grows with their number."""
        events = []
        for name, counts in recap.hosts.items():
            outcome = f',"outcome":"{outcome_of(status_of(counts))}"'
            event = self.event("host.finished", "ansible.run", "end", more=outcome)
            event["host"] = {"name": Text.keyword(name) or "unknown"}
            event["ansible"] = {"stats": counts}
            events.append(event)
        return events

    def run_finished(self, recap, custom_stats):
        """The end. A callback is not told the exit code; the status is what Ansible makes it of."""
        now, totals = Clock(), recap.totals()
        status = status_of(totals)
        more = f',"outcome":"{outcome_of(status)}"{now.since(self.start)}'
        event = self.event("run.finished", "ansible.run", "end", now, more)
        status = "success" if status == "ok" else status
        event["run"] = {**self.run_fields(), "status": status, "events": self.sequence}
        hosts = {"total": len(recap.hosts), **recap.hosts_by_status()}
        event["ansible"] = {"stats": totals, "hosts": hosts}
        cuts = Cuts()
        custom = named_custom_stats(custom_stats, cuts)
        if self.stats_are_secret:
            custom = [{**entry, "value": Secrets.MARK} for entry in custom]
        if custom:
            event["ansible"]["custom_stats"] = custom
        return with_cuts(event, cuts)

    def run_aborted(self, reason, message):
        now = Clock()
        more = f',"outcome":"unknown"{now.since(self.start)}'
        event = self.event("run.aborted", "ansible.run", "end", now, more)
        run = {"status": "aborted", "reason": reason, "events": self.sequence}
        event["run"] = {**self.run_fields(), **run}
        event["error"] = {"message": message}
        return event

    def spool_dropped(self, dropped):
        event = self.event("spool.dropped", "ansible.run", "info")
        event["spool"] = {"reason": "size", **dropped.fields()}
        return event
