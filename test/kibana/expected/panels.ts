import type { KnownDocuments } from '../known-events.ts'
import { auditPanels } from './audit.ts'
import { hostPanels } from './hosts.ts'
import { runPanels } from './playbook-runs.ts'
import type { ExpectedRow } from './rows.ts'
import { taskPanels } from './tasks.ts'

/** What each panel has to show of these documents, by dashboard and panel. */
export function expectedPanels({ events, runs }: KnownDocuments): Record<string, ExpectedRow[]> {
  return { ...runPanels(runs), ...hostPanels(events), ...taskPanels(events), ...auditPanels(events, runs) }
}
