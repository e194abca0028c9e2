import { isToken, type Role } from '../access.ts'
import { replaceFile } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import { type FileSystem, realDisk } from '../file-system.ts'

/** What was told of a token, each time by the id that the event was to get. */
export interface TokenTold {
  name: string
  role: Role
  /** SHA-256 of the token: in this file as in that of the tokens, and never in an event. */
  sha256: string
  created?: string
  used?: string
  revoked?: string
}

/**
 * What a start has to know of those before it, in a file that is replaced whole, before the events that it announces are appended.
 * Whether they were is asked of the journal: so a process that ends between the two neither forgets anything nor tells it twice.
 */
export interface LifeFile {
  /** Lives of which it is not known that they ended, the newest last. */
  runs: string[]
  tokens: TokenTold[]
  /** Writes it down, durably. */
  save(): void
}

export function openLifeFile(path: string, disk: FileSystem = realDisk): LifeFile {
  const { runs, tokens } = readLifeFile(path, disk)
  return {
    runs,
    tokens,
    save() {
      const { runs, tokens } = this
      replaceFile(path, `${JSON.stringify({ runs, tokens }, null, 2)}\n`, disk)
    }
  }
}

function readLifeFile(path: string, disk: FileSystem): Pick<LifeFile, 'runs' | 'tokens'> {
  if (!disk.exists(path)) return { runs: [], tokens: [] }
  try {
    const { runs, tokens } = JSON.parse(disk.read(path).toString()) as Partial<LifeFile>
    if (!Array.isArray(runs) || !runs.every((run) => typeof run === 'string'))
      throw new Error('expected "runs", a list of ids')
    if (!Array.isArray(tokens) || !tokens.every(isToken)) throw new Error('expected "tokens", a list of them')
    return { runs, tokens }
  } catch (error) {
    throw new Fatal(
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}. Restore it from a copy, or remove it: then it is not told that the service ended before, if it did without saying so, and of each token it is told again that it was made and used.`,
      { cause: error }
    )
  }
}
