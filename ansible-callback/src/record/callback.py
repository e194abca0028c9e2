from __future__ import annotations

import contextlib
import os
import weakref

from ..limits import (
    EXIT_NO_RECORD,
    STRICT,
    STRICT_OFF,
    STRICT_SERVER,
    TEXT_CHARS_MAX,
)
from ..program import CallbackBase, constants
from ..text import Text
from ..tokens import TOKEN_OPTIONS, first_to_send_with, is_readers
from .options import OPTIONS, read_settings
from .recap import Recap
from .recording import ADVICE, NoRecord, Recording, describe, is_console
from .shared import process_state


class CallbackModule(CallbackBase):
    """
    What Ansible calls. The hooks are a table; each goes through _record, which decides what a failure means:
    the run goes on, and the user is told once. Only `strict` is allowed to stop it, before it has begun.
    """

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "playtrail"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._pid = os.getpid()
        self._settings = {}
        self._mistakes = []
        self._recap_before = Recap()

    def set_options(self, task_keys=None, var_options=None, direct=None):
        """Never fails: a slip of the pen in one option must not cost the record, nor switch `strict` off."""
        try:
            super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
            given = {name: self.get_option(name) for name in OPTIONS}
        except Exception:  # noqa: BLE001 - one of them is wrong; asked one by one, the others are had
            given = {name: self._option_alone(name) for name in OPTIONS}
        given.update(self._token_to_send_with(given))
        self._settings, mistakes = read_settings(given)
        self._mistakes.extend(mistakes)
        self.disabled = not self._settings["enabled"]

    def _token_to_send_with(self, given):
        """Returns the options of the token: as given, but for a reader's where ansible.cfg has another."""
        source = first_to_send_with((name, given[name]) for name in TOKEN_OPTIONS)
        if source is not None and is_readers(*source):
            with without_environment(f"PLAYTRAIL_{name.upper()}" for name in TOKEN_OPTIONS):
                configured = [(name, self._option_alone(name)) for name in TOKEN_OPTIONS]
            source = first_to_send_with([source, *configured])
        return {**dict.fromkeys(TOKEN_OPTIONS), **dict([source] if source else [])}

    def _option_alone(self, name):
        try:
            return constants.config.get_config_value(
                name, plugin_type="callback", plugin_name=self._load_name
            )
        except Exception:  # noqa: BLE001 - as Ansible puts it, it may quote the value
            self._mistakes.append(
                f"{name}: its value is not of the kind that it has to be; the default counts"
            )
            return None

    def v2_playbook_on_start(self, playbook):
        self._record(self._begin, playbook)

    def v2_playbook_on_vars_prompt(self, varname, *args, **kwargs):
        # The rest has the default in it, which may be a secret.
        self._record("prompt_shown", varname)

    def v2_playbook_on_play_start(self, play):
        self._record("play_started", play)

    def v2_playbook_on_no_hosts_matched(self):
        self._record("play_no_hosts")

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._record("task_started", task)

    def v2_playbook_on_handler_task_start(self, task):
        self._record("task_started", task, True)

    def v2_playbook_on_notify(self, handler, host):
        self._record("handler_notified", handler, host)

    def v2_playbook_on_include(self, included_file):
        self._record("tasks_included", included_file)

    def v2_runner_on_start(self, host, task):
        self._record("host_began", host, task)

    # The status is the hook's. On ansible-core before 2.21 is_failed() and is_skipped() are wrong in here.
    def v2_runner_on_ok(self, result):
        self._record("host_result", result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._record("host_result", result, "failed", bool(ignore_errors))

    def v2_runner_on_skipped(self, result):
        self._record("host_result", result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self._record("host_result", result, "unreachable")

    def v2_runner_item_on_ok(self, result):
        self._record("item_ended", result, "ok")

    def v2_runner_item_on_failed(self, result):
        self._record("item_ended", result, "failed")

    def v2_runner_item_on_skipped(self, result):
        self._record("item_ended", result, "skipped")

    def v2_runner_retry(self, result):
        self._record("host_retries", result)

    def v2_playbook_on_stats(self, stats):
        self._record(self._finish, stats)

    def _record(self, act, *args):
        """
        Does what a hook asks for: calls a method of ours, or writes the events that the collector makes of
        it. Recording must never break the run, and must never fail in silence.
        """
        try:
            if os.getpid() != self._pid or not self._is_recorder():
                return
            if callable(act):
                act(*args)
            else:
                self._write(act, *args)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
            recording = process_state().recording
            if recording is not None:
                recording.failed(error)
            else:
                self._display.warning(f"playtrail: this run is not recorded: {describe(error)}. {ADVICE}")
                self.disabled = True

    def _write(self, make_events, *args):
        recording = process_state().recording or self._begin(None)
        recording.write(getattr(recording.collector, make_events)(*args))

    def _is_recorder(self):
        """Of all copies in this process the first one that is called records; the others fall silent."""
        shared = process_state()
        recorder = shared.recorder and shared.recorder()
        if recorder is self:
            return True
        # ansible-console loads its callbacks anew for each command, and they go on with the session. Another
        # class is another file: the collection beside the single file.
        if recorder is not None and not (is_console(shared.recording) and type(recorder) is type(self)):
            self.disabled = True
            return False
        shared.recorder = weakref.ref(self)
        return True

    def _begin(self, playbook):
        shared = process_state()
        if shared.recording is not None:
            shared.recording.leave()
            shared.recording = None
        strict = self._settings["strict"]
        if strict not in STRICT:
            self._stop(f"strict is {strict!r}, expected one of {', '.join(STRICT)}")
        try:
            recording = Recording(playbook, self._settings, self._recap_before, self._display)
            for mistake in self._mistakes:
                recording.warn(f"playtrail: {mistake}. See ansible-doc -t callback playtrail.")
            recording.open()
            shared.recording = recording
            recording.tell_refusal()
            self._start(recording)
            if strict == STRICT_SERVER:
                self._wait_for_server(recording)
        except Exception as error:
            if strict != STRICT_OFF:
                self._stop(describe(error))
            raise
        return recording

    def _start(self, recording):
        try:
            recording.begin()
        finally:
            # Also where the first event is lost, because the disk is full for a moment.
            self._start_shipper(recording)

    def _start_shipper(self, recording):
        if not self._settings["url"]:
            return
        try:
            recording.start_shipper()
        except (OSError, ValueError) as error:
            recording.warn(
                f"playtrail: the record of this run stays in {os.path.dirname(recording.spool.path)}, the "
                f"shipper did not start: {error}. playtrail.py --ship delivers it."
            )

    def _wait_for_server(self, recording):
        shipper, seconds = recording.shipper, self._settings["strict_timeout"]
        if shipper is None:
            self._stop("there is no server to acknowledge its start")
        elif not shipper.wait_until_started(seconds):
            why = shipper.trouble or f"no answer within {seconds:g} seconds"
            self._stop(f"the server did not acknowledge its start: {why}")

    def _stop(self, why):
        """Ends Ansible, because `strict` wants a record of every run, and there is none of this one."""
        message = f"this run ends before its first task, because strict wants a record of it: {why}"
        shared = process_state()
        recording, shared.recording = shared.recording, None
        if recording is not None:
            with contextlib.suppress(Exception):  # What there is of a record may as well say so.
                recording.abort("error", Text.clean(message)[:TEXT_CHARS_MAX])
            recording.close()
        advice = "Set that right, or allow runs without a record with strict = off in [callback_playtrail]."
        self._display.error(Text.clean(f"playtrail: {message}. {advice}"), wrap_text=False)
        raise NoRecord(EXIT_NO_RECORD)

    def _finish(self, stats):
        shared = process_state()
        recording = shared.recording or self._begin(None)
        recap = Recap.of(stats)
        try:
            recording.finish(recap, stats.custom)
        except Exception as error:  # noqa: BLE001 - as in _record, which does not see this run any more
            recording.failed(error)
        finally:
            self._recap_before = recap
            shared.recording = shared.recorder = None
            recording.close()


@contextlib.contextmanager
def without_environment(names):
    """Has Ansible read options from ansible.cfg alone, which it knows no other way to ask for."""
    taken = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)
