import { isIPv4, isIPv6 } from 'node:net'

const BITS = 128n
export const ADDRESS_MAX = (1n << BITS) - 1n
/** Limits of ranges with nothing in them: these come before the key of every address, and behind it. */
export const BEFORE_ALL = ''
export const BEHIND_ALL = 'g'
const MAPPED = 0xffffn << 32n
/** Bits before an IPv4 address within its IPv6 form, ::ffff:a.b.c.d. */
const MAPPED_BITS = 96

/**
 * 32 hexadecimal digits, by which addresses can be compared: of an IPv4 address those of its IPv6 form, so that
 * 10.0.0.1 and ::ffff:10.0.0.1 are the same. Undefined if `text` is no address.
 */
export function ipKey(text: string): string | undefined {
  const value = numberOf(text)
  return value === undefined ? undefined : keyOf(value)
}

/** The first and the last address of a network such as 10.0.0.0/8; undefined if `text` is none. */
export function networkKeys(text: string): { from: string; to: string } | undefined {
  const [, address = '', length = ''] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? []
  const value = numberOf(address)
  const bits = Number(length) + (isIPv4(address) ? MAPPED_BITS : 0)
  if (value === undefined || length === '' || bits > Number(BITS)) return undefined
  const hostBits = BITS - BigInt(bits)
  const from = (value >> hostBits) << hostBits
  return { from: keyOf(from), to: keyOf(from + (1n << hostBits) - 1n) }
}

/** The address of a key, as Elasticsearch reads it. */
export function addressOf(key: string): string {
  return (key.match(/.{4}/g) ?? []).join(':')
}

function keyOf(value: bigint): string {
  return value.toString(16).padStart(32, '0')
}

function numberOf(text: string): bigint | undefined {
  if (isIPv4(text)) return MAPPED + ipv4Value(text)
  // A zone, as in fe80::1%eth0, means something on one machine only.
  if (!isIPv6(text) || text.includes('%')) return undefined
  const [before = '', after] = text.split('::')
  const head = groupsOf(before)
  const tail = groupsOf(after ?? '')
  const zeros: bigint[] = after === undefined ? [] : Array(8 - head.length - tail.length).fill(0n)
  return [...head, ...zeros, ...tail].reduce((sum, group) => (sum << 16n) + group, 0n)
}

function groupsOf(text: string): bigint[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)]
    const value = ipv4Value(group)
    return [value >> 16n, value & 0xffffn]
  })
}

function ipv4Value(text: string): bigint {
  return text.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n)
}
