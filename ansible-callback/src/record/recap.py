from __future__ import annotations

COUNTS = ("ok", "changed", "failures", "unreachable", "skipped", "rescued", "ignored")
# The worst counts, when something is said of a host or of a run as a whole. Beside each status, what
# Ansible's recap counts it as.
WORST_FIRST = {"failed": "failures", "unreachable": "unreachable", "changed": "changed"}


class Recap:
    """How tasks ended, by host, counted as Ansible counts them."""

    def __init__(self, hosts=None):
        self.hosts = {} if hosts is None else hosts

    @classmethod
    def of(cls, stats):
        return cls({host: stats.summarize(host) for host in stats.processed})

    def add(self, host, status, ignored):
        """Counts one result, for ansible-console, which makes no recap."""
        counts = self.hosts.setdefault(host, dict.fromkeys(COUNTS, 0))
        if ignored:
            counts["ok"] += 1
            counts["ignored"] += 1
        elif status == "changed":
            counts["ok"] += 1
            counts["changed"] += 1
        else:
            counts[WORST_FIRST.get(status, status)] += 1

    def since(self, before):
        """Returns what has come in addition to an earlier recap; without the hosts on which nothing has."""
        added = {
            host: {name: max(0, counts[name] - before.hosts.get(host, {}).get(name, 0)) for name in COUNTS}
            for host, counts in sorted(self.hosts.items())
        }
        return Recap({host: counts for host, counts in added.items() if any(counts.values())})

    def totals(self):
        return {name: sum(counts[name] for counts in self.hosts.values()) for name in COUNTS}

    def hosts_by_status(self):
        numbers = dict.fromkeys(("ok", *WORST_FIRST), 0)
        for counts in self.hosts.values():
            numbers[status_of(counts)] += 1
        return numbers


def status_of(counts):
    """Returns the status of a host."""
    return next((status for status, counted in WORST_FIRST.items() if counts[counted]), "ok")
