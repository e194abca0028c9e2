// Made from schemas/event.schema.json by `npm run generate`. Do not edit.

/**
 * One fact about operations work, as a sender writes it and as it is kept: one JSON object. Unknown fields are refused, except under labels.
 */
export interface Event {
  /**
   * When it happened, by the sender's clock: RFC 3339, UTC, up to nanoseconds, for example `2026-11-05T09:30:00.123456Z`.
   */
  '@timestamp': string
  event: EventFields
  run?: RunFields
  user?: UserFields
  source?: SourceFields
  observer?: ObserverFields
  process?: ProcessFields
  agent?: AgentFields
  host?: HostFields
  labels?: Labels
  vcs?: VcsFields
  ci?: CiFields
  awx?: AwxFields
  spool?: SpoolFields
  journal?: JournalFields
  conflict?: ConflictFields
  expired?: ExpiredFields
  service?: ServiceFields
  recovered?: RecoveredFields
  token?: TokenFields
  refused?: RefusedFields
  error?: ErrorFields
  ansible?: AnsibleFields
}
/**
 * What happened.
 */
export interface EventFields {
  /**
   * Identity of the event, which makes sending it again safe. Of a run's events `<run.id>:<event.sequence>`; of what the shipper says on its own `<run.id>:s<event.sequence>`, and of what the server says of it `<run.id>:v<event.sequence>`. What the service says of itself is a run, too, `<run.id>:<event.sequence>`; before there were such runs it was `server:<a UUID>`.
   */
  id: string
  /**
   * Number of the event in its run, counted from 0 without gaps by the callback, or by the service in the run that is its own life; the shipper, and the server that ends a run, have counts of their own. A gap shows that something is missing.
   */
  sequence?: number
  /**
   * What kind of fact it is.
   */
  action:
    | 'run.started'
    | 'play.started'
    | 'play.no_hosts'
    | 'task.started'
    | 'tasks.included'
    | 'host.result'
    | 'item.result'
    | 'host.retry'
    | 'handler.notified'
    | 'host.finished'
    | 'run.finished'
    | 'run.aborted'
    | 'run.heartbeat'
    | 'spool.dropped'
    | 'journal.full'
    | 'journal.resumed'
    | 'event.conflict'
    | 'runs.expired'
    | 'service.recovered'
    | 'token.created'
    | 'token.used'
    | 'token.revoked'
    | 'token.refused'
  /**
   * The kind of source: which part of a run speaks, or the service of itself.
   */
  dataset: 'ansible.run' | 'ansible.play' | 'ansible.task' | 'ansible.result' | 'playtrail.service'
  /**
   * The part of Playtrail that wrote the event: the callback inside Ansible, the shipper beside it, or the server, which ends runs that fell silent and tells what happened to the service.
   */
  provider?: 'callback' | 'shipper' | 'server'
  /**
   * Always `event`.
   */
  kind?: 'event'
  /**
   * ECS category; a run of Ansible is `configuration`, the life of the service is `process`, the use of a token `authentication`.
   *
   * @minItems 1
   * @maxItems 3
   */
  category?: ('configuration' | 'process' | 'host' | 'authentication')[]
  /**
   * ECS type: `start` and `end` of runs, plays and tasks, `change` where something was changed, `creation` and `deletion` of tokens, `error` where it failed, else `info`.
   *
   * @minItems 1
   * @maxItems 5
   */
  type?: ('start' | 'end' | 'change' | 'creation' | 'deletion' | 'info' | 'error')[]
  /**
   * `success` for ok and changed, `failure` for failed (also when ignored) and unreachable, `unknown` for skipped and for what was only checked.
   */
  outcome?: 'success' | 'failure' | 'unknown'
  /**
   * When it happened, by the sender's clock: RFC 3339, UTC, up to nanoseconds, for example `2026-11-05T09:30:00.123456Z`.
   */
  start?: string
  /**
   * When it happened, by the sender's clock: RFC 3339, UTC, up to nanoseconds, for example `2026-11-05T09:30:00.123456Z`.
   */
  end?: string
  /**
   * How long it took, in nanoseconds, by the monotonic clock. In run.aborted of the shipper: from `event.start` to `event.end`.
   */
  duration?: number
}
/**
 * The execution that the event belongs to.
 */
