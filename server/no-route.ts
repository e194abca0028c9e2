import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from './errors.ts'
import { answerProblem } from './failure.ts'

/**
 * Answers what no route takes: 405 with the methods that there are, where the path is one of ours (RFC 9110, section
 * 15.5.6), else 404; and what fails within a route, as a problem. To be called before the routes are made: it looks at them.
 */
export function answerNoRoute(app: FastifyInstance, listedAt = '/openapi.json'): void {
  const routes = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = routes.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    routes.set(url, methods)
  })
  const answerNotFound = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = request.url.split('?')[0] ?? ''
    const methods = [...routes].filter(([route]) => isPathOf(route, path)).flatMap(([, set]) => [...set])
    if (methods.length === 0) return answerProblem(noRoute(request.method, path, listedAt), request, reply)
    const allowed = methods.sort().join(', ')
    reply.header('allow', allowed)
    return answerProblem(noMethod(request.method, path, allowed), request, reply)
  }
  app.setNotFoundHandler(answerNotFound)
  // Whatever is wrong with a body that no route asks for, there is no route.
  app.setErrorHandler((error: Error, request, reply) =>
    request.is404 ? answerNotFound(request, reply) : answerProblem(error, request, reply)
  )
}

/** Whether `/v1/runs/019a5344` is a path of `/v1/runs/:id`. */
function isPathOf(route: string, path: string): boolean {
  const parts = path.split('/')
  const expected = route.split('/')
  return (
    expected.length === parts.length &&
    expected.every((part, at) => part.startsWith(':') || part === parts[at])
  )
}

function noRoute(method: string, path: string, listedAt: string): Problem {
  return new Problem('route_not_found', `There is no ${method} ${path}. ${listedAt} lists what there is.`)
}

function noMethod(method: string, path: string, allowed: string): Problem {
  return new Problem('method_not_allowed', `${path} does not take ${method}: expected ${allowed}.`)
}
