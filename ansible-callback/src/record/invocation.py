from __future__ import annotations

from ..limits import INVENTORIES_MAX, KEYWORD_CHARS_MAX, NAMES_MAX, TEXT_CHARS_MAX
from ..program import constants, context
from ..text import Text


class Invocation:
    """What Ansible was asked for, from its own parsed options; never from sys.argv, which holds secrets."""

    # Field, option, and the name of the constant that is the option's value when it is not given.
    OPTIONS = (
        ("forks", "forks", "DEFAULT_FORKS"),
        ("become", "become", "DEFAULT_BECOME"),
        ("become_user", "become_user", "DEFAULT_BECOME_USER"),
        ("become_method", "become_method", "DEFAULT_BECOME_METHOD"),
        ("remote_user", "remote_user", "DEFAULT_REMOTE_USER"),
        ("connection", "connection", "DEFAULT_TRANSPORT"),
        ("start_at_task", "start_at_task", None),
        ("step", "step", None),
        ("verbosity", "verbosity", None),
        ("limit", "subset", None),
    )

    @classmethod
    def fields(cls, variables, cuts):
        """
        Returns ansible.cli: of what has a default only what differs from it. `variables` are the extra
        variables, of which only the names are looked at.
        """
        options = context.CLIARGS
        cli = {"check": bool(options.get("check")), "diff": bool(options.get("diff"))}
        for field, option, default in cls.OPTIONS:
            value = options.get(option)
            # `smart` is how earlier versions spell that no connection was asked for.
            if not value or value == "smart" or (default and value == getattr(constants, default, None)):
                continue
            if isinstance(value, (bool, int)):
                cli[field] = value
            else:
                cli[field] = Text.keyword(value, TEXT_CHARS_MAX if field == "limit" else KEYWORD_CHARS_MAX)
                if len(cli[field]) < len(value):
                    cuts.note(f"ansible.cli.{field}", len(value))
        if options.get("module_name"):
            cli["module_name"] = Text.keyword(options["module_name"])
        cls.add_lists(cli, options, variables, cuts)
        return cli

    @classmethod
    def add_lists(cls, cli, options, variables, cuts):
        inventory = options.get("inventory") or ()
        # Some versions of Ansible make sets of them: sorted, the same command reads the same each time.
        tags, skip_tags = (sorted(options.get(name) or ()) for name in ("tags", "skip_tags"))
        lists = (
            ("tags", [] if tags == ["all"] else tags, NAMES_MAX),
            ("skip_tags", skip_tags, NAMES_MAX),
            ("extra_var_names", sorted(map(str, variables)), NAMES_MAX),
            ("inventory", [inventory] if isinstance(inventory, str) else inventory, INVENTORIES_MAX),
        )
        for field, given, limit in lists:
            few = map(Text.of, cuts.list(f"ansible.cli.{field}", list(given or ()), limit))
            if field == "inventory":
                values = [cuts.text("ansible.cli.inventory", Text.without_userinfo(path)) for path in few]
            else:
                values = [name for name in map(Text.keyword, few) if name]
            if values:
                cli[field] = values


def extra_variables(plays):
    """Returns the extra variables. A name of Ansible's own that is not public: without it there are none."""
    try:
        return dict(plays[0].get_variable_manager()._extra_vars)
    except Exception:  # noqa: BLE001 - whatever has become of it
        return {}


def hosts_of(play):
    """Returns the names of a play's hosts, in this batch; None if they cannot be told."""
    try:
        return [host.get_name() for host in play.get_variable_manager()._inventory.get_hosts(play.hosts)]
    except Exception:  # noqa: BLE001 - a name of Ansible's own that is not public, as above
        return None
