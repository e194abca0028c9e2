import type { IndexedEvent } from '../../client/types.ts'
import { printable } from './printable.ts'
import { type ResultOptions, resultText } from './run-result.ts'
import { includeText, namesText, retryText } from './words.ts'

/** What happened to a task, as Ansible prints it where it does: results, items, retries and includes. */
export function eventText(event: IndexedEvent, options: ResultOptions): string {
  const { paint } = options
  switch (event.event.action) {
    case 'host.retry':
      return `${paint('dim', printable(`retrying: [${event.host?.name ?? ''}] ${retryText(event)}`))}\n`
    case 'tasks.included':
      return `${paint('cyan', printable(`included: ${includeText(event)}`))}\n`
    default:
      return resultText(event, options)
  }
}

/** The handlers that a task notified, a line for each, however many hosts did it. */
export function notifiedText(events: readonly IndexedEvent[], { paint }: ResultOptions): string {
  const notified = events.filter(({ event }) => event.action === 'handler.notified')
  const byHandler = Map.groupBy(notified, ({ ansible }) => ansible?.handler?.name ?? '')
  return [...byHandler]
    .map(([handler, by]) => {
      const hosts = namesText([...new Set(by.map(({ host }) => host?.name ?? ''))])
      return `${paint('dim', printable(`notified: ${handler} (by ${hosts})`))}\n`
    })
    .join('')
}
