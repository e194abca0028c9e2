from __future__ import annotations

URL_DEFAULT = "http://127.0.0.1:8470"
SPOOL_DIR_DEFAULT = "~/.playtrail/spool"
FLUSH_SECONDS_DEFAULT = 2.0
SPOOL_BYTES_MAX_DEFAULT = 256 * 1024 * 1024
SPOOL_DAYS_MAX_DEFAULT = 14
STRICT_SECONDS_DEFAULT = 10.0
WAIT_SECONDS_MAX = 3600

# Set while a run is recorded.
RUN_ID_VARIABLE = "PLAYTRAIL_RUN_ID"

STRICT_OFF = "off"
STRICT_SPOOL = "spool"
STRICT_SERVER = "server"
STRICT = (STRICT_OFF, STRICT_SPOOL, STRICT_SERVER)
# Ansible's own for "something was wrong".
EXIT_NO_RECORD = 1

# Limits of schemas/*.json. What is longer is cut, and ansible.truncated says so.
KEYWORD_CHARS_MAX = 1024
TEXT_CHARS_MAX = 8192
TEXT_HEAD_CHARS = 6000
TEXT_TAIL_CHARS = 2000
PATH_CHARS_MAX = 4096
ID_CHARS_MAX = 36
DIFF_CHARS_MAX = 65536
DIFFS_MAX = 200
WARNINGS_MAX = 32
NAMES_MAX = 256
INVENTORIES_MAX = 64
HOSTS_NAMED_MAX = 1000
NAMED_VALUES_MAX = 256
LABELS_MAX = 32
TRUNCATED_MAX = 32
RC_MIN = -(2**31)
RC_MAX = 2**32 - 1
EVENT_BYTES_MAX = 256 * 1024

# Limits of the work done inside Ansible for one event, whatever a module returns.
DIFF_SOURCE_CHARS_MAX = 1024 * 1024
DIFF_ALIGNED_PAIRS_MAX = 250_000
DIFF_CONTEXT_LINES = 3
NODES_MAX = 2000
DEPTH_MAX = 8
# Of each task on each host so many items of its loop are events of their own; all are counted.
ITEMS_MAX = 200
ITEM_TEXT_CHARS_MAX = 2048
# A secret that lies across a cut is still seen whole if it is no longer than this.
SECRET_CHARS_MAX = 4096
# Of a git repository's files no more than this is read; packed-refs is the one that grows.
GIT_FILE_BYTES_MAX = 8 * 1024 * 1024
# How far up the ancestors of this process ansible-pull is looked for.
ANCESTORS_MAX = 3

ITEM_STATUSES = ("ok", "changed", "failed", "skipped")

# After this many failures something is wrong for good, and the rest of the run is spared the attempts.
ERRORS_MAX = 20

# How often the writer looks whether its spool is still there.
LOOK_SECONDS = 1.0

# What one run may have in the spool, however much others have left there.
RUN_BYTES_MIN = 1024 * 1024

# The shipper's.
BATCH_EVENTS_MAX = 500
BATCH_BYTES_MAX = 1024 * 1024
CONNECT_SECONDS_MAX = 5
READ_SECONDS_MAX = 15
REQUEST_SECONDS_MAX = 30
ANSWER_BYTES_MAX = 8 * 1024 * 1024
POLL_SECONDS = 0.025
FIRST_WORD_SECONDS = 0.5
# How often the shipper looks what is new of a run that goes on, and whether it still does.
WATCH_SECONDS = 0.5
HEARTBEAT_SECONDS = 30.0
RETRY_SECONDS_MIN = 0.2
RETRY_SECONDS_MAX = 30.0
REFUSED_RETRY_SECONDS = 30.0
SHIPPER_LINGER_SECONDS = 600
SHIP_BY_HAND_TRIES = 3
ORPHAN_SECONDS = 3600
DROPPED_RANGES_MAX = 1000
REASON_CHARS_MAX = 500
# Two ways to tell when a process started differ by the rounding of the boot time.
PROCESS_START_SECONDS = 2.0
SHIPPER_NICENESS = 10

SPOOL_SUFFIX = ".ndjson"
NEW_SUFFIX = ".new"
REJECTED_SUFFIX = ".rejected"
REMARKS_SUFFIX = ".shipper"
REWRITTEN_SUFFIX = ".rewritten"
REFUSAL_NAME = "refused"
WRITER_BYTE = 0
SHIPPER_BYTE = 1

# What the shipper tells the run that started it.
CONNECTED = "connected"
OFFLINE = "offline"  # followed by the reason
STARTED = "started"  # the server has the first event
EMPTY = "empty"
