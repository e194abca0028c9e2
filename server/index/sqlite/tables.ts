/** Format of the index. An index of another format is thrown away and made again from the journal. */
export const INDEX_FORMAT = 4

/** The key of the name `host.result`: a host's results are what most questions are about. */
export const HOST_RESULT = 1

/** Bits of `events.flags`. */
export const CHECKED = 1
export const FLAKY = 2

// A host, user, playbook or action is written out once, in `names`, and is a small number elsewhere: that
// keeps five indexes of every event affordable, and lets a pattern with `*` be tried on some hundred names
// instead of on millions of events.
//
// `record` is the number of the event's record in the journal.
export const SCHEMA = `
  -- expired_run is the greatest id of a run that was removed because of its age, expired_time the time in
  -- microseconds since 1970 before which events without a run were; see expire.ts.
  CREATE TABLE meta (
    journal TEXT NOT NULL, cursor INTEGER NOT NULL, texted INTEGER NOT NULL,
    expired_run TEXT NOT NULL, expired_time INTEGER
  ) STRICT;

  CREATE TABLE names (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  INSERT INTO names VALUES (${HOST_RESULT}, 'host.result');

  -- timestamp and received are microseconds since 1970; playbook is run.name; status is
  -- ansible.result.status or else run.status; task is ansible.task.key, duration event.duration in
  -- nanoseconds; flags are ${CHECKED} for a host's result that was only checked and ${FLAKY} for one that
  -- succeeded after more than one attempt; payload is the event as it was received.
  CREATE TABLE events (
    record INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    run INTEGER,
    timestamp INTEGER NOT NULL,
    action INTEGER, playbook INTEGER, host INTEGER, user INTEGER,
    status TEXT,
    task INTEGER, duration INTEGER, flags INTEGER NOT NULL,
    received INTEGER NOT NULL,
    sender TEXT NOT NULL,
    payload BLOB NOT NULL
  ) STRICT;
  -- Writing an event again changes nothing.
  CREATE UNIQUE INDEX events_by_id ON events (id);
  -- Any combination of filters is answered from this one alone: a filter costs no look into the events'
  -- pages, which hold ten events each, so that even a question without an answer is a short scan.
  CREATE INDEX events_by_time ON events (timestamp, record, action, status, host, user, playbook);
  -- What happened on a host.
  CREATE INDEX events_by_host ON events (host, timestamp, record, action, status) WHERE host IS NOT NULL;
  -- What happened in a run.
  CREATE INDEX events_by_run ON events (run, timestamp, record, action, status, host) WHERE run IS NOT NULL;
  -- What became of a task, in whatever runs.
  CREATE INDEX events_by_task ON events (
    task, timestamp, record, action, status, duration, flags, host, playbook
  )
    WHERE task IS NOT NULL;
  -- What went wrong lately: these are few, and must not be searched for among all that went well.
  CREATE INDEX events_that_failed ON events (status, timestamp, record)
    WHERE status IN ('failed', 'unreachable', 'aborted');
  -- What was only checked, and would be changed; as few as those.
  CREATE INDEX events_that_would_change ON events (timestamp, record, host, playbook, user)
    WHERE status = 'changed' AND flags & ${CHECKED};

  -- The words of the texts of the events before meta.texted, under their records: see text-words.ts. Signs that
  -- may stand within a word belong to it, as all that is not ASCII does.
  CREATE VIRTUAL TABLE texts USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = "ascii tokenchars '_.:,;''""'"
  );
  CREATE TRIGGER events_without_texts AFTER DELETE ON events BEGIN
    DELETE FROM texts WHERE rowid = old.record;
  END;

  -- What the events of a run say together. started, finished and aborted are the records of the sender's
  -- events, silenced the record of the server's that closed the run last, silences how many of those there
  -- are. heard is when the sender's newest event was received, heard_until the latest such time that the
  -- server has closed the run for; microseconds since 1970, 0 for none. kind, checked (1 or 0), begin and
  -- ended (microseconds since 1970) and measured (nanoseconds) are what the events say that started and
  -- ended it; see run-times.ts.
  CREATE TABLE runs (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    name TEXT, path TEXT, user TEXT,
    kind TEXT, checked INTEGER, begin INTEGER, ended INTEGER, measured INTEGER,
    started INTEGER, finished INTEGER, aborted INTEGER, silenced INTEGER,
    events INTEGER NOT NULL, silences INTEGER NOT NULL,
    last_received INTEGER NOT NULL, heard INTEGER NOT NULL, heard_until INTEGER NOT NULL,
    ok INTEGER NOT NULL, changed INTEGER NOT NULL, failed INTEGER NOT NULL,
    skipped INTEGER NOT NULL, unreachable INTEGER NOT NULL
  ) STRICT;
  -- Each filter of the list in the order of the list. Runs are few beside events: these cost little.
  CREATE INDEX runs_by_status ON runs (status, id);
  CREATE INDEX runs_by_user ON runs (user, id);
  CREATE INDEX runs_by_name ON runs (name, id);

  -- Runs with a result on a host, in the order of the list.
  CREATE TABLE run_hosts (host INTEGER, run_id TEXT, PRIMARY KEY (host, run_id)) STRICT, WITHOUT ROWID;

  -- Each time that a task was started in a run: half of a result's identity.
  CREATE TABLE tasks (
    key INTEGER PRIMARY KEY,
    run INTEGER NOT NULL, play_id TEXT NOT NULL, batch INTEGER NOT NULL,
    task_id TEXT NOT NULL, occurrence INTEGER NOT NULL,
    UNIQUE (run, play_id, batch, task_id, occurrence)
  ) STRICT;

  -- How each task ended on each host. The event itself is not copied.
  CREATE TABLE results (
    task INTEGER NOT NULL, host INTEGER NOT NULL,
    run INTEGER NOT NULL, sequence INTEGER NOT NULL, status TEXT NOT NULL, record INTEGER NOT NULL,
    PRIMARY KEY (task, host)
  ) STRICT, WITHOUT ROWID;
  -- The results of a run as they came, and its filters by status and host.
  CREATE INDEX results_by_run ON results (run, sequence, record, status, host);

  -- Roll-ups: counts of all of events, kept by whoever changes those, in the same transaction; tallies.ts
  -- fills them. A key is 0, and a status '', where an event has none. hour counts hours since 1970.
  CREATE TABLE tallies (
    hour INTEGER, action INTEGER, status TEXT, playbook INTEGER, user INTEGER,
    events INTEGER NOT NULL,
    PRIMARY KEY (hour, action, status, playbook, user)
  ) STRICT, WITHOUT ROWID;

  -- Events of a host by status; others have a status that no result has. Of results also when the last was, in
  -- microseconds since 1970; last_done is the last change that was not only checked. The run comes before the
  -- host in the key: so the rows of a batch lie side by side, on few pages.
  CREATE TABLE host_tallies (
    action INTEGER, run INTEGER, host INTEGER, hour INTEGER, playbook INTEGER, user INTEGER,
    ok INTEGER NOT NULL, changed INTEGER NOT NULL, failed INTEGER NOT NULL,
    skipped INTEGER NOT NULL, unreachable INTEGER NOT NULL, others INTEGER NOT NULL, none INTEGER NOT NULL,
    last_ok INTEGER, last_changed INTEGER, last_failed INTEGER,
    last_skipped INTEGER, last_unreachable INTEGER, last_done INTEGER,
    PRIMARY KEY (action, run, host, hour, playbook, user)
  ) STRICT, WITHOUT ROWID;

  -- Results of a task, each in its day and in its week: days is 1 or 7, start the first of them, counted
  -- from 1970. Those of a week are of all playbooks and users, and have 0 there. durations are counts by
  -- range; see duration-counts.ts.
  CREATE TABLE task_tallies (
    days INTEGER, task INTEGER, start INTEGER, playbook INTEGER, user INTEGER,
    ok INTEGER NOT NULL, changed INTEGER NOT NULL, failed INTEGER NOT NULL,
    skipped INTEGER NOT NULL, unreachable INTEGER NOT NULL,
    flaky_ok INTEGER NOT NULL, flaky_changed INTEGER NOT NULL,
    last_ok INTEGER, last_changed INTEGER, last_failed INTEGER,
    last_skipped INTEGER, last_unreachable INTEGER,
    durations BLOB,
    PRIMARY KEY (days, task, start, playbook, user)
  ) STRICT, WITHOUT ROWID;
`
