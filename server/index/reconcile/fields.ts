import { isDeepStrictEqual } from 'node:util'
import { limits } from '../../limits.ts'

/**
 * Names, with dots, of the fields whose values differ, at most `limits.reconcileFieldsMax` and then `…`. An array
 * is one value, since the index has no names for its members.
 */
export function fieldsThatDiffer(expected: unknown, found: unknown): string[] {
  const names: string[] = []
  collect(expected, found, '', names)
  return names.length > limits.reconcileFieldsMax
    ? [...names.slice(0, limits.reconcileFieldsMax), '…']
    : names
}

function collect(expected: unknown, found: unknown, path: string, names: string[]): void {
  if (names.length > limits.reconcileFieldsMax) return
  if (!isObject(expected) || !isObject(found)) {
    if (!isDeepStrictEqual(expected, found)) names.push(path)
    return
  }
  for (const name of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const of = (value: Record<string, unknown>): unknown =>
      Object.hasOwn(value, name) ? value[name] : undefined
    collect(of(expected), of(found), path === '' ? name : `${path}.${name}`, names)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
