import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Listen } from './config.ts'
import { Fatal } from './errors.ts'
import { limits } from './limits.ts'

/** Address of an app that listens, for example `http://127.0.0.1:8470`. */
export function urlOf(app: FastifyInstance): string {
  const { address, port, family } = app.server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** Ends the open requests; what has not ended by then is cut, so that the rest can be closed in order. */
export async function closeApp(app: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), limits.requestsEndMsMax)
  try {
    await app.close()
  } finally {
    clearTimeout(cut)
  }
}

/** Why an address cannot be listened on, with what to do; any other error as it is. */
export function explainListening(error: unknown, listen: Listen): unknown {
  // A file that may not be read has the code of an address that may not be listened on.
  if (!(error instanceof Error && 'syscall' in error && error.syscall === 'listen')) return error
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    return new Fatal(
      `port ${listen.port} on ${listen.host} is taken, perhaps by another Playtrail. Choose another with --listen ${listen.host}:PORT.`,
      { cause: error }
    )
  }
  if (code === 'EADDRNOTAVAIL' || code === 'EACCES') {
    return new Fatal(
      `cannot listen on ${listen.host}:${listen.port} (${code}). Choose an address of this machine, and a port above 1023, with --listen.`,
      { cause: error }
    )
  }
  return error
}
