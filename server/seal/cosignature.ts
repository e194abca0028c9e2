// What a witness signs: the text of a checkpoint and the time at which it saw it, as the newest of its log.
// https://c2sp.org/tlog-cosignature
//
//   message    "cosignature/v1\ntime <seconds since 1970>\n" ‖ text
//   signature  uint64, big-endian, seconds ‖ 64 bytes of Ed25519

const SECONDS_BYTES = 8
const ED25519_BYTES = 64

export function cosignatureMessage(text: string, seconds: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`)
}

export function encodeCosignature(seconds: number, ed25519: Buffer): Buffer {
  const bytes = Buffer.alloc(SECONDS_BYTES)
  bytes.writeBigUInt64BE(BigInt(seconds))
  return Buffer.concat([bytes, ed25519])
}

/** When a cosignature was made, in seconds since 1970; undefined if these bytes are none. */
export function cosignatureSeconds(signature: Buffer): number | undefined {
  if (signature.length !== SECONDS_BYTES + ED25519_BYTES) return undefined
  const seconds = signature.readBigUInt64BE()
  return seconds > 0n && seconds <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seconds) : undefined
}

/** The bytes that the Ed25519 signature within a cosignature belongs to, and that signature. */
export function cosignedMessage(
  text: string,
  cosignature: Buffer
): { bytes: Buffer; signature: Buffer } | undefined {
  const seconds = cosignatureSeconds(cosignature)
  if (seconds === undefined) return undefined
  return { bytes: cosignatureMessage(text, seconds), signature: cosignature.subarray(SECONDS_BYTES) }
}
