import type { Client } from './client.ts'
import type { LiveRuns } from './runs.ts'

/**
 * Tells a client of the runs that it was not told of as they stand, as long as it takes more. Where it does not, the
 * next call goes on: of which runs it was told is one number, since they are in the order in which they were heard of.
 */
export function tellProgress(client: Client, runs: LiveRuns): void {
  for (const { id, last, isRunning, isProgress, isOfService } of runs.heardOf()) {
    if (last < client.progressTold) continue
    if (last >= client.progressDue) break
    client.progressTold = last + 1
    // Of what was before it came, a client is told what goes on; of what came since, what no other message tells.
    const isWanted = last < client.joinedAt ? isRunning : isProgress
    if (isWanted && !client.tellProgress(runs.json(id), isOfService)) return
  }
  client.progressTold = client.progressDue
}
