from __future__ import annotations

import contextlib
import os
import time

from ..clock import Clock
from ..dropped import RANKS
from ..limits import (
    CONNECTED,
    EMPTY,
    EVENT_BYTES_MAX,
    HEARTBEAT_SECONDS,
    NEW_SUFFIX,
    OFFLINE,
    ORPHAN_SECONDS,
    POLL_SECONDS,
    REFUSED_RETRY_SECONDS,
    REJECTED_SUFFIX,
    REMARKS_SUFFIX,
    RETRY_SECONDS_MAX,
    RETRY_SECONDS_MIN,
    REWRITTEN_SUFFIX,
    SHIP_BY_HAND_TRIES,
    SHIPPER_LINGER_SECONDS,
    SPOOL_BYTES_MAX_DEFAULT,
    SPOOL_DAYS_MAX_DEFAULT,
    SPOOL_SUFFIX,
    STARTED,
    WATCH_SECONDS,
)
from ..refusal import Refusal
from .death import Death
from .spool_reader import SpoolReader
from .trouble import BatchRefused, Trouble
from .turn import Turn


class Shipper:
    """
    Delivers the spools of one folder, oldest first. How far it got in a file it keeps in memory only: the
    server knows what is sent again by the ids of the events.
    """

    def __init__(
        self,
        folder,
        endpoint,
        spool_bytes_max=SPOOL_BYTES_MAX_DEFAULT,
        spool_days_max=SPOOL_DAYS_MAX_DEFAULT,
    ):
        self.folder = folder
        self.refusal = Refusal(folder)
        self.endpoint = endpoint
        self.spool_bytes_max = spool_bytes_max
        self.spool_days_max = spool_days_max
        self.report = lambda state, why="": None
        # The spool of the run that started us, if one did.
        self.own = None
        self.own_is_going_on = False
        self.heartbeat_seconds = HEARTBEAT_SECONDS
        self.next_heartbeat = 0.0
        self.oom_kills_before = 0
        # By path: how far it was sent, and the line before; up to which rank it was rewritten.
        self.sent = {}
        self.rewritten = {}
        # By path: when its writer was last seen at work.
        self.seen_at = {}
        # Paths of runs whose end is told.
        self.ended = set()
        # By path: until when it is left alone, and the trouble that the server, or the disk, had with it.
        self.resting = {}
        self.tries = 0
        self.delivered = {"runs": 0, "accepted": 0, "duplicates": 0, "rejected": 0}
        self.dropped = 0
        # Of the last sweep: paths of spools by what was found.
        self.live, self.busy, self.left = set(), set(), set()

    def ship_for(self, run_id, bell, report, *, is_first=False, heartbeat_seconds=HEARTBEAT_SECONDS):
        """
        Ships a run as it goes, and whatever else is left in the folder, until nothing is left. Returns True
        then; False if the server could not be reached for SHIPPER_LINGER_SECONDS after the run had ended.
        """
        self.own, self.report = os.path.join(self.folder, run_id + SPOOL_SUFFIX), report
        self.own_is_going_on = True
        self.heartbeat_seconds = heartbeat_seconds
        self.next_heartbeat = time.monotonic() + heartbeat_seconds
        self.oom_kills_before = Death.oom_kills()
        turn = Turn(self.folder)
        give_up_at, left_before = None, set()
        if is_first:
            self.ship_first_event(bell)
        while True:
            trouble = self.sweep()
            self.look_after_own()
            if trouble is not None:
                if trouble.is_general or self.own in self.left:
                    self.report(OFFLINE, str(trouble))
                self.keep_limits()
                if self.own_is_going_on and not trouble.is_general:
                    bell.wait(WATCH_SECONDS)
                    continue
                if not self.own_is_going_on:
                    # Renewed by each run that others have left to this one.
                    if give_up_at is None or not self.left <= left_before:
                        give_up_at = time.monotonic() + SHIPPER_LINGER_SECONDS
                    left_before = self.left
                    # One that waits is enough for a folder; with cron there would be more and more.
                    if time.monotonic() >= give_up_at or not turn.take():
                        return False
                self.pause(self.delay(trouble), bell)
                continue
            self.tries = 0
            if self.own_is_going_on:
                bell.wait(WATCH_SECONDS)
                continue
            # Another shipper may have left its run to us while we had the turn: so once more without it.
            if turn.give_up():
                continue
            self.report(EMPTY)
            return True

    def ship_first_event(self, bell):
        """Delivers the first event of our own run, before all else: a strict run waits to hear of it."""
        try:
            spool = SpoolReader.open(self.own)
            # Another shipper may hold it for as long as it takes to see that it is not for it to send.
            while spool is None and os.path.exists(self.own):
                bell.wait(POLL_SECONDS)
                spool = SpoolReader.open(self.own)
            if spool is None:
                return
            with contextlib.closing(spool):
                lines, end = spool.batch(0, 1)
                if not lines:
                    raise OSError(f"{self.own} holds no event")
                self.post(spool, lines)
                self.sent[spool.path] = (end, lines[0] + b"\n")
        except (Trouble, OSError) as error:
            self.report(OFFLINE, str(error))
            return
        if self.delivered["rejected"]:
            self.report(OFFLINE, f"{self.endpoint.url} refused the first event")
        else:
            self.report(STARTED)

    def ship_by_hand(self):
        """Ships what is left of runs that have ended, with few tries. Returns the last trouble, or None."""
        trouble = None
        for tries_left in reversed(range(SHIP_BY_HAND_TRIES)):
            trouble = self.sweep()
            if trouble is None or trouble.retry_seconds >= REFUSED_RETRY_SECONDS or not tries_left:
                break
            time.sleep(self.delay(trouble))
        self.keep_limits()
        return trouble

    def sweep(self):
        """Ships every spool once. Returns the trouble there was, if any."""
        self.live, self.busy, self.left = set(), set(), set()
        trouble = None
        for path in self.spools():
            rests_until, known = self.resting.get(path, (0.0, None))
            if trouble is not None and trouble.is_general:
                self.left.add(path)
            elif time.monotonic() < rests_until:
                self.left.add(path)
                trouble = known
            else:
                trouble = self.try_to_ship(path) or trouble
        return trouble

    def try_to_ship(self, path):
        try:
            self.ship(path)
            return None
        except Trouble as error:
            trouble = error
        except OSError as error:
            trouble = Trouble(f"{path}: {error.strerror or error}", is_general=False)
        self.left.add(path)
        if self.own and not trouble.is_general:
            # It has to wait for its next try, but does not hold back our own run.
            self.resting[path] = (time.monotonic() + self.delay(trouble), trouble)
        return trouble

    def spools(self):
        """Returns the paths of all spools, oldest first: their names begin with the time. Clears up, too."""
        names = sorted(os.listdir(self.folder))
        for name in names:
            path = os.path.join(self.folder, name)
            with contextlib.suppress(OSError, ValueError):  # What is no file of ours is in nobody's way.
                self.clear_up(path)
        return [os.path.join(self.folder, name) for name in names if name.endswith(SPOOL_SUFFIX)]

    def clear_up(self, path):
        """Removes, or completes, what writers and shippers have left that died in the middle of something."""
        stem, suffix = os.path.splitext(path)
        if suffix == REWRITTEN_SUFFIX:
            self.finish_rewriting(path)
        elif suffix in (NEW_SUFFIX, REMARKS_SUFFIX, REJECTED_SUFFIX):
            found, age = os.lstat(path), age_of(path)
            is_orphan = {
                # A writer died before its spool had its name; there is nothing in it.
                NEW_SUFFIX: found.st_size == 0 and age > ORPHAN_SECONDS,
                # A shipper died after it had removed the spool: they were delivered.
                REMARKS_SUFFIX: age > ORPHAN_SECONDS and not os.path.exists(stem + SPOOL_SUFFIX),
                REJECTED_SUFFIX: age > self.spool_days_max * 86400,
            }
            if is_orphan[suffix]:
                os.unlink(path)

    @staticmethod
    def finish_rewriting(path):
        stem, _dot, _number = path[: -len(REWRITTEN_SUFFIX)].rpartition(".s")
        spool = SpoolReader.open(stem + SPOOL_SUFFIX)
        if spool is None:
            # The shipper that is at it may be alive. Without a spool there is nothing to take the place of.
            if not os.path.exists(stem + SPOOL_SUFFIX) and age_of(path) > ORPHAN_SECONDS:
                os.unlink(path)
            return
        try:
            spool.finish_rewriting(path)
        finally:
            spool.close()

    def ship(self, path):
        """Delivers one spool, as far as it is written; removes it when its writer is gone."""
        spool = SpoolReader.open(path)
        if spool is None:
            self.busy.add(path)
            return
        try:
            is_whole = self.is_over(spool)
            if not is_whole:
                self.live.add(path)
                if path != self.own:
                    return
            self.deliver(spool, spool)
            if is_whole:
                self.tell_end(spool)
            self.deliver(spool, spool.remarks)
            if is_whole:
                self.finish(spool)
            elif time.monotonic() >= self.next_heartbeat:
                # All before it are delivered: without a server none pile up.
                self.next_heartbeat = time.monotonic() + self.heartbeat_seconds
                spool.remark("run.heartbeat", "info")
                self.deliver(spool, spool.remarks)
        finally:
            spool.close()

    def is_over(self, spool):
        """True once the writer is gone. Until then it notes when it was seen at work."""
        if spool.writer_is_gone():
            return True
        self.seen_at[spool.path] = Clock()
        return False

    def tell_end(self, spool):
        """Writes run.aborted for a run whose writer is gone, and has not told its end."""
        if spool.path in self.ended:
            return
        if not spool.has_end() and not spool.remarks.has("run.aborted"):
            noticed_at, oom_kills = None, 0
            if spool.path == self.own and self.own_is_going_on:
                noticed_at, oom_kills = Clock(), Death.oom_kills() - self.oom_kills_before
            seen_at = self.seen_at.get(spool.path)
            spool.remark("run.aborted", "end", **Death.groups(spool, noticed_at, seen_at, oom_kills))
        self.ended.add(spool.path)

    def finish(self, spool):
        """Removes a spool of which everything is delivered but what its writer died in the middle of."""
        torn = spool.read(self.offset_in(spool))
        if torn.strip():
            self.reject(spool, torn, {"code": "line_torn", "message": "its writer died while writing it"})
        spool.remove()
        self.sent.pop(spool.path, None)
        self.sent.pop(spool.remarks.path, None)
        self.seen_at.pop(spool.path, None)
        self.delivered["runs"] += 1

    def look_after_own(self):
        """Notes whether our own run goes on, and its end in time, even if the sweep did not come to it."""
        if not self.own_is_going_on:
            return
        if self.own not in self.left:
            is_known = self.own in self.live or self.own in self.busy
            self.own_is_going_on = is_known and os.path.exists(self.own)
            return
        spool = SpoolReader.open(self.own)
        if spool is None:
            self.own_is_going_on = os.path.exists(self.own)
            return
        try:
            if self.is_over(spool):
                with contextlib.suppress(OSError):  # Whoever delivers it tries again.
                    self.tell_end(spool)
                self.own_is_going_on = False
        finally:
            spool.close()

    def pause(self, seconds, bell):
        """Waits before the next try, with an eye on our own run."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return
            bell.wait(min(left, WATCH_SECONDS))
            self.look_after_own()

    def offset_in(self, lines):
        """
        Returns how far a file was sent. Meanwhile it may be another one of that name: its writer began anew,
        or another shipper rewrote it. No two events are the same, so the line before tells.
        """
        offset, line = self.sent.get(lines.path, (0, b""))
        return offset if offset and lines.read(offset - len(line), len(line)) == line else 0

    def deliver(self, spool, lines):
        """Sends what is new in a spool, or in its remarks."""
        while True:
            offset = self.offset_in(lines)
            batch, end = lines.batch(offset)
            if batch:
                last = batch[-1] + b"\n"
                batch = [line for line in batch if line.strip()]
            else:
                end = lines.overlong_line(offset)
                if end is None:
                    return
                beginning = lines.read(offset)
                self.reject(spool, beginning, {"code": "line_too_long", "message": "no batch can hold it"})
                last = lines.read(end - EVENT_BYTES_MAX, EVENT_BYTES_MAX)
            if batch:
                self.post(spool, batch)
            self.sent[lines.path] = (end, last)

    def post(self, spool, lines):
        """Sends the lines. A batch that is refused is sent in halves, until the line to blame is found."""
        try:
            accepted, duplicates, rejected = self.endpoint.post(lines)
        except BatchRefused as refusal:
            if len(lines) == 1:
                self.reject(spool, lines[0], refusal.reason)
                return
            middle = len(lines) // 2
            self.post(spool, lines[:middle])
            self.post(spool, lines[middle:])
            return
        except Trouble as trouble:
            if trouble.is_refusal and self.own:  # Who ships by hand is told at once.
                self.refusal.note(str(trouble))
            raise
        self.refusal.forget()
        self.report(CONNECTED)
        self.delivered["accepted"] += accepted
        self.delivered["duplicates"] += duplicates
        for entry in rejected:
            reason = {name: entry[name] for name in ("code", "message", "pointer") if name in entry}
            self.reject(spool, lines[entry["line"] - 1], reason)

    def reject(self, spool, line, reason):
        spool.reject(line, reason)
        self.delivered["rejected"] += 1

    def keep_limits(self):
        """
        Takes details out of runs that wait too long, and out of the oldest while there is too much.

        Of several shippers one goes ahead. All go in the same order, and see what it did before they do more.
        """
        paths = self.spools()
        for path in paths:
            if time.time() - self.found(path)[1] > self.spool_days_max * 86400:
                self.drop(path, RANKS[-1], "age")
        sizes = {path: self.found(path)[0] for path in paths}
        excess = sum(sizes.values()) - self.spool_bytes_max
        for rank in RANKS:
            for path, before in sizes.items():
                if excess <= 0 or not self.drop(path, rank, "size"):
                    return
                sizes[path] = self.found(path)[0]
                excess -= before - sizes[path]

    @staticmethod
    def found(path):
        """Returns the size of a file and when it was written to; if it is gone, it takes no room."""
        try:
            found = os.lstat(path)
            return found.st_size, found.st_mtime
        except FileNotFoundError:
            return 0, time.time()

    def drop(self, path, rank, reason):
        """Drops events of a spool whose writer is gone. Returns False if another shipper is at it."""
        if self.rewritten.get(path, -1) >= rank:
            return True
        # Without room for what is kept, for example, the next time may be better.
        with contextlib.suppress(OSError):
            spool = SpoolReader.open(path)
            if spool is None:
                return not os.path.exists(path)
            with contextlib.closing(spool):
                if spool.writer_is_gone():
                    self.tell_end(spool)  # which counts what there was
                    self.dropped += spool.drop(rank, reason)
                    self.rewritten[path] = rank
        return True

    def delay(self, trouble):
        """Returns how long to wait: with full jitter, so that many shippers do not come back at once."""
        import random

        ceiling = min(RETRY_SECONDS_MAX, RETRY_SECONDS_MIN * 2 ** min(self.tries, 16))
        self.tries += 1
        return trouble.retry_seconds + random.uniform(0, ceiling)


def age_of(path):
    """Returns how long ago a file was written to, in seconds."""
    return time.time() - os.lstat(path).st_mtime
