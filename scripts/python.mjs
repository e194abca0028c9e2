// Which Python interpreters this machine has. Plain JavaScript, because scripts/setup.mjs runs on any Node.js.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/**
 * The first interpreter that is there and can make virtual environments, looked for on the PATH and in pyenv.
 *
 * @param {readonly number[]} minors versions wanted, the best first: 11 for Python 3.11
 * @returns {string | undefined}
 */
export function findPython(minors) {
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions')
  const installed = existsSync(pyenv) ? readdirSync(pyenv) : []
  const candidates = minors.flatMap((minor) => [
    `python3.${minor}`,
    ...installed
      .filter((name) => name.startsWith(`3.${minor}.`))
      .map((name) => join(pyenv, name, 'bin', 'python3'))
  ])
  return [...candidates, 'python3'].find((python) => canMakeEnvironments(python, minors))
}

/**
 * @param {string} python
 * @param {readonly number[]} minors
 */
function canMakeEnvironments(python, minors) {
  const check = `import sys, venv, ensurepip; sys.exit(sys.version_info[0] != 3 or sys.version_info[1] not in [${minors}])`
  return spawnSync(python, ['-c', check], { stdio: 'ignore' }).status === 0
}

/**
 * The command that installs what a requirements file of test/ names.
 *
 * @param {string} environment folder of the virtual environment
 */
export function pipInstall(environment) {
  const python = join(environment, 'bin', 'python')
  return [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
}
