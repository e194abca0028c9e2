import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { replaceFile } from './data-folder.ts'
import { Fatal, Problem, type ProblemCode } from './errors.ts'
import { denialOf } from './permissions.ts'

/** What a token may do: a sender writes and cannot read, a reader reads and cannot write. */
export const roles = ['sender', 'reader'] as const
export type Role = (typeof roles)[number]

/** A token at rest: never the token itself. */
export interface Token {
  name: string
  role: Role
  /** SHA-256 of the token, in hexadecimal. */
  sha256: string
  /** RFC 3339. */
  created: string
}

/** Name that events get as their sender while the server is open. */
export const OPEN_SENDER = 'local'
/** Name that the service's own events have as their sender. */
export const SERVER_SENDER = 'server'
const reservedNames: readonly string[] = [OPEN_SENDER, SERVER_SENDER]
const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const TOKEN_BYTES = 32

/** Makes a token and keeps its hash in `file`. The token itself is returned, and is nowhere else. */
export function createToken(file: string, name: string, role: Role, now: Date): string {
  if (!NAME_PATTERN.test(name) || reservedNames.includes(name)) {
    throw new Fatal(
      `a token's name is 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit, and not ${reservedNames.map((reserved) => `"${reserved}"`).join(' or ')}; got "${name}"`
    )
  }
  const tokens = readTokens(file)
  if (tokens.some((token) => token.name === name)) {
    throw new Fatal(
      `there is a token named ${name} already: choose another name, or revoke it first with: playtrail token revoke ${name}`
    )
  }
  const token = `playtrail_${role}_${randomBytes(TOKEN_BYTES).toString('base64url')}`
  writeTokens(file, [...tokens, { name, role, sha256: hashOf(token), created: now.toISOString() }])
  return token
}

/** Forgets a token: requests with it are refused from now on. */
export function revokeToken(file: string, name: string): void {
  const tokens = readTokens(file)
  const left = tokens.filter((token) => token.name !== name)
  if (left.length === tokens.length)
    throw new Fatal(`there is no token named ${name}: playtrail token list shows those there are`)
  writeTokens(file, left)
}

export function readTokens(file: string): Token[] {
  if (!existsSync(file)) return []
  try {
    const tokens: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (Array.isArray(tokens) && tokens.every(isToken)) return tokens as Token[]
    throw new Error('expected a list of tokens, each with "name", "role" and "sha256"')
  } catch (error) {
    throw new Fatal(
      denialOf(error) ??
        `${file} cannot be read: ${String(error)}. Restore it from a copy, or remove it and make new tokens.`,
      { cause: error }
    )
  }
}

/** Whether it says what has to be known of a token: somebody may have written the file by hand. */
export function isToken(token: Partial<Token> | null): token is Pick<Token, 'name' | 'role' | 'sha256'> {
  return (
    typeof token?.name === 'string' &&
    typeof token.sha256 === 'string' &&
    roles.some((role) => role === token.role)
  )
}

/** A request that was refused for want of a token, or of the right one. */
export class AccessRefused extends Problem {
  declare readonly code: RefusedCode
  /** What would have been needed. */
  readonly role: Role
  /** The token that came, if it is known. */
  readonly token: Token | undefined

  constructor(code: RefusedCode, role: Role, detail: string, token?: Token) {
    super(code, detail)
    this.role = role
    this.token = token
  }
}

export type RefusedCode = Extract<ProblemCode, 'token_missing' | 'token_unknown' | 'role_forbidden'>

/** Who may do what. */
export interface Access {
  /**
   * The name of whoever sent the request, from the address `from`, if they may act as `role`. Throws AccessRefused with code
   * `token_missing`, `token_unknown` or `role_forbidden`.
   *
   * On loopback everything is allowed, to `local`, until the first token is made. Then the door is shut for
   * good, also when the last token is revoked, and on loopback too: a proxy on this machine comes from there.
   */
  check(authorization: string | undefined, role: Role, from?: string): string
  /** Reads the tokens again if their file changed. There are none yet as long as it is undefined. */
  tokens(): readonly Token[] | undefined
}

/** Told what becomes of tokens, while requests are checked: it must be quick, and not throw. */
export interface TokensObserver {
  /** The file was read, at first or since it changed. */
  onRead(tokens: readonly Token[]): void
  /** A token was accepted. */
  onUsed(token: Token, from: string | undefined): void
}

export interface AccessOptions {
  /** Only this machine can reach the address that the service listens on. */
  isLoopback: boolean
  observer?: TokensObserver | undefined
}

export function openAccess(file: string, { isLoopback, observer }: AccessOptions): Access {
  const current = freshTokens(file, observer)
  return {
    check(authorization, role, from) {
      const tokens = readable(current)
      if (tokens === undefined && isLoopback) return OPEN_SENDER
      const presented = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
      if (presented === undefined) {
        throw new AccessRefused(
          'token_missing',
          role,
          `Expected the header "Authorization: Bearer <token>" with a ${role}'s token. Make one with: playtrail token create --role ${role} --name NAME`
        )
      }
      const token = tokens?.get(hashOf(presented))
      if (token === undefined) {
        throw new AccessRefused(
          'token_unknown',
          role,
          'The token is not one of this server: it was revoked, or belongs to another data folder. playtrail token list shows those there are.'
        )
      }
      if (token.role !== role) {
        throw new AccessRefused(
          'role_forbidden',
          role,
          `The token ${token.name} is a ${token.role}'s; this takes a ${role}'s. A sender cannot read, a reader cannot write.`,
          token
        )
      }
      observer?.onUsed(token, from)
      return token.name
    },
    tokens() {
      const tokens = current()
      return tokens && [...tokens.values()]
    }
  }
}

/**
 * The tokens by hash, read again when the file changed: `playtrail token` takes effect without a restart.
 * Undefined until there is a file; one that is gone again means that nobody has a token.
 */
function freshTokens(
  file: string,
  observer: TokensObserver | undefined
): () => ReadonlyMap<string, Token> | undefined {
  let seen: string | undefined
  let tokens: ReadonlyMap<string, Token> | undefined
  return () => {
    const stat = statSync(file, { throwIfNoEntry: false })
    const version = stat && `${stat.ino}:${stat.mtimeMs}:${stat.size}`
    if (version !== seen) {
      const read = readTokens(file)
      tokens = new Map(read.map((token) => [token.sha256, token]))
      seen = version
      observer?.onRead(read)
    }
    return tokens
  }
}

/** Whoever asks cannot do anything about it, and need not learn where the file lies: the log tells that. */
function readable<Tokens>(read: () => Tokens): Tokens {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof Fatal)) throw error
    throw new Problem(
      'tokens_unreadable',
      'The server cannot read the file with its tokens, so that it lets nobody in; its log tells why. Send the same again later.',
      {},
      { cause: error }
    )
  }
}

function writeTokens(file: string, tokens: Token[]): void {
  replaceFile(file, `${JSON.stringify(tokens, null, 2)}\n`)
}

// The token has 256 random bits, so that a plain hash cannot be reversed by guessing.
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
