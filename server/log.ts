import { type Logger, pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { Config } from './config.ts'

/** The server's log on standard output: JSON, or lines for people. A token never gets into it. */
export function createLog({ logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>): Logger {
  const options = {
    level: logLevel,
    redact: ['req.headers.authorization'],
    timestamp: pino.stdTimeFunctions.isoTime
  }
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && process.stdout.isTTY)
  if (!isPretty) return pino(options)
  const pretty = prettyFactory({
    colorize: process.stdout.isTTY && process.env.NO_COLOR === undefined,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname,reqId,method,url,status,ms',
    messageFormat: (line, messageKey) =>
      line.method === undefined
        ? String(line[messageKey])
        : `${line.status} ${line.method} ${line.url} ${line.ms} ms`
  })
  return pino(options, { write: (line: string) => process.stdout.write(pretty(line)) })
}
