import type { Query } from '../../ask/query/ast.ts'
import { valuesOf } from '../../ask/query/evaluate.ts'
import { textFields } from '../../ask/query/fields.ts'
import { wordsOf } from '../../ask/query/words.ts'
import type { Event } from '../../event-types.ts'

// The table `texts` (FTS5) knows which events have a word in any of their texts. It gets the words as a query
// understands them, separated by spaces: its own tokenizer only takes them apart again. It keeps no positions and
// no fields, so that what it finds are candidates: each still has to be looked at.

/** Words of texts that many events share, such as names of tasks, are remembered up to this length, and so many. */
const REMEMBERED_CHARACTERS_MAX = 200
const REMEMBERED_MAX = 10_000

/** FTS5 puts the lists of all words with a beginning together first: of a shorter one that would take too long. */
const BEGINNING_CHARACTERS_MIN = 4

/** The words of all texts of an event, each once, as `texts` takes them. */
export function createEventWords(): (event: Partial<Event>) => string {
  const remembered = new Map<string, readonly string[]>()

  function wordsOfText(text: string): readonly string[] {
    if (text.length > REMEMBERED_CHARACTERS_MAX) return wordsOf(text)
    const known = remembered.get(text)
    if (known !== undefined) return known
    if (remembered.size >= REMEMBERED_MAX) remembered.clear()
    const words = wordsOf(text)
    remembered.set(text, words)
    return words
  }

  return (event) => {
    // An event of the journal is a document of the index, as far as its texts go.
    const texts = textFields.flatMap((field) => valuesOf(field, event as object))
    return [...new Set(texts.flatMap((text) => wordsOfText(String(text))))].join(' ')
  }
}

/**
 * What every event that matches the query has among its words, as FTS5 wants it asked
 * (https://www.sqlite.org/fts5.html, "Full-text Query Syntax"); undefined if the query requires no word.
 */
export function requiredWords(query: Query): string | undefined {
  switch (query.type) {
    case 'words':
      return query.words.map(quoted).join(' AND ')
    case 'word-like': {
      const [beginning = ''] = /^[^*?\\]*/.exec(query.pattern) ?? []
      return beginning.length < BEGINNING_CHARACTERS_MIN ? undefined : `${quoted(beginning)} *`
    }
    case 'and': {
      const required = query.of.flatMap((part) => requiredWords(part) ?? [])
      return required.length === 0 ? undefined : required.map((part) => `(${part})`).join(' AND ')
    }
    case 'or': {
      const required = query.of.flatMap((part) => requiredWords(part) ?? [])
      return required.length < query.of.length ? undefined : required.map((part) => `(${part})`).join(' OR ')
    }
    default:
      return undefined
  }
}

function quoted(word: string): string {
  return `"${word.replaceAll('"', '""')}"`
}
