from __future__ import annotations

IS_SCRIPT = __name__ == "__main__"

if IS_SCRIPT:
    CallbackBase = object  # The shipper starts in milliseconds, because it does without Ansible.
else:
    from ansible import constants, context  # noqa: F401 - for other parts
    from ansible.plugins.callback import CallbackBase  # noqa: F401
    from ansible.release import __version__ as ansible_version  # noqa: F401

VERSION = "0.1.0"
