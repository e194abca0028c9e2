from __future__ import annotations

import ipaddress
import os
import pwd
import socket

from ..text import Text
from .process import Process


class Actor:
    """Who runs this process, and from where. Nothing here asks the network."""

    LOGINUID_UNSET = 2**32 - 1

    @classmethod
    def fields(cls, claims=()):
        """
        Returns user.*, source.*, observer.* and process.* of the run. `claims` are pairs of origin and name
        that the account which Ansible runs as could have made up: believed only where the system knows
        nobody.
        """
        effective = os.geteuid()
        fields = {
            "user": {**cls.user(claims), "effective": {"name": cls.name_of(effective), "id": str(effective)}},
            "observer": {"hostname": Text.keyword(socket.gethostname()) or "unknown"},
            "process": Process.fields(),
        }
        source = cls.source()
        if source:
            fields["source"] = source
        return fields

    @classmethod
    def user(cls, claims):
        """Returns the person by the best evidence there is; user.origin says which."""
        for origin, find in (
            ("loginuid", cls.by_loginuid),
            ("login", cls.by_terminal),
            ("sudo", lambda: (os.environ.get("SUDO_USER"), os.environ.get("SUDO_UID"))),
            *((origin, lambda name=name: (name, None)) for origin, name in claims),
            ("env", lambda: (cls.by_environment(), None)),
        ):
            try:
                name, uid = find()
            except (OSError, ValueError, KeyError):
                continue
            name = Text.keyword(name)
            if name:
                uid = uid or cls.uid_of(name)
                return {"name": name, **({"id": uid} if uid and uid.isdecimal() else {}), "origin": origin}
        uid = os.getuid()
        return {"name": cls.name_of(uid), "id": str(uid), "origin": "uid"}

    @classmethod
    def by_loginuid(cls):
        # The kernel sets it once at login and keeps it through su and sudo.
        with open("/proc/self/loginuid", encoding="ascii") as file:
            uid = int(file.read())
        if uid == cls.LOGINUID_UNSET:
            raise ValueError("not a login session")
        return cls.name_of(uid), str(uid)

    @staticmethod
    def by_terminal():
        return os.getlogin(), None

    @staticmethod
    def by_environment():
        return next((os.environ[name] for name in ("LOGNAME", "USER", "LNAME") if os.environ.get(name)), None)

    @staticmethod
    def name_of(uid):
        try:
            return Text.keyword(pwd.getpwuid(uid).pw_name) or str(uid)
        except KeyError:
            return str(uid)  # Containers run as users that nobody has named.

    @staticmethod
    def uid_of(name):
        try:
            return str(pwd.getpwnam(name).pw_uid)
        except (KeyError, ValueError, UnicodeEncodeError):
            return None

    @staticmethod
    def source():
        client = os.environ.get("SSH_CONNECTION", "").split()
        try:
            # A zone index (fe80::1%eth0) means something on this machine only, and is no part of an address.
            source = {"ip": str(ipaddress.ip_address(client[0].split("%")[0]))}
            if 0 <= int(client[1]) <= 65535:
                source["port"] = int(client[1])
            return source
        except (ValueError, IndexError):
            return None
