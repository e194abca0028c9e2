import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const FSCK = 'github.com/transparency-dev/tessera/cmd/fsck@v1.0.4'
/** Without Go's caches the second one takes minutes. */
export const BUILD_MS_MAX = 600_000
const READ_MS_MAX = 60_000
const OUTPUT_BYTES_MAX = 2 ** 26

/** Programs that read a log, or a proof out of it, and know nothing of Playtrail. They resolve to what they say, or reject. */
export interface GoReaders {
  /** test/seal/go: golang.org/x/mod. The pairs are files with a proof and with its entry. */
  readLog(log: string, vkeys: string, ...pairs: string[]): Promise<string>
  /** test/seal/go-proof: filippo.io/torchwood. It sees the three files, and no log. */
  readProof(vkey: string, proof: string, entry: string): Promise<string>
  /** tessera's fsck. It ends with 0 whatever it finds, so what counts is what it says. */
  fsck(url: string, vkey: string): Promise<string>
}

/** Why these programs cannot be had on this machine; undefined if they can. */
export function whyNoGo(): string | undefined {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
    return undefined
  } catch {
    // Whatever is wrong with it, there is no Go to be used.
    return 'Go is not on the PATH (1.26 or newer)'
  }
}

/** Builds all into `bin`; what they are built of stays in Go's own caches. */
export async function buildGoReaders(bin: string): Promise<GoReaders> {
  const readLogPath = join(bin, 'readlog')
  const readProofPath = join(bin, 'readproof')
  const folder = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
  const env = { ...process.env, GOBIN: bin, GOFLAGS: '-buildvcs=false' }
  const options = { timeout: BUILD_MS_MAX, env }
  const build = (to: string): string[] => ['build', '-mod=readonly', '-o', to, '.']
  await run('go', build(readLogPath), { ...options, cwd: folder('./go') })
  await run('go', build(readProofPath), { ...options, cwd: folder('./go-proof') })
  // Outside of any module, whose versions would count.
  await run('go', ['install', FSCK], { ...options, cwd: bin })
  return {
    async readLog(log, vkeys, ...pairs) {
      const { stdout } = await run(readLogPath, [log, vkeys, ...pairs], { timeout: READ_MS_MAX })
      return stdout.trim()
    },
    async readProof(vkey, proof, entry) {
      const { stdout } = await run(readProofPath, [vkey, proof, entry], { timeout: READ_MS_MAX })
      return stdout.trim()
    },
    async fsck(url, vkey) {
      const asked = [`--storage_url=${url}`, `--public_key=${vkey}`, '--ui=false']
      const options = { timeout: READ_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX }
      const { stdout, stderr } = await run(join(bin, 'fsck'), asked, options)
      return stdout + stderr
    }
  }
}
