import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const bin = join(root, '.venv', 'bin')
export const callbackPath = join(root, 'ansible-callback/plugins/callback')

/** Why tests with Ansible cannot run here, or false: for the option `skip` of a test. */
export const ansibleMissing: string | false = existsSync(join(bin, 'ansible-playbook'))
  ? false
  : 'there is no .venv with ansible-core: node scripts/setup.mjs --python makes it'

/** A folder in which playbooks are run as a user would, with an ansible.cfg, an inventory and a spool of its own. */
export interface Controller {
  folder: string
  spool: string
  /** Names of the files in the spool. */
  spooled(): string[]
  /** Runs ansible-playbook; `onOutput` sees standard output as it grows. */
  playbook(
    args: string[],
    options?: { environment?: Record<string, string>; onOutput?: (output: string) => void }
  ): Promise<Ended>
  /** `playtrail.py --ship`: delivers what is left. */
  ship(url: string): Promise<Ended>
}

export interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

/** `config` is what stands in ansible.cfg. Hosts are local, so that no daemon is needed. */
export function controllerIn(
  folder: string,
  { config, hosts }: { config: string; hosts: string[] }
): Controller {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const spool = join(folder, 'spool')
  writeFileSync(join(folder, 'ansible.cfg'), config)
  const local = 'ansible_connection=local\nansible_python_interpreter={{ ansible_playbook_python }}\n'
  writeFileSync(join(folder, 'hosts.ini'), `[web]\n${hosts.join('\n')}\n[all:vars]\n${local}`)
  const environment = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: folder,
    LANG: 'C.UTF-8',
    PLAYTRAIL_SPOOL_DIR: spool
  }
  return {
    folder,
    spool,
    spooled: () => (existsSync(spool) ? readdirSync(spool) : []),
    playbook: (args, { environment: more = {}, onOutput } = {}) =>
      ended(
        join(bin, 'ansible-playbook'),
        ['-i', 'hosts.ini', ...args],
        folder,
        { ...environment, ...more },
        onOutput
      ),
    ship: (url) =>
      ended(
        join(bin, 'python'),
        [join(callbackPath, 'playtrail.py'), '--ship', spool, '--url', url],
        folder,
        environment
      )
  }
}

/** The lines that `npm start` prints for ansible.cfg, for a service that listens on `url`. */
export function ansibleConfig(url: string): string {
  return `[defaults]\ncallback_plugins = ${callbackPath}\ncallbacks_enabled = playtrail\n[callback_playtrail]\nurl = ${url}\n`
}

async function ended(
  program: string,
  args: string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  onOutput?: (output: string) => void
): Promise<Ended> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    onOutput?.(stdout)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })
}
