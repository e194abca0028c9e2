import { createHash } from 'node:crypto'
import { type Random, randomFrom } from './random.ts'

// Who works on what, the same in every history: 500 hosts, 300 tasks, 30 playbooks, 12 people.

const SEED = 20_261_105
const TASKS_A_ROLE = 12

export interface Host {
  name: string
  groups: readonly string[]
}

/** What a task usually does; of a task that runs again and again most ends are alike. */
export interface Task {
  role: string
  name: string
  action: string
  key: string
  path: string
  line: number
  tags: readonly string[]
  output: 'stdout' | 'diff' | 'message' | 'none'
  medianMs: number
  changedShare: number
  skippedShare: number
  failedShare: number
  /** Succeeds at times only when it is tried again. */
  isFlaky: boolean
  isNoLog: boolean
}

export interface Playbook {
  name: string
  path: string
  plays: readonly { name: string; pattern: string; hosts: readonly Host[]; tasks: readonly Task[] }[]
  tags: readonly string[]
}

export interface Estate {
  hosts: readonly Host[]
  tasks: readonly Task[]
  playbooks: readonly Playbook[]
  users: readonly string[]
  controllers: readonly string[]
}

const groupSizes = {
  web: 140,
  app: 130,
  db: 60,
  cache: 40,
  queue: 30,
  lb: 20,
  monitoring: 20,
  build: 30,
  backup: 30
}

const roles = (
  'base users sshd ntp firewall packages sysctl logrotate rsyslog nginx haproxy certbot postgresql ' +
  'pgbouncer redis rabbitmq java app deploy cron backup node_exporter prometheus grafana docker'
).split(' ')

interface Kind {
  name: string
  action: string
  output: Task['output']
  medianMs: number
  changedShare: number
  skippedShare: number
}

// One of each kind in every role.
const kinds: readonly Kind[] = [
  kind('Install the packages of', 'ansible.builtin.apt', 'stdout', 2_400, 0.06, 0.02),
  kind('Make the folders of', 'ansible.builtin.file', 'none', 350, 0.01, 0),
  kind('Write the configuration of', 'ansible.builtin.template', 'diff', 800, 0.14, 0),
  kind('Write the environment of', 'ansible.builtin.template', 'diff', 700, 0.08, 0.05),
  kind('Copy the files of', 'ansible.builtin.copy', 'diff', 900, 0.05, 0),
  kind('Check the configuration of', 'ansible.builtin.command', 'stdout', 500, 0, 0.1),
  kind('Read the version of', 'ansible.builtin.command', 'stdout', 300, 0, 0.02),
  kind('Add the user of', 'ansible.builtin.user', 'none', 400, 0.005, 0),
  kind('Migrate', 'ansible.builtin.shell', 'stdout', 3_500, 0.25, 0.4),
  kind('Enable and start', 'ansible.builtin.systemd_service', 'none', 600, 0.02, 0.01),
  kind('Wait until it answers:', 'ansible.builtin.uri', 'message', 1_200, 0, 0.05),
  kind('Remove what is left of', 'ansible.builtin.file', 'none', 330, 0.01, 0.3)
]

function kind(
  name: string,
  action: string,
  output: Task['output'],
  medianMs: number,
  changedShare: number,
  skippedShare: number
): Kind {
  return { name, action, output, medianMs, changedShare, skippedShare }
}

export function estate(): Estate {
  const random = randomFrom(SEED)
  const hosts = hostsOf(random)
  const tasks = roles.flatMap((role) => tasksOf(role, random))
  return {
    hosts,
    tasks,
    playbooks: playbooksOf(hosts, tasks, random),
    users: 'alice bob carol dave erin frank grace heidi ivan judy mallory ci-deploy'.split(' '),
    controllers: ['control-1', 'control-2', 'runner-7']
  }
}

