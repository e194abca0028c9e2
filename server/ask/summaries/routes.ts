import type { FastifyPluginAsync } from 'fastify'
import type { AskOptions } from '../routes.ts'
import { facetsRoute } from './facets.ts'
import { histogramRoute } from './histogram.ts'
import { hostsRoutes } from './hosts.ts'
import { playbooksRoutes } from './playbooks.ts'
import { tasksRoutes } from './tasks.ts'

/** What is summed up: hosts, playbooks, users, tasks, and events by values and time. */
export const summariesRoutes: FastifyPluginAsync<AskOptions> = async (app, options) => {
  await app.register(hostsRoutes, options)
  await app.register(playbooksRoutes, options)
  await app.register(tasksRoutes, options)
  await app.register(facetsRoute, options)
  await app.register(histogramRoute, options)
}
