from __future__ import annotations

import contextlib
import os
import sys
import tempfile

from ..folder import default_folder
from ..limits import (
    HEARTBEAT_SECONDS,
    OFFLINE,
    REJECTED_SUFFIX,
    SHIPPER_NICENESS,
    SPOOL_BYTES_MAX_DEFAULT,
    SPOOL_DAYS_MAX_DEFAULT,
    URL_DEFAULT,
)
from ..program import IS_SCRIPT
from ..tokens import TOKEN_OPTIONS, first_to_send_with
from .certificates import Certificates
from .endpoint import Endpoint
from .report import Bell, Report
from .shipper import Shipper


def existing_folder(given):
    """Returns the spool folder to ship: what was given, the environment's, or one of the two defaults."""
    given = given or os.environ.get("PLAYTRAIL_SPOOL_DIR")
    if given:
        return os.path.abspath(os.path.expanduser(given))
    without_home = os.path.join(tempfile.gettempdir(), f"playtrail-{os.geteuid()}")
    default = default_folder()
    return (
        default if default and (os.path.isdir(default) or not os.path.isdir(without_home)) else without_home
    )


def counted(number, what):
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def summary(shipper, trouble):
    """Returns the one line that a shipper started by hand prints."""
    delivered, folder, url = shipper.delivered, shipper.folder, shipper.endpoint.url
    events = delivered["accepted"] + delivered["duplicates"]
    parts = [f"{counted(delivered['runs'], 'run')} with {counted(events, 'event')} delivered to {url}"]
    if delivered["rejected"]:
        kept = os.path.join(folder, "*" + REJECTED_SUFFIX)
        parts.append(f"{counted(delivered['rejected'], 'event')} refused by it, kept in {kept}")
    if shipper.dropped:
        parts.append(f"{counted(shipper.dropped, 'byte')} of details dropped to keep the spool's limits")
    if shipper.live:
        parts.append(f"{counted(len(shipper.live), 'run')} still going on, left to the shipper of its own")
    if shipper.busy:
        parts.append(f"{counted(len(shipper.busy), 'run')} being delivered by another shipper")
    if trouble is not None:
        parts.append(f"{counted(len(shipper.left), 'run')} left in {folder}: {trouble}")
    elif not shipper.busy:
        parts.append("nothing is left")
    return "playtrail: " + "; ".join(parts)


def argument_parser():
    import argparse

    parser = argparse.ArgumentParser(
        prog="playtrail.py",
        description="Delivers recorded Ansible runs that wait in a spool folder. The callback starts it by "
        "itself; by hand or from cron it delivers what is left when the server was down. Runs that are still "
        "going on are left to the shipper of their own. The token is PLAYTRAIL_TOKEN, or in a file. Each "
        "option has a variable, such as PLAYTRAIL_CA_FILE. HTTPS_PROXY, HTTP_PROXY and NO_PROXY are heeded.",
    )

    def option(name, meaning, default=None, **how):
        given = os.environ.get(f"PLAYTRAIL_{name.upper()}") or default
        parser.add_argument("--" + name.replace("_", "-"), default=given, help=meaning, **how)

    parser.add_argument(
        "--ship", metavar="DIR", nargs="?", const="", required=True, help="folder, if not the default"
    )
    option("url", f"the server; {URL_DEFAULT} if not given", URL_DEFAULT)
    parser.add_argument("--token-file", metavar="FILE", help="file with the token; read for each request")
    option(
        "allow_http",
        "true sends to another machine by plain http",
        "false",
        nargs="?",
        const="true",
        type=truth,
    )
    option("ca_file", "certificates, in PEM, of the authorities to trust", metavar="FILE")
    option("client_cert", "certificate, in PEM, to show to the server", metavar="FILE")
    option("client_key", "its key, if it is in another file", metavar="FILE")
    option("spool_bytes_max", "limit of what waits in the folder", SPOOL_BYTES_MAX_DEFAULT, type=int)
    option("spool_days_max", "limit of how long it waits in full", SPOOL_DAYS_MAX_DEFAULT, type=int)
    # What only the callback asks for.
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--first", action="store_true", help=argparse.SUPPRESS)
    option("heartbeat_seconds", argparse.SUPPRESS, HEARTBEAT_SECONDS, type=float)
    return parser


def truth(text):
    """Returns the bool that Ansible reads in a text."""
    if text.lower() in ("true", "yes", "on", "1", "t", "y"):
        return True
    if text.lower() in ("false", "no", "off", "0", "f", "n"):
        return False
    raise ValueError


def endpoint_of(options):
    """Returns the server to send to; raises ValueError if the options are not right."""
    given = [(name, os.environ.get(f"PLAYTRAIL_{name.upper()}")) for name in TOKEN_OPTIONS]
    source = ("token_file", options.token_file) if options.token_file else first_to_send_with(given)
    certificates = Certificates(options.ca_file, options.client_cert, options.client_key)
    token = dict([source] if source else [])
    return Endpoint(options.url, **token, allow_http=options.allow_http, certificates=certificates)


def main(arguments):
    """The shipper's command line. Returns its exit code: 0 if everything was delivered, else 1."""
    parser = argument_parser()
    options = parser.parse_args(arguments)
    folder = existing_folder(options.ship)
    try:
        endpoint = endpoint_of(options)
    except ValueError as error:
        if options.run:
            Report()(OFFLINE, str(error))
        parser.error(f"nothing is sent: {error}")
    shipper = Shipper(folder, endpoint, options.spool_bytes_max, options.spool_days_max)
    if options.run:
        return ship_for_a_run(shipper, options)
    if not os.path.isdir(folder):
        print(f"playtrail: nothing is left: there is no folder {folder}")
        return 0
    trouble = shipper.ship_by_hand()
    print(summary(shipper, trouble))
    return 0 if trouble is None and not shipper.busy else 1


def ship_for_a_run(shipper, options):
    with contextlib.suppress(OSError):
        os.nice(SHIPPER_NICENESS)  # The playbook goes first.
    is_done = shipper.ship_for(
        options.run, Bell(), Report(), is_first=options.first, heartbeat_seconds=options.heartbeat_seconds
    )
    return 0 if is_done else 1


if IS_SCRIPT:
    sys.exit(main(sys.argv[1:]))