/** The same, with playbooks of 20 hosts × 50 tasks: 1,000 results each. */
export function smallEstate(): Estate {
  const whole = estate()
  const random = randomFrom(SEED)
  const playbooks = ['web', 'app', 'db', 'cache', 'queue'].map((pattern) => {
    const hosts = whole.hosts.filter(({ groups }) => groups[0] === pattern).slice(0, 20)
    const name = `${pattern}.yml`
    const plays = [{ name: `The ${pattern} hosts`, pattern, hosts, tasks: some(whole.tasks, 50, random) }]
    return { name, path: `/srv/ansible/playbooks/${name}`, tags: [pattern], plays }
  })
  const hosts = playbooks.flatMap(({ plays }) => plays.flatMap((play) => play.hosts))
  const tasks = [...new Set(playbooks.flatMap(({ plays }) => plays.flatMap((play) => play.tasks)))]
  return { ...whole, hosts, tasks, playbooks }
}

function hostsOf(random: Random): Host[] {
  return Object.entries(groupSizes).flatMap(([group, size]) =>
    Array.from({ length: size }, (_, at) => ({
      name: `${group}-${String(at + 1).padStart(3, '0')}`,
      groups: [group, random.pick(['dc_north', 'dc_south']), random.pick(['debian', 'debian', 'rocky'])]
    }))
  )
}

function tasksOf(role: string, random: Random): Task[] {
  return kinds.map(({ name, ...kind }, at) => {
    const path = `roles/${role}/tasks/main.yml`
    const title = `${name} ${role}`
    return {
      ...kind,
      role,
      name: title,
      key: createHash('sha1').update([role, path, title, kind.action].join('\0')).digest('hex'),
      path: `/srv/ansible/${path}`,
      line: at * 9 + 2,
      tags: [role],
      medianMs: random.logNormal(kind.medianMs, 0.4),
      changedShare: kind.changedShare * random.logNormal(1, 0.7),
      failedShare: random.chance(0.1) ? 0.004 : 0.0004,
      isFlaky: kind.output === 'message' && random.chance(0.3),
      isNoLog: random.chance(0.02)
    }
  })
}

/** `site.yml` for all hosts with few tasks, others for a group with many. */
function playbooksOf(hosts: readonly Host[], tasks: readonly Task[], random: Random): Playbook[] {
  const inGroup = (group: string): Host[] => hosts.filter(({ groups }) => groups[0] === group)
  const of = (name: string, patterns: readonly string[], tasksMin: number, tasksMax: number): Playbook => ({
    name: `${name}.yml`,
    path: `/srv/ansible/playbooks/${name}.yml`,
    tags: [...new Set(roles.filter(() => random.chance(0.1))), name],
    plays: patterns.map((pattern) => ({
      name: pattern === 'all' ? 'Everything' : `The ${pattern} hosts`,
      pattern,
      hosts: pattern === 'all' ? hosts : inGroup(pattern),
      tasks: some(tasks, random.integer(tasksMin, tasksMax), random)
    }))
  })
  const groups = Object.keys(groupSizes)
  return [
    ...groups.map((group) => of(group, [group], 35, 60)),
    ...groups.map((group) => of(`${group}-update`, [group], 15, 30)),
    of('deploy', ['app', 'web'], 15, 25),
    of('site', ['all'], 25, 35),
    of('security', ['all'], 6, 10),
    of('restart', ['web', 'app', 'queue'], 3, 6),
    of('certificates', ['lb', 'web'], 8, 12),
    of('failover', ['db', 'cache'], 10, 16),
    of('restore', ['backup', 'db'], 14, 22),
    of('agents', ['monitoring', 'all'], 5, 8),
    of('databases', ['db', 'backup'], 20, 30),
    of('images', ['build'], 40, TASKS_A_ROLE * 5),
    of('decommission', ['cache'], 15, 25),
    of('audit', ['all'], 4, 7)
  ]
}

/** Whole stretches of roles, as playbooks name roles and not tasks. */
function some(tasks: readonly Task[], count: number, random: Random): Task[] {
  const chosen: Task[] = []
  while (chosen.length < count) {
    const role = random.integer(0, roles.length - 1) * TASKS_A_ROLE
    const wanted = Math.min(count - chosen.length, random.integer(3, TASKS_A_ROLE))
    chosen.push(...tasks.slice(role, role + wanted).filter((task) => !chosen.includes(task)))
  }
  return chosen
}
