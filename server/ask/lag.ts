import type { FastifyInstance } from 'fastify'
import type { Follower } from '../index/follower.ts'

/** Header of every answer: how many acknowledged events it may lack, since the index has not got them yet. */
export const LAG_HEADER = 'playtrail-index-lag'

export function stateLag(app: FastifyInstance, follower: Pick<Follower, 'lag'>): void {
  app.addHook('onSend', async (_request, reply) => {
    reply.header(LAG_HEADER, follower.lag ?? 'unknown')
  })
}
