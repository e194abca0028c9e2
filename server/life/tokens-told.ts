import { SERVER_SENDER } from '../access.ts'
import type { Event } from '../event-types.ts'
import type { Journal } from '../journal/journal.ts'
import type { TokenTold } from './life-file.ts'

/** What is told of a token. */
export type Step = 'created' | 'used' | 'revoked'

/** The tokens without what was announced of them and never came into the journal, and without those whose end is there. */
export async function toldInJournal(
  journal: Pick<Journal, 'find'>,
  tokens: readonly TokenTold[]
): Promise<TokenTold[]> {
  const isTold = async ({ name, ...token }: TokenTold, step: Step): Promise<boolean> => {
    const eventId = token[step]
    const record = eventId === undefined ? undefined : await journal.find(eventId)
    if (record?.sender !== SERVER_SENDER) return false
    const event = JSON.parse(record.payload.toString()) as Event
    return event.event.action === `token.${step}` && event.token?.name === name
  }
  const left: TokenTold[] = []
  for (const token of tokens) {
    if (await isTold(token, 'revoked')) continue
    const { name, role, sha256, created, used } = token
    left.push({
      ...{ name, role, sha256 },
      ...((await isTold(token, 'created')) && created !== undefined && { created }),
      ...((await isTold(token, 'used')) && used !== undefined && { used })
    })
  }
  return left
}
