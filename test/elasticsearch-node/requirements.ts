import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const JAVA_VERSION_MIN = 21
/** Where distributions put their JVMs. */
const JVM_FOLDERS = ['/usr/lib/jvm', '/usr/lib64/jvm', '/opt/java']
const LIBRARY_FOLDERS = [
  `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`,
  '/usr/lib64',
  '/usr/lib'
]

export interface Jdk {
  home: string
  version: number
  /** Vendor, version and build: what tells one JDK from another. */
  release: string
}

/** What the node is made and run with. */
export interface Requirements {
  jdk: Jdk
  maven: string
  zstd: string
}

/** What this machine has of it, or the reason why there can be no node on it. */
export function requirements(): Requirements | string {
  if (process.platform !== 'linux') return `the Elasticsearch test node needs Linux, not ${process.platform}`
  const jdk = findJdk()
  if (jdk === undefined)
    return `the Elasticsearch test node needs a JDK of version ${JAVA_VERSION_MIN} or newer in JAVA_HOME, on the PATH or in ${JVM_FOLDERS[0]}`
  const maven = pathFolders()
    .map((folder) => join(folder, 'mvn'))
    .find((file) => existsSync(file))
  if (maven === undefined) return 'the Elasticsearch test node needs Maven (mvn) on the PATH'
  const zstd = LIBRARY_FOLDERS.map((folder) => join(folder, 'libzstd.so.1')).find((file) => existsSync(file))
  if (zstd === undefined) return 'the Elasticsearch test node needs libzstd.so.1 (Debian: libzstd1)'
  return { jdk, maven, zstd }
}

function findJdk(): Jdk | undefined {
  const onPath = pathFolders()
    .map((folder) => join(folder, 'javac'))
    .filter((file) => existsSync(file))
    .map((file) => dirname(dirname(realpathSync(file))))
  const installed = JVM_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .sort()
      .reverse()
      .map((name) => join(folder, name))
  )
  return [process.env.JAVA_HOME ?? '', ...onPath, ...installed]
    .filter((home) => home !== '')
    .map(readJdk)
    .find((jdk) => jdk !== undefined)
}

/** Undefined for what is no JDK, or one that is too old. */
function readJdk(home: string): Jdk | undefined {
  const file = join(home, 'release')
  if (!existsSync(file) || !existsSync(join(home, 'bin', 'javac'))) return undefined
  const release = readFileSync(file, 'utf8')
  const version = Number(/^JAVA_VERSION="(\d+)/m.exec(release)?.[1] ?? 0)
  return version >= JAVA_VERSION_MIN ? { home, version, release } : undefined
}

function pathFolders(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
}
