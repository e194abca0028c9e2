"""The one file that users install is what its parts in src/ say."""

from __future__ import annotations

import subprocess
import sys

from conftest import ROOT


def test_the_plugin_is_assembled_from_its_parts_as_they_are():
    command = [sys.executable, str(ROOT / "ansible-callback/assemble.py"), "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (checked.returncode, checked.stderr) == (0, "")
