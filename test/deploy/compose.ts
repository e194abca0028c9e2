import { parse } from 'yaml'

export interface ComposeService {
  image?: string
  command?: string[]
  build?: string
  cap_drop?: string[]
  security_opt?: string[]
  read_only?: boolean
  tmpfs?: string[]
  mem_limit?: string
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  networks?: string[]
  network_mode?: string
  restart?: string
  healthcheck?: { test?: string[]; disable?: boolean }
  depends_on?: Record<string, { condition: string }>
}

export interface Compose {
  services: Record<string, ComposeService>
  networks: Record<string, { internal?: boolean }>
  volumes: Record<string, unknown>
}

export function parseCompose(text: string): Compose {
  return parse(text, { merge: true })
}

/** What the schema of Compose cannot say: names that lead nowhere, and what would open or weaken the installation. */
export function composeMistakes({ services, networks, volumes }: Compose): string[] {
  const used = new Set(Object.values(services).flatMap(({ volumes: mounts = [] }) => mounts.map(nameOf)))
  return [
    ...Object.keys(volumes)
      .filter((name) => !used.has(name))
      .map((name) => `the volume ${name} is not used`),
    ...Object.entries(services).flatMap(([name, service]) =>
      [
        ...hardeningMistakes(service),
        ...secretMistakes(service),
        ...dependencyMistakes(service, services),
        ...(service.volumes ?? [])
          .map(nameOf)
          .filter((volume) => !(volume in volumes))
          .map((volume) => `no volume ${volume}`),
        ...(service.networks ?? [])
          .filter((network) => !(network in networks))
          .map((network) => `no network ${network}`)
      ].map((mistake) => `${name}: ${mistake}`)
    )
  ]
}

function nameOf(mount: string): string {
  return mount.split(':')[0] ?? ''
}

function hardeningMistakes(service: ComposeService): string[] {
  const { ports = [], healthcheck } = service
  const isOurs = service.build !== undefined
  return [
    ...(service.cap_drop?.includes('ALL') ? [] : ['keeps capabilities']),
    ...(service.security_opt?.includes('no-new-privileges:true') ? [] : ['may gain privileges']),
    ...(service.mem_limit === undefined ? ['has no limit of memory'] : []),
    ...(isOurs && service.read_only !== true ? ['can write to its root file system'] : []),
    ...(service.networks === undefined && service.network_mode !== 'none'
      ? ['is on the default network']
      : []),
    ...(isOurs || healthcheck !== undefined ? [] : ['has no health check']),
    ...ports.filter((port) => !port.startsWith('127.0.0.1:')).map((port) => `publishes ${port} to everybody`),
    ...(/:latest$|^[^:]+$/.test(service.image ?? '') ? ['has an image without a version'] : [])
  ]
}

/** A secret comes in a file; a variable can name that file. */
function secretMistakes({ environment = {}, command = [] }: ComposeService): string[] {
  return [
    ...Object.keys(environment)
      .filter((name) => /PASSWORD|TOKEN|KEY|SECRET/i.test(name) && !/_(?:FILE|DIR)$/.test(name))
      .map((name) => `the secret ${name} is in the environment`),
    ...command.filter((word) => /password|token/i.test(word)).map((word) => `the command has ${word}`)
  ]
}

function dependencyMistakes({ depends_on = {} }: ComposeService, services: Compose['services']): string[] {
  return Object.entries(depends_on).flatMap(([name, { condition }]) => {
    const other = services[name]
    if (other === undefined) return [`waits for ${name}, which is no service`]
    const ends = other.restart === 'no'
    if (condition === 'service_completed_successfully') return ends ? [] : [`waits for the end of ${name}`]
    if (condition !== 'service_healthy') return [`waits for ${name} with ${condition}`]
    return ends || other.healthcheck?.disable ? [`waits for the health of ${name}, which has none`] : []
  })
}
