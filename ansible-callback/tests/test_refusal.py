"""A server that refuses who sends: nobody is there to be told when it is heard, so the next run is."""

from __future__ import annotations

from conftest import Trail, wait_until
from server import problem
from test_spool import warnings_of
from test_token import SAY


def test_a_refused_delivery_is_told_by_the_next_run_until_the_server_takes_one(controller, recorded):
    controller.write("site.yml", SAY)
    unrecorded = controller.play("site.yml", ANSIBLE_CALLBACKS_ENABLED=None)
    detail = "The token me is a reader's;\x1b[31m this takes a sender's."
    controller.server.misbehave = problem(403, "role_forbidden", detail=detail)
    refused = controller.play("site.yml")
    wait_until((controller.spool / "refused").exists, "the note of it")
    controller.end_shippers()
    again = controller.play("site.yml")
    controller.end_shippers()
    controller.server.misbehave = lambda request, lines: False
    taken = recorded(controller, "site.yml").process
    wait_until(lambda: not list(controller.spool.iterdir()), "the note to go")
    at_last = recorded(controller, "site.yml").process

    for process in refused, again, taken, at_last:
        assert (process.returncode, process.stdout) == (unrecorded.returncode, unrecorded.stdout)
    assert refused.stderr == at_last.stderr == unrecorded.stderr
    for process, waiting in (again, "1 run waits"), (taken, "2 runs wait"):
        (warning,) = warnings_of(process)
        told = " ".join(warning.split())
        assert f"answered 403 The token me is a reader's; [31m this takes a sender's.); {waiting} in " in told
        assert b"\x1b" not in process.stderr
    assert len(Trail(controller.server.stored()).of("run.finished")) == 4


def test_who_ships_by_hand_is_told_at_once_and_nothing_is_noted(controller):
    controller.write("site.yml", SAY)
    controller.server.stop()
    controller.play("site.yml")
    controller.end_shippers()
    controller.server.start()
    controller.server.misbehave = problem(401, "token_unknown", detail="The token is not one of this server")
    assert "answered 401 The token is not one of this server" in controller.ship().stdout
    assert [path.suffix for path in controller.spool.iterdir()] == [".ndjson"]


def test_a_note_of_runs_that_are_gone_is_not_told(controller, recorded):
    controller.write("site.yml", SAY)
    controller.spool.mkdir(mode=0o700)
    (controller.spool / "refused").write_text("answered 401")
    assert recorded(controller, "site.yml").process.stderr == b""
    wait_until(lambda: not list(controller.spool.iterdir()), "the note to go")
