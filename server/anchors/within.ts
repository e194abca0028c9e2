/**
 * The work's result, within a time. It is told by a signal when the time is over; whether it listens or not, this rejects then, or when
 * `end` is aborted.
 */
export async function within<Result>(
  ms: number,
  end: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>
): Promise<Result> {
  const timeout = AbortSignal.timeout(ms)
  const signal = AbortSignal.any([timeout, end])
  const over = Promise.withResolvers<never>()
  const onAbort = (): void =>
    over.reject(timeout.aborted ? new Error(`it did not answer within ${ms} ms`) : signal.reason)
  signal.addEventListener('abort', onAbort)
  over.promise.catch(() => undefined)
  try {
    signal.throwIfAborted()
    const working = work(signal)
    working.catch(() => undefined)
    return await Promise.race([working, over.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
