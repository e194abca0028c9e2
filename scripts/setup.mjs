// Installs what is missing, and nothing else: `npm start` and `npm test` call it first. It runs on whatever
// Node.js the machine has, so it is plain JavaScript; everything after it runs on the Node.js 24 that it brings.
//
//   node scripts/setup.mjs            the packages of package-lock.json
//   node scripts/setup.mjs --python   also .venv with what the tests of the Ansible collection need
//   node scripts/setup.mjs --api      also .matrix/api with what `npm run test:api` needs
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { findPython, pipInstall } from './python.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const PYTHON_MINOR_MIN = 9
const PYTHON_MINOR_MIN_API = 10
const PYTHON_MINOR_MAX = 14

installPackages()
if (process.argv.includes('--python')) installPython()
if (process.argv.includes('--api')) installApi()

function installPackages() {
  const stamp = join(root, 'node_modules', '.playtrail-setup')
  const wanted = hashOf('package.json', 'package-lock.json')
  if (isStamped(stamp, wanted)) return
  say('installing the packages of package-lock.json (about a minute with an empty cache)')
  // Not `npm ci`: it refuses a lock file that names binaries for other platforms which a registry lacks.
  // `--no-save` keeps to the lock file all the same, and leaves it as it is.
  const npm = process.env.npm_execpath === undefined ? ['npm'] : [process.execPath, process.env.npm_execpath]
  run(
    [...npm, 'install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'],
    'npm could not install the packages.'
  )
  writeFileSync(stamp, wanted)
}

function installPython() {
  makeEnvironment({
    venv: '.venv',
    requirements: ['test/requirements.txt', 'test/requirements-scenarios.txt'],
    minorMin: PYTHON_MINOR_MIN,
    purpose: 'to run Ansible'
  })
}

function installApi() {
  makeEnvironment({
    venv: '.matrix/api',
    requirements: ['test/requirements-api.txt'],
    minorMin: PYTHON_MINOR_MIN_API,
    purpose: 'to run schemathesis'
  })
}

/** Installs the first of the requirements, which names the others. */
function makeEnvironment({ venv, requirements, minorMin, purpose }) {
  const path = join(root, venv)
  const stamp = join(path, '.playtrail-setup')
  const wanted = hashOf(...requirements)
  if (isStamped(stamp, wanted)) return
  const minors = Array.from({ length: PYTHON_MINOR_MAX - minorMin + 1 }, (_, i) => PYTHON_MINOR_MAX - i)
  const python = process.env.PYTHON || findPython(minors)
  if (python === undefined) {
    fail(
      `Python 3.${minorMin} or newer with the module venv is needed ${purpose}; none was found. On Debian: apt-get install python3-venv. Or name one with PYTHON=/path/to/python3.`
    )
  }
  say(`making ${venv}, ${purpose} (${python})`)
  rmSync(path, { recursive: true, force: true })
  run([python, '-m', 'venv', path], 'the virtual environment could not be made.')
  run([...pipInstall(path), '-r', join(root, requirements[0])], `pip could not install ${requirements[0]}.`)
  writeFileSync(stamp, wanted)
}

function isStamped(stamp, wanted) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
}

function hashOf(...files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function run([command, ...args], failure) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) fail(`${failure} ${error ?? `${command} ended with ${status}.`}`)
}

function say(what) {
  process.stderr.write(`setup: ${what}\n`)
}

function fail(why) {
  say(why)
  process.exit(1)
}
