import { count, eventField, objectOf, type Schema, timestamp } from '../ask/documents.ts'
import { flawKinds } from './flaws.ts'
import { counts } from './numbers.ts'
import { abortReasons, finishedStatuses, uncheckedReasons } from './report.ts'

// The schema of the answer, for /openapi.json: server/completeness/route.ts.

const countsOf = (names: readonly string[], description: string): Schema =>
  objectOf(Object.fromEntries(names.map((name) => [name, count])), [], { description })

const range = objectOf({ first: count, last: count }, [], { description: 'Both included.' })

const flaw = objectOf(
  {
    kind: {
      enum: [...flawKinds],
      description:
        '`missing`: numbers that should be there. `late`: numbers that came into their journal after greater ones. `doubled`: numbers that were used again, with other content, which was refused. `surplus`: there are more events than the run said that it had. `no_start`: the run.started is not there. `lost`: events that the sender could not write down. `dropped`: events that the sender gave up to keep its spool within its limits. `silent`: nobody said how the run ended. `quarantined`: what was sent and refused.'
    },
    run: objectOf({ id: eventField('run.id'), name: eventField('run.name') }, ['name']),
    observer: objectOf({ hostname: eventField('observer.hostname') }),
    user: objectOf({ name: eventField('user.name') }),
    sender: { type: 'string', description: 'Name of the token that it was sent with.' },
    count: {
      enum: [...counts],
      description:
        'Whose numbers: those of the run itself, of what the shipper says of it (`<run.id>:s…`), or of what the server does (`<run.id>:v…`).'
    },
    events: { ...count, description: 'How many events; of what was refused, how many lines.' },
    ranges: { type: 'array', items: range, description: 'Their numbers.' },
    ranges_more: { ...count, minimum: 1, description: 'Further ranges, which are left out.' },
    said: { ...count, description: 'How many events the run said that it had.' },
    recorded: { ...count, description: 'How many of them there are.' },
    since: { ...timestamp, description: 'Since when nothing was heard; or when the first was refused.' },
    until: { ...timestamp, description: 'When the last was refused.' },
    is_closed: {
      type: 'boolean',
      description: 'Of a silent run: whether the server has closed it. If not, it still counts as running.'
    },
    code: { type: 'string', description: 'Why it was refused; docs/api.md lists the codes.' },
    message: { type: 'string', description: 'The same in words; of an id that is of no run, the id.' }
  },
  [
    ...['run', 'observer', 'user', 'sender', 'count', 'events', 'ranges', 'ranges_more'],
    ...['said', 'recorded', 'since', 'until', 'is_closed', 'code', 'message']
  ],
  { title: 'Flaw', description: 'One thing that is not as a complete list has it.' }
)

export const completeness: Schema = objectOf(
  {
    complete: {
      type: 'boolean',
      description: 'True only on positive proof: `verdict` is `complete`.'
    },
    verdict: {
      enum: ['complete', 'incomplete', 'unchecked'],
      description:
        '`complete`: everything was looked at, and nothing is wrong. `incomplete`: there are flaws. `unchecked`: it could not be found out.'
    },
    from: timestamp,
    to: timestamp,
    log: { type: 'string', description: 'Identity of the journal of the server that answers.' },
    runs: objectOf(
      {
        recorded: { ...count, description: 'Runs that started in this time.' },
        running: count,
        finished: countsOf(finishedStatuses, 'Those that finished, by status.'),
        aborted: countsOf(abortReasons, 'Those that were aborted, by reason.')
      },
      []
    ),
    service_runs: {
      ...count,
      description:
        'Starts of the service in this time. What it says of itself is numbered as well, and what is missing of that is a flaw.'
    },
    events: countsOf(
      [...counts, 'dropped'],
      'Events of these runs that are recorded, by the count that they belong to; and those that their senders dropped.'
    ),
    flaws: { type: 'array', items: flaw, description: 'What is wrong, newest run first; the first of many.' },
    flaws_more: { ...count, description: 'Flaws that are left out.' },
    flaw_counts: countsOf(flawKinds, 'How many there are of each kind, with those that are left out.'),
    unchecked: {
      type: 'array',
      description: 'Why nothing can be proved; empty if there is no such reason.',
      items: objectOf({
        reason: { enum: [...uncheckedReasons] },
        message: { type: 'string', description: 'The same in words, and what to do.' }
      })
    },
    index: objectOf(
      {
        lag: {
          type: ['integer', 'null'],
          minimum: 0,
          description: 'Records of the journal that the index has not got yet; null if it could not be asked.'
        },
        dead_letters: { ...count, description: 'Events of this time that the index refused.' }
      },
      []
    )
  },
  [],
  { title: 'Completeness' }
)