export interface RunFields {
  /**
   * Identity of the run, a UUIDv7 (RFC 9562) made by the sender when the run starts: its first 48 bits are the start in milliseconds since 1970, which lists of runs are sorted by.
   */
  id: string
  /**
   * What was executed: a playbook, an ad-hoc command, an ansible-console session, an ansible-pull, a job of another tool, or the life of the service itself.
   */
  kind?: 'playbook' | 'adhoc' | 'console' | 'pull' | 'job' | 'service'
  /**
   * What people call it: the playbook's file name, or the module of an ad-hoc command. Repeated in every event of the run, so that results can be asked for by it.
   */
  name?: string
  /**
   * Shared by the runs of one command line (`ansible-playbook a.yml b.yml` makes two runs).
   */
  parent_id?: string
  /**
   * How the run stands. A finished run is `failed` if any host failed, else `unreachable` if any was, else `changed` if anything was changed, else `success`; derived from Ansible's stats, since a callback is not told the exit code.
   */
  status?: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
  /**
   * Why a run was aborted. `interrupted`: by Ctrl-C. `error`: Ansible ended it before its recap, after an error outside of any task. `killed`: the process was gone without a word, as after SIGTERM, SIGHUP, SIGKILL or for want of memory. `silent`: the server heard nothing of it for too long; if it is heard again, it is running again.
   */
  reason?: 'interrupted' | 'error' | 'killed' | 'silent'
  /**
   * In run.finished and run.aborted of the callback: how many events the callback counted, this one included. `run.aborted` of the shipper: how many it found. In those of the service: how many there are.
   */
  events?: number
  /**
   * In run.finished and run.aborted: how many events could not be written down. Their numbers are missing from the sequence.
   */
  lost?: number
}
/**
 * Who did it: the actor.
 */
export interface UserFields {
  /**
   * Login name of the person, or of the account, that started the run. Repeated in every event of the run, so that results can be asked for by it.
   */
  name?: string
  /**
   * Numeric id of that user on the controller, as a string.
   */
  id?: string
  /**
   * How the name is known, best evidence first: the kernel's login uid, the terminal's login, sudo, AWX, Semaphore, a CI system, the callback's option `user`, an environment variable, or only the account that the process runs as (`uid`). From awx on the account that Ansible runs as could have made it up.
   */
  origin?: 'loginuid' | 'login' | 'sudo' | 'awx' | 'semaphore' | 'ci' | 'config' | 'env' | 'uid'
  /**
   * The account that the process ran as on the controller.
   */
  effective?: {
    /**
     * Its name.
     */
    name?: string
    /**
     * Its numeric id, as a string.
     */
    id?: string
  }
}
/**
 * Where the actor came from.
 */
export interface SourceFields {
  /**
   * Address that the user's SSH session came from.
   */
  ip?: string
  /**
   * Port of that session on the client's side.
   */
  port?: number
}
/**
 * The controller: the machine that Ansible ran on. (`host.*` is always the managed host.)
 */
export interface ObserverFields {
  /**
   * Host name of the controller. Repeated in every event of the run: `localhost` is a different machine on each controller.
   */
  hostname?: string
}
/**
 * The Ansible process on the controller.
 */
export interface ProcessFields {
  /**
   * Process id.
   */
  pid?: number
  /**
   * Directory in which the command was given.
   */
  working_directory?: string
  /**
   * When it happened, by the sender's clock: RFC 3339, UTC, up to nanoseconds, for example `2026-11-05T09:30:00.123456Z`.
   */
  start?: string
  /**
   * The process that started it.
   */
  parent?: {
    /**
     * Its process id.
     */
    pid?: number
    /**
     * Its name, such as `bash`, `cron` or `ansible-pull`; never its arguments.
     */
    name?: string
  }
}
/**
 * The software that wrote the event.
 */
export interface AgentFields {
  /**
   * Its name, `playtrail.audit` for the Ansible collection.
   */
  name?: string
  /**
   * Its version.
   */
  version?: string
}
/**
 * The managed host, never the controller.
 */
export interface HostFields {
  /**
   * Name of the host in the inventory.
   */
  name: string
  /**
   * Inventory groups that the host is in, without `all` and `ungrouped`.
   *
   * @maxItems 256
   */
  groups?: string[]
}
/**
 * Names and values of the user's own choice, from the callback's option `labels`. Names are 1 to 64 letters, digits, `_` or `-`; values are strings of up to 1024 characters; at most 32 of them.
 */
export interface Labels {
  [k: string]: string
}
/**
 * State of the git repository that the playbook lies in.
 */
