import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { type Config, ConfigurationError } from '../config.ts'
import { limits } from '../limits.ts'
import { within } from './within.ts'

export type CheckedSettings = Pick<
  Config,
  'dataDir' | 'anchorFile' | 'anchorWebhook' | 'anchorWebhookTokenFile'
>

/** Throws a ConfigurationError where the settings of anchors cannot be meant: before anything is made in the data folder. */
export async function checkAnchorSettings(settings: CheckedSettings): Promise<void> {
  const { dataDir, anchorFile, anchorWebhook, anchorWebhookTokenFile } = settings
  const mistakes = (await Promise.all(anchorFile.map((path) => mistakeOf(path, dataDir)))).filter(
    (mistake) => mistake !== undefined
  )
  if (anchorWebhookTokenFile !== '' && anchorWebhook.length === 0)
    mistakes.push('--anchor-webhook-token-file: expected --anchor-webhook with it, which is not given')
  if (mistakes.length > 0) throw new ConfigurationError(`wrong settings:\n  ${mistakes.join('\n  ')}`)
}

async function mistakeOf(path: string, dataDir: string): Promise<string | undefined> {
  try {
    return await within(limits.anchorStartMsMax, new AbortController().signal, async () => {
      const [file, folder] = await Promise.all([realPathOf(path), realPathOf(resolve(dataDir))])
      if (isWithin(file, folder))
        return `--anchor-file: expected a file on another disk or host; ${path} is in the data folder, and would be put back to an older state with it`
      if ((await stat(file)).isDirectory())
        return `--anchor-file: expected a file; ${path} is a folder. Name a file in it, for example ${join(path, 'trail.checkpoint')}`
      return undefined
    })
  } catch {
    // It is not there yet, its disk does not answer, or we may not look: then the anchor fails, and says so itself.
    return undefined
  }
}

/** Where a path leads, whatever of it is there. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!isMissing || dirname(path) === path) throw error
    return join(await realPathOf(dirname(path)), basename(path))
  }
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || !/^\.\.(?:\/|$)/.test(way)
}
