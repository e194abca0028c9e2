const BAR_CHARACTERS = 30
const PROGRESS_EVERY_MS = 200

/** Shows on a terminal how far the work is, and at the end, everywhere, how long it took. */
export async function withProgress(done: () => number, total: number, work: Promise<void>): Promise<void> {
  const started = performance.now()
  const timer = setInterval(() => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r${progressLine(done(), total, performance.now() - started)}`)
  }, PROGRESS_EVERY_MS)
  try {
    await work
  } finally {
    clearInterval(timer)
  }
  const seconds = (performance.now() - started) / 1_000
  const line = `Indexed ${total} events in ${seconds.toFixed(1)} s.`
  process.stderr.write(process.stderr.isTTY ? `\r${line.padEnd(BAR_CHARACTERS + 50)}\n` : `${line}\n`)
}

/** For example `[##########--------------------]  33 %  1200000 of 3600000, 41000 a second`. */
function progressLine(done: number, total: number, elapsedMs: number): string {
  const share = total === 0 ? 1 : done / total
  const filled = Math.round(share * BAR_CHARACTERS)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_CHARACTERS - filled)}]`
  const rate = Math.round(done / Math.max(elapsedMs / 1_000, 0.001))
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${done} of ${total}, ${rate} a second `
}