export interface VcsFields {
  /**
   * Address of the remote `origin`, without user name and password.
   */
  url?: string
  /**
   * Branch that is checked out; absent if none is.
   */
  branch?: string
  /**
   * Commit that is checked out. Files may have been changed since.
   */
  commit?: string
}
/**
 * The job of the CI system, or of Semaphore or Rundeck, that started the run, as its environment says.
 */
export interface CiFields {
  /**
   * Which system it is.
   */
  provider:
    | 'github'
    | 'gitlab'
    | 'jenkins'
    | 'azure'
    | 'buildkite'
    | 'drone'
    | 'woodpecker'
    | 'forgejo'
    | 'semaphore'
    | 'rundeck'
  /**
   * Where the job can be seen.
   */
  job_url?: string
  /**
   * Identity of the job there.
   */
  run_id?: string
  /**
   * Who started the job, or made the commit that did.
   */
  actor?: string
}
/**
 * The job of AWX, or of the automation controller, that started the run.
 */
export interface AwxFields {
  /**
   * Number of the job.
   */
  job_id?: string
  /**
   * Name of the job template.
   */
  job_template?: string
  /**
   * What launched it, such as `manual`, `schedule` or `workflow`.
   */
  launch_type?: string
  /**
   * Who launched it.
   */
  user?: string
  /**
   * Name of the schedule.
   */
  schedule?: string
  /**
   * Name of the workflow.
   */
  workflow?: string
  /**
   * Name of the inventory.
   */
  inventory?: string
  /**
   * Revision of the project.
   */
  project_revision?: string
}
/**
 * In spool.dropped: what the sender gave up to keep its spool within its limits.
 */
export interface SpoolFields {
  /**
   * Which limit it was.
   */
  reason: 'size' | 'age'
  /**
   * How many events were dropped.
   */
  events: number
  /**
   * How many bytes they had.
   */
  bytes: number
  /**
   * Their numbers, as ranges such as `12-40`; the first 1,000 ranges.
   *
   * @maxItems 1000
   */
  sequences?: string[]
}
/**
 * In journal.full and journal.resumed: why the service takes no new events, and takes them again. `event.start` of journal.resumed is when it was full.
 */
export interface JournalFields {
  /**
   * Space that was free on the disk of the data folder.
   */
  free_bytes: number
  /**
   * How many new events were refused meanwhile, with 503; one that was sent again is counted again.
   */
  refused_events?: number
}
/**
 * In event.conflict: somebody used the id of an acknowledged event for other content, which was refused. The bytes that were refused are in the quarantine.
 */
export interface ConflictFields {
  /**
   * The id that was used twice.
   */
  event_id: string
  /**
   * Name of the token that the refused event was sent with.
   */
  sender: string
  /**
   * SHA-256 of the refused bytes, in hexadecimal.
   */
  hash: string
  /**
   * Number of the record that has the id.
   */
  kept_index: number
  /**
   * Name of the token that this one was sent with.
   */
  kept_sender: string
  /**
   * SHA-256 of its bytes, in hexadecimal.
   */
  kept_hash: string
  /**
   * How many further conflicts have no event of their own, since there were too many within a minute.
   */
  suppressed?: number
}
/**
 * In runs.expired: what the service removed from its index because of --keep-days and --keep-runs. The journal keeps it.
 */
export interface ExpiredFields {
  /**
   * How many runs were removed.
   */
  runs: number
  /**
   * How many events were removed, with those that belong to no run.
   */
  events: number
  /**
   * --keep-days as it was; absent if it was 0.
   */
  keep_days?: number
  /**
   * --keep-runs as it was; absent if it was 0.
   */
  keep_runs?: number
}
/**
 * In run.started and run.heartbeat of the service: how it stood. A heartbeat is told every hour, also if nothing happened: then `journal_end` is one more than in the heartbeat before it.
 */
