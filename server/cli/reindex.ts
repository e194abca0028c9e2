import { rmSync } from 'node:fs'
import { Command } from 'commander'
import { pino } from 'pino'
import { openDataFolder } from '../data-folder.ts'
import { startFollower } from '../index/follower.ts'
import { openSqliteStore } from '../index/sqlite/store.ts'
import { openJournal } from '../journal/journal.ts'
import { dataDirOption } from './data-dir.ts'

const BAR_CHARACTERS = 30
const PROGRESS_EVERY_MS = 200

/** `playtrail reindex`: throws the index away and makes it again from the journal. The server is stopped. */
export function reindexCommand(): Command {
  return new Command('reindex')
    .description('throw the index away and make it again from the journal (stop the server first)')
    .addOption(dataDirOption())
    .action(async ({ dataDir }: { dataDir: string }) => {
      const folder = openDataFolder(dataDir)
      const journal = await openJournal(folder, {
        onBroken: (error) => {
          throw error
        }
      })
      if (journal.cutBytes > 0) {
        process.stderr.write(
          `Cut ${journal.cutBytes} bytes of a torn tail off the journal; they were never acknowledged.\n`
        )
      }
      try {
        for (const suffix of ['', '-wal', '-shm']) rmSync(`${folder.index}${suffix}`, { force: true })
        const log = pino({ level: 'warn' }, process.stderr)
        const store = await openSqliteStore({
          path: folder.index,
          journalId: folder.log,
          journalEnd: journal.end,
          log
        })
        const follower = startFollower({ journal, store, log })
        await withProgress(() => follower.cursor ?? 0, journal.end, follower.idle())
        await follower.stop()
        await store.close()
      } finally {
        await journal.close()
      }
    })
}

async function withProgress(done: () => number, total: number, work: Promise<void>): Promise<void> {
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
