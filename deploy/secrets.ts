import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createToken, type Role, readTokens } from '../server/access.ts'
import { openDataFolder, replaceFile } from '../server/data-folder.ts'

/**
 * Where secrets lie, one folder for each service that reads them, so that none sees what another's are.
 * Every file has mode 0600.
 *
 *     admin/elastic.password        the administrator's: read by Elasticsearch and the one-shots
 *     admin/kibana.password         what Kibana logs in with
 *     kibana/kibana.yml             Kibana's whole configuration, with that password and its own keys
 *     playtrail/ansible.token       a sender's token, for Ansible's callback
 *     playtrail/reader.token        a reader's token, for the command line
 *     playtrail/elasticsearch.key   the API key with which Playtrail writes
 */
export interface Secrets {
  elasticPassword: string
  kibanaPassword: string
  kibanaConfiguration: string
  ansibleToken: string
  readerToken: string
  writerKey: string
}

const SECRET_BYTES = 32

export function secretsIn(folder: string): Secrets {
  return {
    elasticPassword: join(folder, 'admin', 'elastic.password'),
    kibanaPassword: join(folder, 'admin', 'kibana.password'),
    kibanaConfiguration: join(folder, 'kibana', 'kibana.yml'),
    ansibleToken: join(folder, 'playtrail', 'ansible.token'),
    readerToken: join(folder, 'playtrail', 'reader.token'),
    writerKey: join(folder, 'playtrail', 'elasticsearch.key')
  }
}

export function readSecret(file: string): string {
  return readFileSync(file, 'utf8').trim()
}

/** Makes passwords, Kibana's configuration and the first tokens. What is there already stays as it is. */
export function makeSecrets(folder: string, dataDir: string, say: (line: string) => void): void {
  const secrets = secretsIn(folder)
  for (const name of ['admin', 'kibana', 'playtrail']) {
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 })
  }
  writeOnce(secrets.elasticPassword, () => `${randomText()}\n`)
  writeOnce(secrets.kibanaPassword, () => `${randomText()}\n`)
  writeOnce(secrets.kibanaConfiguration, () => kibanaConfiguration(readSecret(secrets.kibanaPassword)))

  const { tokens } = openDataFolder(dataDir, { create: true })
  const isFirst = !existsSync(tokens)
  const make = (name: string, role: Role, file: string): void =>
    say(makeToken({ tokens, isFirst, name, role, file }))
  make('ansible', 'sender', secrets.ansibleToken)
  make('reader', 'reader', secrets.readerToken)
}

/** A token that was revoked, or whose file was taken away, is not made again: somebody wanted it so. */
function makeToken(wanted: {
  tokens: string
  isFirst: boolean
  name: string
  role: Role
  file: string
}): string {
  const { tokens, isFirst, name, role, file } = wanted
  const isKnown = readTokens(tokens).some((token) => token.name === name)
  const isKept = existsSync(file)
  if (isKnown && isKept) return `The token ${name} is in ${file}.`
  if (isKnown) {
    return `The token ${name} is in use, and its file ${file} was taken away. To have another one made: playtrail token revoke ${name}`
  }
  if (isKept && !isFirst) {
    return `The token in ${file} is refused: ${name} was revoked. To have another one made, remove the file.`
  }
  replaceFile(file, `${createToken(tokens, name, role, new Date())}\n`)
  return `Made the token ${name}, a ${role}'s: ${file}`
}

function kibanaConfiguration(password: string): string {
  const keys = ['security', 'encryptedSavedObjects', 'reporting']
  // JSON is YAML, and quotes what YAML might take for something else.
  return `# Made at the first start. Kibana's security.encryptionKey and its like must not change later.
server.host: "0.0.0.0"
server.shutdownTimeout: "5s"
elasticsearch.hosts: ["http://elasticsearch:9200"]
elasticsearch.username: "kibana_system"
elasticsearch.password: ${JSON.stringify(password)}
telemetry.optIn: false
${keys.map((name) => `xpack.${name}.encryptionKey: ${JSON.stringify(randomText())}\n`).join('')}`
}

function writeOnce(file: string, content: () => string): void {
  if (!existsSync(file)) replaceFile(file, content())
}

function randomText(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}