export interface ServiceFields {
  /**
   * Records in the journal before this one.
   */
  journal_end?: number
  /**
   * Bytes of the journal.
   */
  journal_bytes?: number
  /**
   * Name of the transparency log.
   */
  log_origin?: string
  /**
   * Records that were sealed: leaves of the published tree.
   */
  log_size?: number
  /**
   * Records that the index had; absent if it could not be asked.
   */
  index_cursor?: number
  /**
   * Space that was free on the disk of the data folder; absent if it could not be asked.
   */
  free_bytes?: number
  /**
   * How many tokens there were; absent if their file could not be read.
   */
  tokens?: number
  /**
   * `open`: whoever reaches it, on this machine, may write and read; `tokens`: only whoever has a token.
   */
  access?: 'open' | 'tokens'
  /**
   * Address and port that it was told to listen on.
   */
  listen?: string
  /**
   * Where the index is kept.
   */
  store?: 'sqlite' | 'elasticsearch'
  /**
   * The anchors that it was told to bring its checkpoints to: kind, colon, and path of the file, host of the webhook or name of the witness. Empty if there are none.
   *
   * @maxItems 32
   */
  anchors?: string[]
}
/**
 * In service.recovered: what a start found after the service had ended without saying so.
 */
export interface RecoveredFields {
  /**
   * The run that had not ended. Absent if it is not known.
   */
  run_id?: string
  /**
   * Records that the journal had, all of which were read and found good.
   */
  records: number
  /**
   * How many of them were not in the signed log yet, and were sealed then.
   */
  unsealed: number
  /**
   * Bytes of a torn tail that were cut off the journal: a write that was never acknowledged.
   */
  cut_bytes: number
}
/**
 * In token.created, token.used, token.revoked, and in token.refused if the token is known: which one. Nothing of the token itself is ever recorded.
 */
export interface TokenFields {
  /**
   * Its name.
   */
  name: string
  /**
   * What it may do.
   */
  role: 'sender' | 'reader'
  /**
   * When it happened, by the sender's clock: RFC 3339, UTC, up to nanoseconds, for example `2026-11-05T09:30:00.123456Z`.
   */
  created?: string
}
/**
 * In token.refused: a request that was answered 401 or 403.
 */
export interface RefusedFields {
  /**
   * Why, as docs/api.md has it.
   */
  code: 'token_missing' | 'token_unknown' | 'role_forbidden'
  /**
   * The role that the request would have needed.
   */
  role: 'sender' | 'reader'
  /**
   * Method of the request.
   */
  method?: string
  /**
   * Its route, such as `/v1/runs/:id`; the path itself could hold anything.
   */
  route?: string
  /**
   * How many further refusals have no event of their own, since there were too many within a minute.
   */
  suppressed?: number
}
/**
 * What went wrong.
 */
export interface ErrorFields {
  /**
   * In words: why a run was aborted, as far as it is known.
   */
  message?: string
}
/**
 * What Ansible was asked to do, and what it did.
 */
export interface AnsibleFields {
  /**
   * Version of ansible-core.
   */
  version?: string
  /**
   * Version of the Python that Ansible ran on.
   */
  python_version?: string
  playbook?: AnsiblePlaybook
  cli?: AnsibleCli
  play?: AnsiblePlay
  task?: AnsibleTask
  result?: AnsibleResult
  item?: AnsibleItem
  retry?: AnsibleRetry
  include?: AnsibleInclude
  handler?: AnsibleHandler
  /**
   * Facts that the task found, of those that the callback's option `facts` allows by name.
   *
   * @maxItems 256
   */
  facts?: NamedValue[]
  /**
   * What the task changed, as Ansible reports it under --diff.
   *
   * @maxItems 200
   */
  diff?: AnsibleDiff[]
  stats?: AnsibleStats
  hosts?: AnsibleHosts
  /**
   * In run.finished: what the playbook reported with set_stats.
   *
   * @maxItems 256
   */
  custom_stats?: NamedValue[]
  /**
   * How many secrets were taken out of this event's texts: each stands there as `(redacted)`.
   */
  redacted?: number
  /**
   * What was cut to keep within the limits.
   *
   * @maxItems 32
   */
  truncated?: {
    /**
     * Name of the field that was cut.
     */
    field: string
    /**
     * How much there was before it was cut: characters of a text, entries of a list.
     */
    size: number
  }[]
}
/**
 * The playbook that was run.
 */
export interface AnsiblePlaybook {
  /**
   * Its file name, for example `site.yml`.
   */
  name?: string
  /**
   * Its absolute path on the controller.
   */
  path?: string
}
/**
 * How Ansible was called. Options that were not given are absent.
 */
