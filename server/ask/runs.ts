import type { FastifyPluginAsync } from 'fastify'
import type { Store } from '../index/store.ts'

export const runsRoutes: FastifyPluginAsync<{ store: Store }> = async () => undefined
