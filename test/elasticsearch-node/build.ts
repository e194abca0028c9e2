import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Requirements } from './requirements.ts'

const run = promisify(execFile)
const SOURCES = import.meta.dirname
const MAVEN_MS_MAX = 600_000

/** A node that is ready to be started. */
export interface Build {
  /** The folder in the cache that holds it. */
  folder: string
  /** The jars, in the order that the archive of classes was made with. */
  classPath: string
  nativeDir: string
  /** Classes already parsed (AppCDS): halves the time to start. May not be there yet. */
  archive: string
}

/**
 * The node, built with Maven and javac if the cache does not have it. The cache lies outside the work tree
 * and a build is named after all that it is made of, so that branches and clones share it and need no
 * cleaning. Each builder works in a folder of its own and the last step is a rename: two at once do the work
 * twice, and both end with a whole build.
 */
export async function ensureBuilt(needed: Requirements): Promise<Build> {
  const folder = join(cacheFolder(), `elasticsearch-node-${fingerprint(needed)}`)
  if (!existsSync(folder)) await build(folder, needed)
  const lib = join(folder, 'lib')
  return {
    folder,
    classPath: readdirSync(lib)
      .sort()
      .map((jar) => join(lib, jar))
      .join(':'),
    nativeDir: join(folder, 'native'),
    archive: join(folder, 'classes.jsa')
  }
}

async function build(folder: string, { jdk, maven, zstd }: Requirements): Promise<void> {
  const partial = `${folder}.${randomUUID()}`
  try {
    for (const part of ['lib', 'native', 'classes']) mkdirSync(join(partial, part), { recursive: true })
    // A local repository of its own: Maven's is not made for several writers, and the jars are needed once.
    await run(
      maven,
      [
        ...['--quiet', '--batch-mode', '--file', join(SOURCES, 'pom.xml')],
        `-Dmaven.repo.local=${join(partial, 'maven')}`,
        'dependency:copy-dependencies',
        `-DoutputDirectory=${join(partial, 'lib')}`
      ],
      { env: { ...process.env, JAVA_HOME: jdk.home }, timeout: MAVEN_MS_MAX }
    )
    rmSync(join(partial, 'maven'), { recursive: true })
    const classes = join(partial, 'classes')
    const sources = globSync(join(SOURCES, 'java/**/*.java'))
    await run(join(jdk.home, 'bin/javac'), [
      ...['-proc:none', '-d', classes, '-cp', join(partial, 'lib/*')],
      ...sources
    ])
    copyFileSync(join(SOURCES, 'java/log4j2.properties'), join(classes, 'log4j2.properties'))
    await run(join(jdk.home, 'bin/jar'), ['cf', join(partial, 'lib/main.jar'), '-C', classes, '.'])
    symlinkSync(zstd, join(partial, 'native/libzstd.so'))
    renameSync(partial, folder)
  } catch (error) {
    // Another builder was faster.
    if (existsSync(folder)) return
    throw new Error('the Elasticsearch test node could not be built; is Maven Central within reach?', {
      cause: error
    })
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

function fingerprint({ jdk, zstd }: Requirements): string {
  const hash = createHash('sha256').update(jdk.home).update(jdk.release).update(zstd)
  const files = ['build.ts', 'pom.xml', ...globSync('java/**/*.{java,properties}', { cwd: SOURCES }).sort()]
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(SOURCES, file)))
  return hash.digest('hex').slice(0, 16)
}

export function cacheFolder(): string {
  const folder =
    process.env.PLAYTRAIL_CACHE_DIR ||
    join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'playtrail')
  mkdirSync(folder, { recursive: true })
  return folder
}