export interface AnsibleCli {
  /**
   * Tags that the run was limited to; absent when all were run.
   *
   * @maxItems 256
   */
  tags?: string[]
  /**
   * Tags that were left out.
   *
   * @maxItems 256
   */
  skip_tags?: string[]
  /**
   * Pattern that the hosts were limited to.
   */
  limit?: string
  /**
   * True for a dry run: nothing was to be changed.
   */
  check?: boolean
  /**
   * True when differences were asked for.
   */
  diff?: boolean
  /**
   * Inventory files, scripts or host lists, with passwords in URLs taken out.
   *
   * @maxItems 64
   */
  inventory?: string[]
  /**
   * Names of the extra variables; never their values.
   *
   * @maxItems 256
   */
  extra_var_names?: string[]
  /**
   * Number of hosts that are worked on side by side.
   */
  forks?: number
  /**
   * How many times -v was given.
   */
  verbosity?: number
  /**
   * Name of the task that the run started at.
   */
  start_at_task?: string
  /**
   * True when each task was confirmed by hand.
   */
  step?: boolean
  /**
   * True when all tasks were to run as another user.
   */
  become?: boolean
  /**
   * That other user.
   */
  become_user?: string
  /**
   * How to become that user, for example `sudo`.
   */
  become_method?: string
  /**
   * User to log in as on the hosts.
   */
  remote_user?: string
  /**
   * Connection plugin.
   */
  connection?: string
  /**
   * Module of an ad-hoc command.
   */
  module_name?: string
}
/**
 * The play that the event belongs to.
 */
export interface AnsiblePlay {
  /**
   * Identity of the play within the run; with `serial`, the same for all of its batches.
   */
  id: string
  /**
   * Number of the batch, counted from 1: a play with `serial` runs once for each batch of hosts.
   */
  batch?: number
  /**
   * Name of the play.
   */
  name?: string
  /**
   * Pattern that chooses the hosts.
   */
  hosts_pattern?: string
  /**
   * How many hosts the play, or this batch, has.
   */
  hosts_total?: number
  /**
   * Strategy plugin.
   */
  strategy?: string
  /**
   * Names of those hosts, the first 1,000 of them: also the ones that the play never came to.
   *
   * @maxItems 1000
   */
  hosts?: string[]
  /**
   * How many hosts a batch has, as the play says it.
   */
  serial?: string
  /**
   * Tags of the play.
   *
   * @maxItems 256
   */
  tags?: string[]
  /**
   * Names of the variables that the user was asked for before this play; never what was answered.
   *
   * @maxItems 256
   */
  prompted_names?: string[]
}
/**
 * The task that the event belongs to.
 */
export interface AnsibleTask {
  /**
   * Identity of the task within the run.
   */
  id: string
  /**
   * How often this task had started in this run, this time included: a task runs again for each batch of a play, each flush of handlers, each turn of an include's loop.
   */
  occurrence?: number
  /**
   * The same for the same task in every run: SHA-1 of role, path within the playbook's directory, name as written and action, in hexadecimal. For trends.
   */
  key?: string
  /**
   * Name of the task, or its action where it has none. Under no_log the name as written, with nothing filled in.
   */
  name: string
  /**
   * Module or action, as written, for example `ansible.builtin.copy`.
   */
  action?: string
  /**
   * Role that the task comes from.
   */
  role?: string
  /**
   * File that the task is written in.
   */
  path?: string
  /**
   * Line in that file.
   */
  line?: number
  /**
   * Tags of the task.
   *
   * @maxItems 256
   */
  tags?: string[]
  /**
   * True for a handler.
   */
  handler?: boolean
  /**
   * True when the task was only to be checked, not done.
   */
  check_mode?: boolean
  /**
   * True when the playbook asks not to log this task: arguments, output and diff are not recorded.
   */
  no_log?: boolean
  /**
   * True when differences were asked for.
   */
  diff?: boolean
  /**
   * True when the task ran as another user.
   */
  become?: boolean
  /**
   * That other user, as written.
   */
  become_user?: string
  /**
   * Host that the task was to run on instead, as written.
   */
  delegate_to?: string
  /**
   * True when the task ran once for all hosts.
   */
  run_once?: boolean
  /**
   * True when the task has a loop.
   */
  loop?: boolean
  /**
   * Seconds that the task may go on in the background.
   */
  async?: number
  /**
   * Handlers that the task notifies when it changes something, as written.
   *
   * @maxItems 256
   */
  notify?: string[]
}
/**
 * How a task ended on one host.
 */
