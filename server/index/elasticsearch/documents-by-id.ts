import type { estypes } from '@elastic/elasticsearch'

/**
 * The document that an item of an answer to `_mget` holds; undefined if it, or its index, is not there. Throws for
 * any other failure of the item.
 */
export function documentIn<Source>(
  item: estypes.MgetResponseItem<Source>
): estypes.GetGetResult<Source> | undefined {
  if (!('error' in item)) return item.found ? item : undefined
  if (item.error.type === 'index_not_found_exception') return undefined
  throw new Error(`${item._index}: ${item.error.type}: ${item.error.reason}`)
}
