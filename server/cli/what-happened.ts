import type { IndexedEvent } from '../../client/types.ts'
import { serviceText } from './service-text.ts'
import { abortText, counted, includeText, itemText, retryText, taskTitle } from './words.ts'

/** What the event is about, in the words of whoever wrote the playbook: one line, for a list. */
export function whatHappened(event: IndexedEvent): string {
  const { ansible } = event
  const task = ansible?.task === undefined ? '' : taskTitle(ansible.task)
  switch (event.event.action) {
    case 'item.result':
      return `${task} ${itemText(event)}`
    case 'host.retry':
      return `${task}: ${retryText(event)}`
    case 'tasks.included':
      return `included ${includeText(event)}`
    case 'handler.notified':
      return `${ansible?.handler?.name ?? ''}${task === '' ? '' : `, notified by ${task}`}`
    case 'run.aborted':
      return abortText(event)
    case 'spool.dropped':
      return droppedText(event)
    default:
      return serviceText(event) ?? (task || (ansible?.play?.name ?? ansible?.playbook?.path ?? ''))
  }
}

/** For example `40 events (52 KiB) dropped: the spool was full`. */
function droppedText({ spool }: IndexedEvent): string {
  if (spool === undefined) return ''
  const why = spool.reason === 'age' ? 'they had waited for too long' : 'the spool was full'
  return `${counted(spool.events, 'event')} (${Math.ceil(spool.bytes / 1024)} KiB) dropped: ${why}`
}