export interface AnsibleResult {
  /**
   * How it ended. `changed` and `ok` are told apart.
   */
  status: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
  /**
   * True when the failure was ignored.
   */
  ignored?: boolean
  /**
   * True when a `rescue` of the playbook took care of the failure.
   */
  rescued?: boolean
  /**
   * Command that was run, its words joined by spaces.
   */
  cmd?: string
  /**
   * Exit code of the command.
   */
  rc?: number
  /**
   * The module's message.
   */
  msg?: string
  /**
   * What the command printed.
   */
  stdout?: string
  /**
   * What the command printed as errors.
   */
  stderr?: string
  /**
   * Why the task was skipped.
   */
  skip_reason?: string
  /**
   * How many times the task was tried.
   */
  attempts?: number
  /**
   * Host that the task really ran on.
   */
  delegated_host?: string
  /**
   * Of a loop: how many of its items ended how.
   */
  items?: {
    /**
     * Items that were right already.
     */
    ok?: number
    /**
     * Items that were changed.
     */
    changed?: number
    /**
     * Items that failed.
     */
    failed?: number
    /**
     * Items that were skipped.
     */
    skipped?: number
  }
  /**
   * Warnings of the module.
   *
   * @maxItems 32
   */
  warnings?: string[]
  /**
   * How many tries the task had at most.
   */
  retries?: number
  /**
   * Identity of the job in the background, when the task did not wait for it.
   */
  async_job?: string
}
/**
 * In item.result: the item of a loop. Of each task on each host the first 200 are recorded; `ansible.result.items` counts all.
 */
export interface AnsibleItem {
  /**
   * Its place in the loop, counted from 1.
   */
  number: number
  /**
   * What Ansible shows of it; absent under no_log.
   */
  label?: string
}
/**
 * In host.retry: a try that did not succeed, and is followed by another.
 */
export interface AnsibleRetry {
  /**
   * Which try it was, counted from 1.
   */
  attempt: number
  /**
   * How many tries there are at most.
   */
  retries?: number
  /**
   * Exit code of the try.
   */
  rc?: number
  /**
   * Message of the try.
   */
  msg?: string
}
/**
 * In tasks.included: tasks or a role that were included while the play ran.
 */
export interface AnsibleInclude {
  /**
   * What was included.
   */
  kind: 'tasks' | 'role'
  /**
   * Name of the role, or path of the file.
   */
  name: string
  /**
   * For how many hosts.
   */
  hosts_total?: number
  /**
   * Names of those hosts, the first 1,000 of them.
   *
   * @maxItems 1000
   */
  hosts?: string[]
}
/**
 * In handler.notified: the handler. `ansible.task` is the task that notified it, where that is known.
 */
export interface AnsibleHandler {
  /**
   * Identity of the handler within the run: `ansible.task.id` of its own events.
   */
  id?: string
  /**
   * Its name.
   */
  name: string
}
/**
 * A name and its value as text.
 */
export interface NamedValue {
  /**
   * The name.
   */
  name: string
  /**
   * The host that it was said for; absent for the whole run.
   */
  host?: string
  /**
   * The value; of a structure its JSON.
   */
  value: string
}
/**
 * One difference, of one file for example.
 */
export interface AnsibleDiff {
  /**
   * What was changed, usually a file.
   */
  path?: string
  /**
   * The difference in unified form, or the text that the module prepared.
   */
  unified?: string
}
/**
 * Ansible's recap: of one host in host.finished, of all hosts together in run.finished. Counted for this run alone, also when one command runs several playbooks.
 */
export interface AnsibleStats {
  /**
   * Tasks that ended well, changed ones and ignored failures included.
   */
  ok?: number
  /**
   * Tasks that changed something.
   */
  changed?: number
  /**
   * Tasks that failed and were neither ignored nor rescued.
   */
  failures?: number
  /**
   * How often the host could not be reached.
   */
  unreachable?: number
  /**
   * Tasks that were skipped.
   */
  skipped?: number
  /**
   * Failed tasks that a rescue took care of.
   */
  rescued?: number
  /**
   * Failed tasks that were ignored.
   */
  ignored?: number
}
/**
 * In run.finished: how many hosts ended how, each counted once, the worst counting.
 */
export interface AnsibleHosts {
  /**
   * Hosts that the run worked on.
   */
  total?: number
  /**
   * Hosts on which nothing failed and nothing was changed.
   */
  ok?: number
  /**
   * Hosts on which something was changed and nothing failed.
   */
  changed?: number
  /**
   * Hosts on which a task failed.
   */
  failed?: number
  /**
   * Hosts that could not be reached.
   */
  unreachable?: number
}
