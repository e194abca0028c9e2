import { problem } from '../documents.ts'

/** What every question that sums up can be refused with. */
export const refusals = {
  400: problem(
    '`parameter_invalid`, `cursor_invalid`, `query_invalid`, `query_too_costly`, `too_many_groups`'
  ),
  503: problem('`query_timeout`, `index_unavailable`, `overloaded`, `too_many_exports`')
}
