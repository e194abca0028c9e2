import type { FastifyPluginAsync } from 'fastify'
import type { Store } from '../index/store.ts'

export const eventsRoute: FastifyPluginAsync<{ store: Store }> = async () => undefined
