#!/usr/bin/env python3
"""
Puts the parts in src/ together into the one file that users install, plugins/callback/playtrail.py.

Ansible takes a callback as one file, which people may drop beside their playbooks; whoever reads or changes
it wants parts of a readable size. The parts are ordinary modules. Here their imports of each other are left
out, those of the standard library are gathered at the top, and the rest stands in the order below. So a name
may be defined once only, and has to be imported as what it is.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

SOURCE = Path(__file__).parent / "src"
TARGET = Path(__file__).parent / "plugins/callback/playtrail.py"

# What a part needs while it is read, such as a base class, stands before it.
PARTS = (
    "program",
    "limits",
    "redaction",
    "text",
    "clock",
    "encoding",
    "files",
    "lines",
    "dropped",
    "address",
    "tokens",
    "folder",
    "refusal",
    "record/diff",
    "record/actor",
    "record/process",
    "record/automation",
    "record/repository",
    "record/invocation",
    "record/task",
    "record/result",
    "record/recap",
    "record/collector",
    "record/spool",
    "record/shipper_process",
    "record/options",
    "record/shared",
    "record/recording",
    "record/callback",
    "ship/trouble",
    "ship/certificates",
    "ship/proxy",
    "ship/endpoint",
    "ship/remarks",
    "ship/spool_reader",
    "ship/death",
    "ship/turn",
    "ship/shipper",
    "ship/report",
    "ship/command_line",
)


def assembled():
    """Returns the text of the plugin. Raises ValueError if the parts do not fit together."""
    imports, bodies, defined = set(), [], {}
    for name in PARTS:
        path = SOURCE / f"{name}.py"
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text, str(path))
        for node in tree.body:
            for defines in names_of(node):
                if defines in defined:
                    raise ValueError(f"{defines} is defined in {defined[defines]} and in {name}")
                defined[defines] = name
            if isinstance(node, ast.Import):
                imports.update(f"import {alias.name}" for alias in node.names)
        bodies.append(f"# src/{name}.py\n\n{body_of(text, tree)}")
    unlisted = {str(path.relative_to(SOURCE))[:-3] for path in SOURCE.rglob("*.py")} - {*PARTS, "head"}
    if unlisted:
        raise ValueError(f"not in PARTS: {', '.join(sorted(unlisted))}")
    head = (SOURCE / "head.py").read_text(encoding="utf-8").rstrip()
    return "\n\n\n".join((f"{head}\n\n" + "\n".join(sorted(imports)), *bodies)) + "\n"


def names_of(node):
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def body_of(text, tree):
    """Returns what follows the imports, which stand together at the top of a part."""
    last = max(
        (node.end_lineno for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))), default=0
    )
    return "\n".join(text.splitlines()[last:]).strip("\n")


def main():
    text = assembled()
    if "--check" in sys.argv[1:]:
        if TARGET.read_text(encoding="utf-8") != text:
            sys.exit(f"{TARGET.name} is not what its parts say: run ansible-callback/assemble.py")
        return
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.relative_to(Path.cwd()) if TARGET.is_relative_to(Path.cwd()) else TARGET}")


if __name__ == "__main__":
    main()
