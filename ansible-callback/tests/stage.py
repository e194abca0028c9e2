"""Where a scenario is played: without the plugin, and then with it, in a place that looks the same."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import scenario
from conftest import PLUGIN, SECONDS_MAX, wait_until


class Stage:
    """A controller, and a folder on it that is the same for both runs: its path is seen in the output."""

    def __init__(self, controller, each, places):
        self.controller = controller
        self.scenario = each
        self.folder = controller.folder / "work"
        self.places = places

    def run(self, callbacks):
        """Runs the command in a fresh folder and a fresh home; without `callbacks`, without the plugin."""
        places = {**self.places, "callbacks": callbacks, "folder": str(self.folder)}
        env = {
            **self.controller.env,
            "ANSIBLE_INVENTORY": str(self.folder / "hosts.ini"),
            "ANSIBLE_CALLBACKS_ENABLED": callbacks or None,
            "ANSIBLE_CALLBACK_PLUGINS": str(PLUGIN.parent) if callbacks else "",
            # One host at a time: what they print would come in any order.
            "ANSIBLE_FORKS": "1",
        }
        for name, value in self.scenario.env.items():
            env[name] = filled(value or "", places) or None
        env = {name: value for name, value in env.items() if value is not None}
        self.prepare(places, env)
        words = [filled(word, places) for word in shlex.split(self.scenario.run)]
        # In a session of its own it has no terminal but the one that it is given.
        options = {"cwd": self.folder, "env": env, "start_new_session": True}
        with self.output("stdout") as stdout, self.output("stderr") as stderr, self.stdin() as stdin:
            process = subprocess.Popen(words, stdin=stdin, stdout=stdout, stderr=stderr, **options)
            try:
                self.answer_prompts(stdout, stderr)
                process.wait(timeout=SECONDS_MAX)
            finally:
                process.kill()
                process.wait()
            output = [Path(file.name).read_bytes() for file in (stdout, stderr)]
        return subprocess.CompletedProcess(words, process.returncode, *output)

    def prepare(self, places, env):
        for folder in self.folder, self.controller.home:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        shutil.copy(scenario.FOLDER / "hosts.ini", self.folder)
        for name, text in self.scenario.files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(filled(text, places))
        for command in self.scenario.setup:
            subprocess.run(["sh", "-ec", filled(command, places)], cwd=self.folder, env=env, check=True)

    def output(self, name):
        return (self.controller.folder / name).open("wb")

    @contextlib.contextmanager
    def stdin(self):
        if self.scenario.terminal:
            self.keyboard, terminal = os.openpty()
            yield terminal
            os.close(terminal)
            os.close(self.keyboard)
        else:
            path = self.controller.folder / "stdin"
            path.write_text(self.scenario.stdin)
            with path.open("rb") as file:
                yield file

    def answer_prompts(self, *outputs):
        for prompt, typed in self.scenario.terminal.items():
            # Not before: what is typed while no password is asked for yet is thrown away.
            wait_until(lambda prompt=prompt: self.is_shown(prompt, outputs), f"the prompt {prompt}")
            os.write(self.keyboard, typed.encode())

    @staticmethod
    def is_shown(text, outputs):
        return any(text.encode() in Path(file.name).read_bytes() for file in outputs)


def filled(text, places):
    """Fills in the places of a text. `@callbacks:x,y@` is a way to enable others than usual."""

    def place(found):
        name, others = found.groups()
        return others if others and places[name] else places[name]

    return re.sub("@([a-z]+)(?::([^@]+))?@", place, text)
