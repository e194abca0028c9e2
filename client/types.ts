// Made from /openapi.json by `npm run generate`. Do not edit.

/**
 * Every route of /openapi.json.
 */
export interface Routes {
  /**
   * Record events
   */
  'POST /v1/events': {
    path: {}
    query: {}
    /**
     * Everything that is counted as accepted or duplicate is on disk.
     */
    answer: {
      /**
       * Events that were new.
       */
      accepted: number
      /**
       * Events that were acknowledged before with the same bytes.
       */
      duplicates: number
      /**
       * Lines that were refused.
       */
      rejected: {
        /**
         * Line of the body, or place in the array, counted from 1.
         */
        line: number
        /**
         * What is wrong; docs/api.md lists the codes.
         */
        code: string
        /**
         * What was expected, what came, what to do.
         */
        message: string
        /**
         * Where in the event (RFC 6901).
         */
        pointer?: string
      }[]
    }
    problem: Problem
  }
  /**
   * Events by time
   */
  'GET /v1/events': {
    path: {}
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Id of the run, or its beginning.
       */
      run?: string
      /**
       * What kind of event (`event.action`).
       */
      action?:
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
       * Name of the playbook (`run.name`). `*` stands for any characters.
       */
      playbook?: string
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * Name of the person or account that did it (`user.name`).
       */
      user?: string
      /**
       * How a task ended on a host, or how a run stood.
       */
      status?: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable' | 'running' | 'success' | 'aborted'
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
      /**
       * `false` leaves out `run.heartbeat`, which says nothing but that a run goes on.
       */
      heartbeats?: 'true' | 'false'
      /**
       * Newest first, or oldest first.
       */
      sort?: '-@timestamp' | '@timestamp'
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * `next` of the page before, which was asked for with the same `sort`.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: IndexedEvent[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * Runs, newest first
   */
  'GET /v1/runs': {
    path: {}
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Name or path of the playbook. `*` stands for any characters.
       */
      playbook?: string
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * Name of the person or account that did it (`user.name`).
       */
      user?: string
      /**
       * How the run stands.
       */
      status?: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
      /**
       * What was executed. The life of the service is a run as well, of kind `service`; such runs are told only to whoever asks for them, with this or with `run.kind:service` in `q`.
       */
      kind?: 'playbook' | 'adhoc' | 'console' | 'pull' | 'job' | 'service'
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * Where to go on: `next` of the page before. The filters may be others than there.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: Run[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * One run
   */
  'GET /v1/runs/{id}': {
    path: {
      /**
       * Id of the run, or its beginning of at least 8 characters.
       */
      id: string
    }
    query: {
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
    }
    answer: Run
    problem: Problem
  }
  /**
   * Results of a run
   */
  'GET /v1/runs/{id}/results': {
    path: {
      /**
       * Id of the run, or its beginning of at least 8 characters.
       */
      id: string
    }
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * How it ended on the host.
       */
      status?: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * Where to go on: `next` of the page before. The filters may be others than there.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: IndexedEvent[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * Plays of a run
   */
  'GET /v1/runs/{id}/plays': {
    path: {
      /**
       * Id of the run, or its beginning of at least 8 characters.
       */
      id: string
    }
    query: {
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * Where to go on: `next` of the page before. The filters may be others than there.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: PlayOfRun[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * Tasks of a run
   */
  'GET /v1/runs/{id}/tasks': {
    path: {
      /**
       * Id of the run, or its beginning of at least 8 characters.
       */
      id: string
    }
    query: {
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * Where to go on: `next` of the page before. The filters may be others than there.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: TaskOfRun[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * Hosts of a run
   */
  'GET /v1/runs/{id}/hosts': {
    path: {
      /**
       * Id of the run, or its beginning of at least 8 characters.
       */
      id: string
    }
    query: {
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * Where to go on: `next` of the page before. The filters may be others than there.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: HostOfRun[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * A run as a matrix of hosts and tasks
   */
  'GET /v1/runs/{id}/matrix': {
    path: {
      /**
       * Id of the run, or its beginning of at least 8 characters.
       */
      id: string
    }
    query: {
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * `number` of the first task that is answered.
       */
      tasks_from?: number
      /**
       * Tasks that are answered, at most.
       */
      tasks_limit?: number
      /**
       * Hosts of the page, at most. A page with many results may be shorter although more follow.
       */
      limit?: number
      /**
       * Where to go on: `next` of the page before. The filters may be others than there.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      tasks: {
        /**
         * Place of the task in the run, counted from 0, as far as its events are here.
         */
        number: number
        /**
         * `event.sequence`: the place in the run.
         */
        sequence: number
        ansible: {
          /**
           * The task that the event belongs to.
           */
          task: {
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
             * Name of the task, or its action where it has none. Under no_log the name as written, with nothing filled in. Empty where no event named it.
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
        }
      }[]
      /**
       * Tasks of the run.
       */
      tasks_total: number
      items: RowOfMatrix[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    problem: Problem
  }
  /**
   * Two runs compared
   */
  'GET /v1/compare': {
    path: {}
    query: {
      /**
       * Id of the one run, or its beginning.
       */
      a: string
      /**
       * Id of the other run, or its beginning.
       */
      b: string
    }
    answer: Comparison
    problem: Problem
  }
  /**
   * What check runs would change
   */
  'GET /v1/drift': {
    path: {}
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * Name of the playbook (`run.name`). `*` stands for any characters.
       */
      playbook?: string
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`. 30 days before `to` if it is absent.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * Where to go on: `next` of the page before. The filters may be others than there.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: Drift[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
      /**
       * What was looked at.
       */
      checked: {
        from: string
        to: string
        /**
         * Runs with `--check` that started in this time, whatever `q` says.
         */
        runs: number
        /**
         * The oldest of them.
         */
        first?: {
          '@timestamp': string
          run: {
            /**
             * Identity of the run, a UUIDv7 (RFC 9562) made by the sender when the run starts: its first 48 bits are the start in milliseconds since 1970, which lists of runs are sorted by.
             */
            id: string
            /**
             * What people call it: the playbook's file name, or the module of an ad-hoc command. Repeated in every event of the run, so that results can be asked for by it.
             */
            name?: string
            /**
             * How the run stands. A finished run is `failed` if any host failed, else `unreachable` if any was, else `changed` if anything was changed, else `success`; derived from Ansible's stats, since a callback is not told the exit code.
             */
            status: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
          }
          user?: {
            /**
             * Login name of the person, or of the account, that started the run. Repeated in every event of the run, so that results can be asked for by it.
             */
            name: string
          }
        }
        /**
         * The newest of them.
         */
        last?: {
          '@timestamp': string
          run: {
            /**
             * Identity of the run, a UUIDv7 (RFC 9562) made by the sender when the run starts: its first 48 bits are the start in milliseconds since 1970, which lists of runs are sorted by.
             */
            id: string
            /**
             * What people call it: the playbook's file name, or the module of an ad-hoc command. Repeated in every event of the run, so that results can be asked for by it.
             */
            name?: string
            /**
             * How the run stands. A finished run is `failed` if any host failed, else `unreachable` if any was, else `changed` if anything was changed, else `success`; derived from Ansible's stats, since a callback is not told the exit code.
             */
            status: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
          }
          user?: {
            /**
             * Login name of the person, or of the account, that started the run. Repeated in every event of the run, so that results can be asked for by it.
             */
            name: string
          }
        }
      }
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * Managed hosts
   */
  'GET /v1/hosts': {
    path: {}
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Name of the playbook (`run.name`). `*` stands for any characters.
       */
      playbook?: string
      /**
       * Name of the person or account that did it (`user.name`).
       */
      user?: string
      /**
       * How it ended on the host.
       */
      status?: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * By name, or the latest run or change, or the most failed and unreachable results first.
       */
      sort?: 'name' | '-last_run' | '-last_change' | '-failed'
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * `next` of the page before, which was asked for with the same `sort`.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: HostSummary[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * One host
   */
  'GET /v1/hosts/{name}': {
    path: {
      /**
       * Name of the managed host.
       */
      name: string
    }
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Name of the playbook (`run.name`). `*` stands for any characters.
       */
      playbook?: string
      /**
       * Name of the person or account that did it (`user.name`).
       */
      user?: string
      /**
       * How it ended on the host.
       */
      status?: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
    }
    answer: Host
    problem: Problem
  }
  /**
   * Runs on a host, newest first
   */
  'GET /v1/hosts/{name}/runs': {
    path: {
      /**
       * Name of the managed host.
       */
      name: string
    }
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Name or path of the playbook. `*` stands for any characters.
       */
      playbook?: string
      /**
       * Name of the person or account that did it (`user.name`).
       */
      user?: string
      /**
       * How the run stands.
       */
      status?: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * Where to go on: `next` of the page before. The filters may be others than there.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: HostRun[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * Playbooks
   */
  'GET /v1/playbooks': {
    path: {}
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Name or path of the playbook. `*` stands for any characters.
       */
      playbook?: string
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * Name of the person or account that did it (`user.name`).
       */
      user?: string
      /**
       * How the run stands.
       */
      status?: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
      /**
       * What was executed. The life of the service is a run as well, of kind `service`; such runs are told only to whoever asks for them, with this or with `run.kind:service` in `q`.
       */
      kind?: 'playbook' | 'adhoc' | 'console' | 'pull' | 'job' | 'service'
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
      /**
       * By name, or the most runs, most failures or longest runs (p95) first.
       */
      sort?: 'name' | '-runs' | '-failure_rate' | '-duration'
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * `next` of the page before, which was asked for with the same `sort`.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: PlaybookSummary[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * Users
   */
  'GET /v1/users': {
    path: {}
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Name or path of the playbook. `*` stands for any characters.
       */
      playbook?: string
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * Name of the person or account that did it (`user.name`).
       */
      user?: string
      /**
       * How the run stands.
       */
      status?: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
      /**
       * What was executed. The life of the service is a run as well, of kind `service`; such runs are told only to whoever asks for them, with this or with `run.kind:service` in `q`.
       */
      kind?: 'playbook' | 'adhoc' | 'console' | 'pull' | 'job' | 'service'
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
      /**
       * By name, or the most runs, most failures or latest run first.
       */
      sort?: 'name' | '-runs' | '-failure_rate' | '-last_run'
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * `next` of the page before, which was asked for with the same `sort`.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: UserSummary[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * Tasks
   */
  'GET /v1/tasks': {
    path: {}
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Name of the playbook (`run.name`). `*` stands for any characters.
       */
      playbook?: string
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * Name of the person or account that did it (`user.name`).
       */
      user?: string
      /**
       * How it ended on the host.
       */
      status?: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
      /**
       * The greatest failure, change or flake rate, the longest duration (p95) or the most results first, or by key.
       */
      sort?: '-failure_rate' | '-change_rate' | '-flake_rate' | '-duration' | '-results' | 'key'
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * Items of the page, at most: from 1 to 1000, 50 if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.
       */
      limit?: number
      /**
       * `next` of the page before, which was asked for with the same `sort`.
       */
      cursor?: string
    }
    /**
     * One page of the list.
     */
    answer: {
      items: TaskSummary[]
      /**
       * Give it as `cursor` to get the page after this one; null on the last page.
       */
      next: string | null
    }
    stream: 'application/x-ndjson' | 'text/csv'
    problem: Problem
  }
  /**
   * One task
   */
  'GET /v1/tasks/{key}': {
    path: {
      /**
       * `ansible.task.key`.
       */
      key: string
    }
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Name of the playbook (`run.name`). `*` stands for any characters.
       */
      playbook?: string
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * Name of the person or account that did it (`user.name`).
       */
      user?: string
      /**
       * How it ended on the host.
       */
      status?: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
    }
    answer: TaskSummary
    problem: Problem
  }
  /**
   * Values of fields
   */
  'GET /v1/facets': {
    path: {}
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Id of the run, or its beginning.
       */
      run?: string
      /**
       * What kind of event (`event.action`).
       */
      action?:
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
       * Name of the playbook (`run.name`). `*` stands for any characters.
       */
      playbook?: string
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * Name of the person or account that did it (`user.name`).
       */
      user?: string
      /**
       * How a task ended on a host, or how a run stood.
       */
      status?: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable' | 'running' | 'success' | 'aborted'
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
      /**
       * Fields to count by, separated by commas; all of these if it is absent: event.action, status, host.name, user.name, run.name.
       */
      field?: string
      /**
       * Values of each field, at most: the most frequent ones.
       */
      limit?: number
    }
    answer: Facets
    problem: Problem
  }
  /**
   * Events over time
   */
  'GET /v1/histogram': {
    path: {}
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * Id of the run, or its beginning.
       */
      run?: string
      /**
       * What kind of event (`event.action`).
       */
      action?:
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
       * Name of the playbook (`run.name`). `*` stands for any characters.
       */
      playbook?: string
      /**
       * Name of a managed host. `*` stands for any characters.
       */
      host?: string
      /**
       * Name of the person or account that did it (`user.name`).
       */
      user?: string
      /**
       * How a task ended on a host, or how a run stood.
       */
      status?: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable' | 'running' | 'success' | 'aborted'
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
      /**
       * How long an interval is; `auto` chooses the shortest of which 200 reach over the whole time.
       */
      interval?: 'auto' | 'minute' | 'hour' | 'day' | 'week'
    }
    answer: Histogram
    problem: Problem
  }
  /**
   * What happens, as it happens
   */
  'GET /v1/live': {
    path: {}
    query: {
      /**
       * What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.
       */
      q?: string
      /**
       * What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.
       */
      fields?: string
      /**
       * `false` leaves out what runs do: only events that match `q` are told.
       */
      runs?: 'true' | 'false'
      /**
       * `service`: also the runs that are the life of the service itself, which are left out otherwise.
       */
      kind?: 'service'
      /**
       * The id that was told last, where the header Last-Event-ID cannot be sent: all that follows is told.
       */
      last_event_id?: string
    }
    answer: string
    stream: 'text/event-stream'
    problem: Problem
  }
  /**
   * The log’s newest signed checkpoint
   */
  'GET /v1/log/checkpoint': {
    path: {}
    query: {}
    answer: string
    stream: 'text/plain'
    problem: Problem
  }
  /**
   * The log’s public keys
   */
  'GET /v1/log/log.vkey': {
    path: {}
    query: {}
    answer: string
    stream: 'text/plain'
    problem: Problem
  }
  /**
   * The newest checkpoint that a witness cosigned
   */
  'GET /v1/log/witnessed/{key}': {
    path: {
      key: string
    }
    query: {}
    answer: string
    stream: 'text/plain'
    problem: Problem
  }
  /**
   * A tile or an entry bundle of the log
   */
  'GET /v1/log/tile/{*}': {
    path: {
      '*': string
    }
    query: {}
    answer: string
    stream: 'application/octet-stream'
    problem: Problem
  }
  /**
   * The proof that an event is in the log
   */
  'GET /v1/log/proof/{event_id}': {
    path: {
      event_id: string
    }
    query: {
      /**
       * The proof alone, or JSON with leaf, event and salt.
       */
      form?: 'proof' | 'json'
    }
    /**
     * The proof.
     */
    answer: unknown
    stream: 'text/plain'
    problem: Problem
  }
  /**
   * Is the list complete?
   */
  'GET /v1/completeness': {
    path: {}
    query: {
      /**
       * Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`. 7 days before `to` if it is absent.
       */
      from?: string
      /**
       * Before this time, written like `from`.
       */
      to?: string
    }
    answer: Completeness
    problem: Problem
  }
  /**
   * Is the process alive?
   */
  'GET /healthz': {
    path: {}
    query: {}
    /**
     * It is.
     */
    answer: {
      status: 'ok'
      /**
       * Version of Playtrail.
       */
      version: string
    }
    problem: Problem
  }
  /**
   * Can events be sent, and how far is the index?
   */
  'GET /readyz': {
    path: {}
    query: {}
    /**
     * Events can be sent.
     */
    answer: {
      /**
       * `anchor_failing`: events are kept and sealed, but an anchor does not take the newest checkpoint. `index_failing`: events are kept, but cannot be found yet. `log_failing`: events are kept, but not sealed. `journal_full`: new events are refused for want of space. `tokens_unreadable`: every request that needs a token is refused, since their file cannot be read; the log tells why.
       */
      status:
        'ready' | 'anchor_failing' | 'index_failing' | 'log_failing' | 'journal_full' | 'tokens_unreadable'
      journal: {
        /**
         * Identity of the journal.
         */
        log: string
        /**
         * Records in the journal.
         */
        end: number
        /**
         * Why new events are refused; absent if they are not.
         */
        advice?: string
      }
      log: {
        /**
         * Records that are sealed: leaves of the published tree.
         */
        size: number
        /**
         * Records that are not sealed yet.
         */
        behind: number
        /**
         * For how long the newest checkpoint has been published.
         */
        checkpoint_age_seconds: number
        /**
         * Why the log does not go on.
         */
        error?: string
      }
      /**
       * Who keeps checkpoints of the log elsewhere.
       */
      anchors: {
        kind: 'file' | 'webhook' | 'witness'
        /**
         * Path of the file, host of the webhook, name of the witness.
         */
        target: string
        /**
         * Records under the checkpoint that it kept last; absent if it never did.
         */
        size?: number
        /**
         * How long ago it said that it keeps the newest checkpoint; if it never did, since the start of the service.
         */
        age_seconds: number
        /**
         * Why it does not take the newest checkpoint.
         */
        error?: string
      }[]
      index: {
        /**
         * Records that the index has; absent until it could be asked.
         */
        cursor?: number
        /**
         * Records that it has not got yet.
         */
        lag?: number
        /**
         * For how long the oldest of them has waited.
         */
        lag_seconds?: number
        /**
         * Why the last write to the index failed.
         */
        error?: string
        /**
         * Events that the index refused; absent if there are none.
         */
        dead_letters?: number
        /**
         * What to do about them.
         */
        advice?: string
      }
    }
    problem: Problem
  }
  /**
   * Metrics in the form of Prometheus
   */
  'GET /metrics': {
    path: {}
    query: {}
    answer: string
    stream: 'text/plain'
    problem: Problem
  }
}
export interface Problem {
  type: string
  title: string
  status: number
  /**
   * Name of the problem, which does not change: docs/api.md lists them.
   */
  code:
    | 'json_invalid'
    | 'event_invalid'
    | 'event_id_mismatch'
    | 'provider_reserved'
    | 'event_too_large'
    | 'event_conflict'
    | 'batch_refused'
    | 'batch_empty'
    | 'batch_too_large'
    | 'gzip_invalid'
    | 'body_incomplete'
    | 'media_type_unsupported'
    | 'encoding_unsupported'
    | 'journal_full'
    | 'overloaded'
    | 'parameter_invalid'
    | 'cursor_invalid'
    | 'query_invalid'
    | 'query_too_costly'
    | 'run_not_found'
    | 'query_timeout'
    | 'too_many_groups'
    | 'host_not_found'
    | 'task_not_found'
    | 'run_ambiguous'
    | 'event_not_found'
    | 'tile_not_found'
    | 'not_sealed'
    | 'not_acceptable'
    | 'too_many_clients'
    | 'too_many_exports'
    | 'index_unavailable'
    | 'checkpoint_invalid'
    | 'checkpoint_unsigned'
    | 'log_unknown'
    | 'checkpoint_not_found'
    | 'root_conflict'
    | 'checkpoint_too_large'
    | 'proof_invalid'
    | 'checkpoint_not_kept'
    | 'token_missing'
    | 'token_unknown'
    | 'tokens_unreadable'
    | 'role_forbidden'
    | 'route_not_found'
    | 'method_not_allowed'
    | 'request_timeout'
    | 'head_too_large'
    | 'request_invalid'
    | 'internal'
  /**
   * What was expected, what came, and what to do.
   */
  detail: string
}
/**
 * An event as it was received, with what the server knows about it.
 */
export interface IndexedEvent {
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
  playtrail: PlaytrailFields
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
   * When the run, or the task on this host, started.
   */
  start?: string
  /**
   * When the run, or the task on this host, ended. In run.aborted of the shipper: when it noticed that the process was gone, as a rule within half a second; if it was not the run's own shipper, the last event, heartbeat or look that found it going on. In run.aborted of the service: when it received the last record before it ended.
   */
  end?: string
  /**
   * How long it took, in nanoseconds, by the monotonic clock. In run.aborted of the shipper: from `event.start` to `event.end`.
   */
  duration?: number
  /**
   * When the server received the event. RFC 3339, UTC, microseconds.
   */
  ingested: string
  /**
   * SHA-256 of the event's bytes as they were received, in hexadecimal.
   */
  hash: string
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
   * When the process started.
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
   * When it was made. `@timestamp` is when the service saw it.
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
/**
 * Where the evidence of the event lies.
 */
export interface PlaytrailFields {
  /**
   * Identity of the journal that holds the event.
   */
  log: string
  /**
   * Number of the event's record in that journal, counted from 0.
   */
  index: number
  /**
   * Name of the token that the event was sent with, or `local` where the server is open on loopback. Events of the server's own have `server`.
   */
  sender: string
}
/**
 * A run as its events tell it. What no event has said yet is absent.
 */
export interface Run {
  /**
   * When the run started.
   */
  '@timestamp': string
  /**
   * The execution that the event belongs to.
   */
  run: {
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
    status: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
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
  event: {
    /**
     * When the run started.
     */
    start: string
    /**
     * `success` for ok and changed, `failure` for failed (also when ignored) and unreachable, `unknown` for skipped and for what was only checked.
     */
    outcome?: 'success' | 'failure' | 'unknown'
    /**
     * When the run, or the task on this host, ended. In run.aborted of the shipper: when it noticed that the process was gone, as a rule within half a second; if it was not the run's own shipper, the last event, heartbeat or look that found it going on. In run.aborted of the service: when it received the last record before it ended.
     */
    end?: string
    /**
     * How long it took, in nanoseconds, by the monotonic clock. In run.aborted of the shipper: from `event.start` to `event.end`.
     */
    duration?: number
  }
  user?: UserFields
  source?: SourceFields
  observer?: ObserverFields
  process?: ProcessFields
  agent?: AgentFields
  labels?: Labels
  vcs?: VcsFields
  ci?: CiFields
  awx?: AwxFields
  error?: ErrorFields
  /**
   * What Ansible was asked to do, and how it ended.
   */
  ansible?: {
    /**
     * Version of ansible-core.
     */
    version?: string
    playbook?: AnsiblePlaybook
    cli?: AnsibleCli
    stats?: AnsibleStats
    hosts?: AnsibleHosts
  }
  /**
   * What the server knows about the run.
   */
  playtrail: {
    /**
     * Events of the run that are indexed.
     */
    events: number
    /**
     * Results of tasks on hosts by status, as far as they have arrived.
     */
    results: {
      ok: number
      changed: number
      failed: number
      skipped: number
      unreachable: number
    }
    /**
     * When the server received the newest event of the run.
     */
    last_ingested: string
    /**
     * When the server received the newest event that a sender sent; what it says itself does not count.
     */
    last_heard?: string
    /**
     * How often the server has closed the run because it had fallen silent.
     */
    silences: number
  }
}
export interface PlayOfRun {
  ansible: {
    /**
     * The play that the event belongs to.
     */
    play: {
      /**
       * Identity of the play within the run; with `serial`, the same for all of its batches. Empty where no event said which play it is.
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
  }
  /**
   * True if no host matched its pattern.
   */
  no_hosts?: boolean
  /**
   * `event.sequence`: the place in the run.
   */
  sequence: number
  event: {
    /**
     * By the clock of the sender.
     */
    start?: string
    /**
     * When its last result came.
     */
    end?: string
    /**
     * Nanoseconds from its start to its last result.
     */
    duration?: number
  }
  /**
   * Tasks of it, as often as they were started.
   */
  tasks: number
  /**
   * Hosts with a result in it.
   */
  hosts: number
  /**
   * Results by status; of a task on a host the last one.
   */
  results: {
    ok: number
    changed: number
    failed: number
    skipped: number
    unreachable: number
  }
}
export interface TaskOfRun {
  ansible: {
    play: {
      /**
       * Identity of the play within the run; with `serial`, the same for all of its batches. Empty where no event said which play it is.
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
    }
    /**
     * The task that the event belongs to.
     */
    task: {
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
       * Name of the task, or its action where it has none. Under no_log the name as written, with nothing filled in. Empty where no event named it.
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
  }
  /**
   * `event.sequence`: the place in the run.
   */
  sequence: number
  event: {
    /**
     * By the clock of the sender.
     */
    start?: string
    /**
     * When its last result came.
     */
    end?: string
    /**
     * Nanoseconds from its start to its last result.
     */
    duration?: number
  }
  /**
   * Results by status; of a task on a host the last one.
   */
  results: {
    ok: number
    changed: number
    failed: number
    skipped: number
    unreachable: number
  }
  /**
   * Results that failed or were unreachable, and were ignored.
   */
  ignored: number
  /**
   * Results that failed, and that a `rescue` took care of.
   */
  rescued: number
}
export interface HostOfRun {
  host: {
    /**
     * Name of the host in the inventory.
     */
    name: string
  }
  /**
   * The worst of its results; failed and unreachable ones that were ignored or rescued do not count. Absent if the run never came to a result there, although a play was to.
   */
  status?: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
  event: {
    /**
     * By the clock of the sender.
     */
    start?: string
    /**
     * When its last result came.
     */
    end?: string
    /**
     * Nanoseconds that its tasks took there, added up.
     */
    duration?: number
  }
  /**
   * Results by status; of a task on a host the last one.
   */
  results: {
    ok: number
    changed: number
    failed: number
    skipped: number
    unreachable: number
  }
  /**
   * Results that failed or were unreachable, and were ignored.
   */
  ignored: number
  /**
   * Results that failed, and that a `rescue` took care of.
   */
  rescued: number
  /**
   * Ansible's own recap, once there is one.
   */
  ansible?: {
    stats: AnsibleStats
  }
}
export interface RowOfMatrix {
  host: {
    /**
     * Name of the host in the inventory.
     */
    name: string
  }
  /**
   * As in `/v1/runs/{id}/hosts`, of all tasks.
   */
  status?: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
  /**
   * Those of `tasks` that have a result on the host, in their order.
   */
  results: {
    /**
     * `number` of the task in `tasks`.
     */
    task: number
    /**
     * How the task ended on the host.
     */
    status: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
    /**
     * True if the failure was ignored.
     */
    ignored?: boolean
    /**
     * True if a `rescue` took care of the failure.
     */
    rescued?: boolean
    /**
     * `event.sequence` of the event that has all of the result.
     */
    sequence: number
    /**
     * Nanoseconds; absent if it was not measured.
     */
    duration?: number
  }[]
}
/**
 * What differs between two runs.
 */
export interface Comparison {
  a: {
    /**
     * When the run started.
     */
    '@timestamp': string
    /**
     * The execution that the event belongs to.
     */
    run: {
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
      status: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
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
    event: {
      /**
       * When the run started.
       */
      start: string
      /**
       * `success` for ok and changed, `failure` for failed (also when ignored) and unreachable, `unknown` for skipped and for what was only checked.
       */
      outcome?: 'success' | 'failure' | 'unknown'
      /**
       * When the run, or the task on this host, ended. In run.aborted of the shipper: when it noticed that the process was gone, as a rule within half a second; if it was not the run's own shipper, the last event, heartbeat or look that found it going on. In run.aborted of the service: when it received the last record before it ended.
       */
      end?: string
      /**
       * How long it took, in nanoseconds, by the monotonic clock. In run.aborted of the shipper: from `event.start` to `event.end`.
       */
      duration?: number
    }
    user?: UserFields
  }
  b: {
    /**
     * When the run started.
     */
    '@timestamp': string
    /**
     * The execution that the event belongs to.
     */
    run: {
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
      status: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
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
    event: {
      /**
       * When the run started.
       */
      start: string
      /**
       * `success` for ok and changed, `failure` for failed (also when ignored) and unreachable, `unknown` for skipped and for what was only checked.
       */
      outcome?: 'success' | 'failure' | 'unknown'
      /**
       * When the run, or the task on this host, ended. In run.aborted of the shipper: when it noticed that the process was gone, as a rule within half a second; if it was not the run's own shipper, the last event, heartbeat or look that found it going on. In run.aborted of the service: when it received the last record before it ended.
       */
      end?: string
      /**
       * How long it took, in nanoseconds, by the monotonic clock. In run.aborted of the shipper: from `event.start` to `event.end`.
       */
      duration?: number
    }
    user?: UserFields
  }
  /**
   * `same`: by its path. `same_name`: by its name, in different places or in a place that nobody told.
   */
  playbook: 'same' | 'same_name' | 'different'
  /**
   * Fields of the runs that differ. A side that does not have the field is absent.
   */
  differences: {
    field:
      | 'run.status'
      | 'run.reason'
      | 'run.kind'
      | 'run.name'
      | 'ansible.playbook.path'
      | 'user.name'
      | 'user.effective.name'
      | 'observer.hostname'
      | 'ansible.cli.tags'
      | 'ansible.cli.skip_tags'
      | 'ansible.cli.limit'
      | 'ansible.cli.check'
      | 'ansible.cli.diff'
      | 'ansible.cli.inventory'
      | 'ansible.cli.extra_var_names'
      | 'ansible.cli.start_at_task'
      | 'ansible.cli.step'
      | 'ansible.cli.forks'
      | 'ansible.cli.become'
      | 'ansible.cli.become_user'
      | 'ansible.cli.become_method'
      | 'ansible.cli.remote_user'
      | 'ansible.cli.connection'
      | 'ansible.cli.module_name'
      | 'ansible.version'
      | 'vcs.url'
      | 'vcs.branch'
      | 'vcs.commit'
      | 'labels'
      | 'event.duration'
    /**
     * Its value in the one run.
     */
    a?: unknown
    /**
     * Its value in the other run.
     */
    b?: unknown
  }[]
  hosts: {
    /**
     * Hosts of the one run alone.
     */
    only_a: {
      items: {
        host: {
          /**
           * Name of the host in the inventory.
           */
          name: string
        }
      }[]
      /**
       * How many more there would be.
       */
      more: number
    }
    /**
     * Hosts of the other run alone.
     */
    only_b: {
      items: {
        host: {
          /**
           * Name of the host in the inventory.
           */
          name: string
        }
      }[]
      /**
       * How many more there would be.
       */
      more: number
    }
  }
  tasks: {
    /**
     * Tasks of the one run alone.
     */
    only_a: {
      items: {
        ansible: {
          task: {
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
          }
        }
      }[]
      /**
       * How many more there would be.
       */
      more: number
    }
    /**
     * Tasks of the other run alone.
     */
    only_b: {
      items: {
        ansible: {
          task: {
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
          }
        }
      }[]
      /**
       * How many more there would be.
       */
      more: number
    }
    /**
     * Tasks that took notably longer in one of the runs, the greatest difference first.
     */
    durations: {
      items: {
        ansible: {
          task: {
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
          }
        }
        /**
         * Nanoseconds.
         */
        a: number
        /**
         * Nanoseconds.
         */
        b: number
        /**
         * b ÷ a.
         */
        ratio: number
      }[]
      /**
       * How many more there would be.
       */
      more: number
    }
  }
  /**
   * Results that differ, of hosts and tasks that both runs have: first those that both came to.
   */
  results: {
    items: {
      host: {
        /**
         * Name of the host in the inventory.
         */
        name: string
      }
      ansible: {
        task: {
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
        }
      }
      /**
       * The worst result of the task on the host; absent if the run has none.
       */
      a?: {
        /**
         * How the task ended on the host.
         */
        status: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
        /**
         * True if the failure was ignored.
         */
        ignored?: boolean
        /**
         * True if a `rescue` took care of the failure.
         */
        rescued?: boolean
        /**
         * `event.sequence` of the event that has all of the result.
         */
        sequence: number
      }
      /**
       * The worst result of the task on the host; absent if the run has none.
       */
      b?: {
        /**
         * How the task ended on the host.
         */
        status: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
        /**
         * True if the failure was ignored.
         */
        ignored?: boolean
        /**
         * True if a `rescue` took care of the failure.
         */
        rescued?: boolean
        /**
         * `event.sequence` of the event that has all of the result.
         */
        sequence: number
      }
    }[]
    /**
     * How many more there would be.
     */
    more: number
  }
}
export interface Drift {
  host: {
    /**
     * Name of the host in the inventory.
     */
    name: string
  }
  /**
   * The playbook.
   */
  run?: {
    /**
     * What people call it: the playbook's file name, or the module of an ad-hoc command. Repeated in every event of the run, so that results can be asked for by it.
     */
    name: string
  }
  ansible: {
    task: {
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
    }
  }
  /**
   * What would be changed, as the last diff has it; the first of many.
   */
  paths: string[]
  /**
   * When it was said first, with nothing since then that says otherwise.
   */
  since: string
  /**
   * Runs that said so, from the first to the last.
   */
  runs: number
  /**
   * The result that said so first.
   */
  first: {
    '@timestamp': string
    run: {
      /**
       * Identity of the run, a UUIDv7 (RFC 9562) made by the sender when the run starts: its first 48 bits are the start in milliseconds since 1970, which lists of runs are sorted by.
       */
      id: string
    }
    event: {
      /**
       * `event.sequence`: the place in the run.
       */
      sequence: number
    }
    user?: {
      /**
       * Login name of the person, or of the account, that started the run. Repeated in every event of the run, so that results can be asked for by it.
       */
      name: string
    }
  }
  /**
   * The result that said so last.
   */
  last: {
    '@timestamp': string
    run: {
      /**
       * Identity of the run, a UUIDv7 (RFC 9562) made by the sender when the run starts: its first 48 bits are the start in milliseconds since 1970, which lists of runs are sorted by.
       */
      id: string
    }
    event: {
      /**
       * `event.sequence`: the place in the run.
       */
      sequence: number
    }
    user?: {
      /**
       * Login name of the person, or of the account, that started the run. Repeated in every event of the run, so that results can be asked for by it.
       */
      name: string
    }
  }
}
/**
 * A managed host, told by the results of tasks on it.
 */
export interface HostSummary {
  host: {
    name: string
  }
  /**
   * Results by status.
   */
  results: {
    ok: number
    changed: number
    failed: number
    skipped: number
    unreachable: number
  }
  /**
   * Runs with a result on the host.
   */
  runs: number
  /**
   * Its latest result of any kind.
   */
  last_run: {
    '@timestamp': string
    run?: {
      id: string
      name?: string
    }
    user?: {
      name: string
    }
  }
  /**
   * Its latest result that changed something, and was not only checked.
   */
  last_change?: {
    '@timestamp': string
    run?: {
      id: string
      name?: string
    }
    user?: {
      name: string
    }
  }
  /**
   * Its latest result that failed, or was unreachable.
   */
  last_failure?: {
    '@timestamp': string
    run?: {
      id: string
      name?: string
    }
    user?: {
      name: string
    }
  }
}
/**
 * A managed host; `document` is the run in which something happened last, whole.
 */
export interface Host {
  host: {
    name: string
  }
  /**
   * Results by status.
   */
  results: {
    ok: number
    changed: number
    failed: number
    skipped: number
    unreachable: number
  }
  /**
   * Runs with a result on the host.
   */
  runs: number
  /**
   * Its latest result of any kind.
   */
  last_run: {
    '@timestamp': string
    run?: {
      id: string
      name?: string
    }
    user?: {
      name: string
    }
    document?: Run
  }
  /**
   * Its latest result that changed something, and was not only checked.
   */
  last_change?: {
    '@timestamp': string
    run?: {
      id: string
      name?: string
    }
    user?: {
      name: string
    }
    document?: Run
  }
  /**
   * Its latest result that failed, or was unreachable.
   */
  last_failure?: {
    '@timestamp': string
    run?: {
      id: string
      name?: string
    }
    user?: {
      name: string
    }
    document?: Run
  }
}
/**
 * A run, and how its tasks ended on one host.
 */
export interface HostRun {
  /**
   * When the run started.
   */
  '@timestamp': string
  /**
   * The execution that the event belongs to.
   */
  run: {
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
    status: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
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
  event: {
    /**
     * When the run started.
     */
    start: string
    /**
     * `success` for ok and changed, `failure` for failed (also when ignored) and unreachable, `unknown` for skipped and for what was only checked.
     */
    outcome?: 'success' | 'failure' | 'unknown'
    /**
     * When the run, or the task on this host, ended. In run.aborted of the shipper: when it noticed that the process was gone, as a rule within half a second; if it was not the run's own shipper, the last event, heartbeat or look that found it going on. In run.aborted of the service: when it received the last record before it ended.
     */
    end?: string
    /**
     * How long it took, in nanoseconds, by the monotonic clock. In run.aborted of the shipper: from `event.start` to `event.end`.
     */
    duration?: number
  }
  user?: UserFields
  source?: SourceFields
  observer?: ObserverFields
  process?: ProcessFields
  agent?: AgentFields
  labels?: Labels
  vcs?: VcsFields
  ci?: CiFields
  awx?: AwxFields
  error?: ErrorFields
  /**
   * What Ansible was asked to do, and how it ended.
   */
  ansible?: {
    /**
     * Version of ansible-core.
     */
    version?: string
    playbook?: AnsiblePlaybook
    cli?: AnsibleCli
    stats?: AnsibleStats
    hosts?: AnsibleHosts
  }
  /**
   * What the server knows about the run.
   */
  playtrail: {
    /**
     * Events of the run that are indexed.
     */
    events: number
    /**
     * Results of tasks on hosts by status, as far as they have arrived.
     */
    results: {
      ok: number
      changed: number
      failed: number
      skipped: number
      unreachable: number
    }
    /**
     * When the server received the newest event of the run.
     */
    last_ingested: string
    /**
     * When the server received the newest event that a sender sent; what it says itself does not count.
     */
    last_heard?: string
    /**
     * How often the server has closed the run because it had fallen silent.
     */
    silences: number
  }
  host: {
    name: string
  }
  /**
   * Results of the run on this host, of each task the last one.
   */
  results: {
    ok: number
    changed: number
    failed: number
    skipped: number
    unreachable: number
  }
}
/**
 * The runs of one `run.name`.
 */
export interface PlaybookSummary {
  run: {
    name: string
  }
  /**
   * Runs by status.
   */
  runs: {
    running: number
    success: number
    changed: number
    failed: number
    unreachable: number
    aborted: number
  }
  /**
   * Failed, unreachable and aborted runs among those that ended.
   */
  failure_rate?: number
  /**
   * The run that started last.
   */
  last_run: {
    /**
     * When it started, as its id says.
     */
    '@timestamp': string
    run: {
      id: string
      name?: string
      status: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
    }
    user?: {
      name: string
    }
  }
  /**
   * The run with status `success` or `changed` that started last.
   */
  last_success?: {
    /**
     * When it started, as its id says.
     */
    '@timestamp': string
    run: {
      id: string
      name?: string
      status: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
    }
    user?: {
      name: string
    }
  }
  /**
   * Durations in nanoseconds that half, and 95 %, of them do not exceed; true to 3 %.
   */
  duration?: {
    p50: number
    p95: number
  }
  /**
   * By the week in which they started, oldest first; weeks without a run are absent.
   */
  weeks: {
    /**
     * When the week began: Monday, UTC.
     */
    '@timestamp': string
    runs: number
    failed: number
    /**
     * Durations in nanoseconds that half, and 95 %, of them do not exceed; true to 3 %.
     */
    duration?: {
      p50: number
      p95: number
    }
  }[]
}
/**
 * The runs of one `user.name`.
 */
export interface UserSummary {
  user: {
    name: string
  }
  /**
   * Runs by status.
   */
  runs: {
    running: number
    success: number
    changed: number
    failed: number
    unreachable: number
    aborted: number
  }
  /**
   * Failed, unreachable and aborted runs among those that ended.
   */
  failure_rate?: number
  /**
   * The run that started last.
   */
  last_run: {
    /**
     * When it started, as its id says.
     */
    '@timestamp': string
    run: {
      id: string
      name?: string
      status: 'running' | 'success' | 'changed' | 'failed' | 'unreachable' | 'aborted'
    }
    user?: {
      name: string
    }
  }
  /**
   * How many different `run.name` there are among them.
   */
  playbooks: number
}
/**
 * The results of one task, in all runs and on all hosts.
 */
export interface TaskSummary {
  ansible: {
    /**
     * The task as its latest result has it.
     */
    task: {
      /**
       * The same for the same task in every run.
       */
      key: string
      /**
       * Name of the task, or its action where it has none. Under no_log the name as written, with nothing filled in.
       */
      name?: string
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
    }
  }
  /**
   * Results by status.
   */
  results: {
    ok: number
    changed: number
    failed: number
    skipped: number
    unreachable: number
  }
  /**
   * Results that succeeded, and only after more than one attempt.
   */
  flaky: number
  /**
   * Failed and unreachable ones among all results but the skipped ones.
   */
  failure_rate?: number
  /**
   * Changed ones among them.
   */
  change_rate?: number
  /**
   * Flaky ones among them.
   */
  flake_rate?: number
  /**
   * Durations in nanoseconds that half, and 95 %, of them do not exceed; true to 3 %.
   */
  duration?: {
    p50: number
    p95: number
  }
  /**
   * Its latest result.
   */
  last_result: {
    '@timestamp': string
    run?: {
      id: string
      name?: string
    }
    user?: {
      name: string
    }
  }
  /**
   * By week, oldest first; weeks without a result are absent.
   */
  weeks: {
    /**
     * When the week began: Monday, UTC.
     */
    '@timestamp': string
    results: number
    changed: number
    failed: number
    /**
     * Durations in nanoseconds that half, and 95 %, of them do not exceed; true to 3 %.
     */
    duration?: {
      p50: number
      p95: number
    }
  }[]
}
/**
 * Fields with their values.
 */
export interface Facets {
  items: Facet[]
  /**
   * There is one page only.
   */
  next: null
}
/**
 * How many events have which value of a field, the most frequent first.
 */
export interface Facet {
  field: 'event.action' | 'status' | 'host.name' | 'user.name' | 'run.name'
  values: {
    value: string
    events: number
  }[]
  /**
   * Events whose value is not named; those without one are not counted.
   */
  others: number
}
/**
 * Events by intervals of time.
 */
export interface Histogram {
  interval: 'minute' | 'hour' | 'day' | 'week'
  /**
   * Oldest first; intervals without an event are absent.
   */
  items: {
    /**
     * When the interval began, in UTC.
     */
    '@timestamp': string
    events: number
    /**
     * Events by status, of those that have one.
     */
    statuses: {
      ok?: number
      changed?: number
      failed?: number
      skipped?: number
      unreachable?: number
      running?: number
      success?: number
      aborted?: number
    }
  }[]
  /**
   * There is one page only.
   */
  next: null
}
export interface Completeness {
  /**
   * True only on positive proof: `verdict` is `complete`.
   */
  complete: boolean
  /**
   * `complete`: everything was looked at, and nothing is wrong. `incomplete`: there are flaws. `unchecked`: it could not be found out.
   */
  verdict: 'complete' | 'incomplete' | 'unchecked'
  from: string
  to: string
  /**
   * Identity of the journal of the server that answers.
   */
  log: string
  runs: {
    /**
     * Runs that started in this time.
     */
    recorded: number
    running: number
    /**
     * Those that finished, by status.
     */
    finished: {
      success: number
      changed: number
      failed: number
      unreachable: number
    }
    /**
     * Those that were aborted, by reason.
     */
    aborted: {
      interrupted: number
      error: number
      killed: number
      silent: number
    }
  }
  /**
   * Starts of the service in this time. What it says of itself is numbered as well, and what is missing of that is a flaw.
   */
  service_runs: number
  /**
   * Events of these runs that are recorded, by the count that they belong to; and those that their senders dropped.
   */
  events: {
    run: number
    shipper: number
    server: number
    dropped: number
  }
  /**
   * What is wrong, newest run first; the first of many.
   */
  flaws: Flaw[]
  /**
   * Flaws that are left out.
   */
  flaws_more: number
  /**
   * How many there are of each kind, with those that are left out.
   */
  flaw_counts: {
    missing: number
    late: number
    doubled: number
    surplus: number
    no_start: number
    lost: number
    dropped: number
    silent: number
    quarantined: number
  }
  /**
   * Why nothing can be proved; empty if there is no such reason.
   */
  unchecked: {
    reason:
      | 'index_lag'
      | 'dead_letters'
      | 'index_expired'
      | 'index_retention_unknown'
      | 'quarantine_expired'
      | 'quarantine_unreadable'
      | 'conflicts_not_told'
      | 'too_many_remarks'
      | 'nothing_recorded'
    /**
     * The same in words, and what to do.
     */
    message: string
  }[]
  index: {
    /**
     * Records of the journal that the index has not got yet; null if it could not be asked.
     */
    lag: number | null
    /**
     * Events of this time that the index refused.
     */
    dead_letters: number
  }
}
/**
 * One thing that is not as a complete list has it.
 */
export interface Flaw {
  /**
   * `missing`: numbers that should be there. `late`: numbers that came into their journal after greater ones. `doubled`: numbers that were used again, with other content, which was refused. `surplus`: there are more events than the run said that it had. `no_start`: the run.started is not there. `lost`: events that the sender could not write down. `dropped`: events that the sender gave up to keep its spool within its limits. `silent`: nobody said how the run ended. `quarantined`: what was sent and refused.
   */
  kind:
    'missing' | 'late' | 'doubled' | 'surplus' | 'no_start' | 'lost' | 'dropped' | 'silent' | 'quarantined'
  run?: {
    /**
     * Identity of the run, a UUIDv7 (RFC 9562) made by the sender when the run starts: its first 48 bits are the start in milliseconds since 1970, which lists of runs are sorted by.
     */
    id: string
    /**
     * What people call it: the playbook's file name, or the module of an ad-hoc command. Repeated in every event of the run, so that results can be asked for by it.
     */
    name?: string
  }
  observer?: {
    /**
     * Host name of the controller. Repeated in every event of the run: `localhost` is a different machine on each controller.
     */
    hostname: string
  }
  user?: {
    /**
     * Login name of the person, or of the account, that started the run. Repeated in every event of the run, so that results can be asked for by it.
     */
    name: string
  }
  /**
   * Name of the token that it was sent with.
   */
  sender?: string
  /**
   * Whose numbers: those of the run itself, of what the shipper says of it (`<run.id>:s…`), or of what the server does (`<run.id>:v…`).
   */
  count?: 'run' | 'shipper' | 'server'
  /**
   * How many events; of what was refused, how many lines.
   */
  events?: number
  /**
   * Their numbers.
   *
   * Items: Both included.
   */
  ranges?: {
    first: number
    last: number
  }[]
  /**
   * Further ranges, which are left out.
   */
  ranges_more?: number
  /**
   * How many events the run said that it had.
   */
  said?: number
  /**
   * How many of them there are.
   */
  recorded?: number
  /**
   * Since when nothing was heard; or when the first was refused.
   */
  since?: string
  /**
   * When the last was refused.
   */
  until?: string
  /**
   * Of a silent run: whether the server has closed it. If not, it still counts as running.
   */
  is_closed?: boolean
  /**
   * Why it was refused; docs/api.md lists the codes.
   */
  code?: string
  /**
   * The same in words; of an id that is of no run, the id.
   */
  message?: string
}

/** The largest `limit` of a list. */
export const PAGE_ITEMS_MAX = 1000
