import { limits } from '../../limits.ts'

const PAGE = `LIMIT ${limits.reconcilePageItems}`

/** What a key stands for. A key that stands for nothing is told as such, and so differs from any name. */
const named = (key: string, table = 'names', column = 'name'): string =>
  `iif(e.${key} IS NULL, NULL, ifnull((SELECT ${column} FROM ${table} WHERE key = e.${key}), '?' || e.${key})) AS ${key}`

const EVENTS = `
  SELECT e.record, e.payload, e.id, ${named('run', 'runs', 'id')}, e.timestamp,
    ${['action', 'playbook', 'host', 'user', 'task'].map((key) => named(key)).join(', ')}, e.status, e.duration, e.flags,
    e.received, e.sender
  FROM events e`

export const EVENTS_BETWEEN = `${EVENTS} WHERE e.record >= ? AND e.record < ? ORDER BY e.record ${PAGE}`
export const EVENTS_BY_ID = `${EVENTS} WHERE e.id IN (SELECT value FROM json_each(?))`

const RESULTS = `
  SELECT e.task || ' ' || e.host AS place, ${named('run', 'runs', 'id')}, ${named('host')},
    ifnull((SELECT id FROM runs WHERE key = t.run), '?' || t.run) AS taskRun,
    t.play_id AS playId, t.batch, ifnull(t.task_id, '?' || e.task) AS taskId, t.occurrence,
    e.sequence, e.status, e.record
  FROM results e LEFT JOIN tasks t ON t.key = e.task`

/** Where each record's results lie, as of now. A temporary table is in a file of its own. */
export const RESULTS_BY_RECORD = `
  CREATE TEMP TABLE IF NOT EXISTS results_by_record (record INTEGER, task INTEGER, host INTEGER,
    PRIMARY KEY (record, task, host)) WITHOUT ROWID`
export const SORT_RESULTS = `${RESULTS_BY_RECORD};
  DELETE FROM temp.results_by_record;
  INSERT INTO temp.results_by_record SELECT record, task, host FROM results ORDER BY record`
export const RESULTS_SORTED = `
  SELECT record, task, host FROM temp.results_by_record
  WHERE (record, task, host) > (?, ?, ?) AND record < ? ORDER BY record, task, host ${PAGE}`
export const RESULTS_OF = `${RESULTS}
  WHERE (e.task, e.host) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?)) ORDER BY e.record`
export const RESULT_BY_IDENTITY = `${RESULTS}
  WHERE e.host = (SELECT key FROM names WHERE name = ?) AND e.task = (
    SELECT key FROM tasks WHERE run = (SELECT key FROM runs WHERE id = ?)
      AND play_id = ? AND batch = ? AND task_id = ? AND occurrence = ?)`

export const RUN_IDS = `SELECT id FROM runs WHERE id > ? ORDER BY id ${PAGE}`
