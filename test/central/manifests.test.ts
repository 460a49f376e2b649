import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { KITS } from './kit.ts'

/** What can be known of compose files and manifests without an engine: that all they speak of is there, and is the same everywhere. */
const read = (name: string) => readFileSync(path.join(KITS, name), 'utf8')

/** Every document of a YAML file. */
function yaml(name: string): unknown[] {
  const script = [
    'import json, sys, yaml',
    "yaml.SafeLoader.add_multi_constructor('!', lambda loader, suffix, node: None)",
    'print(json.dumps(list(yaml.safe_load_all(sys.stdin))))',
  ].join('\n')
  return z
    .array(z.unknown())
    .parse(JSON.parse(execFileSync('python3', ['-c', script], { input: read(name), encoding: 'utf8' })))
}

const service = z.looseObject({
  image: z.string(),
  restart: z.literal('always'),
  environment: z.record(z.string(), z.string()),
  volumes: z.array(z.string()),
  healthcheck: z.object({ test: z.array(z.string()).min(2) }),
})
const compose = z.looseObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.unknown()),
})

/** The variables that a text needs: those without a default. */
const needs = (text: string) => [...new Set([...text.matchAll(/\$\{(\w+)(?::\?)?\}/g)].map(([, name]) => name!))].sort()
const ENGINE_NEEDS = needs(read('base/orthanc.json'))
const TEMPLATES = ['tls', 'proxy', 'health', 'allow'].map(name => `base/${name}.inc.template`)
const proxyNeeds = (kind: string) =>
  needs([...TEMPLATES, `${kind}/http.conf.template`, `${kind}/dimse.conf.stream-template`].map(read).join('\n'))
const EXAMPLE = [...read('env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name!)

/**
 * What docker-compose has against the files of a kit put together; '' = nothing. Debian's knows less than what they are written for: a
 * project's own name, and that a value is taken away. `change`: of each file's text.
 */
function composeFaults(kind: string, files: string[], change = (text: string) => text): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'isocenter-compose-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const env = path.join(folder, 'env')
  const names = [...EXAMPLE, 'ORTHANC_IMAGE', 'ORTHANC_PLUGINS']
  writeFileSync(env, names.map(name => `${name}=/filled/in\n`).join(''))
  const copies = files.flatMap(file => {
    const copy = path.join(folder, path.basename(file))
    writeFileSync(copy, change(read(file)).replaceAll(/^(name: .*| *\w+: !reset null)$/gm, ''))
    return ['-f', copy]
  })
  const asked = ['--project-directory', path.join(KITS, kind), '--env-file', env, ...copies, 'config', '-q']
  const { status, stderr, error } = spawnSync('docker-compose', asked, { encoding: 'utf8' })
  if (error) throw error
  return status === 0 ? '' : stderr
}

test('docker-compose takes the files as they are; a typo in one is found', () => {
  expect(composeFaults('single', ['single/compose.yaml'])).toBe('')
  expect(composeFaults('many', ['many/compose.yaml', 'many/compose.writers.yaml'])).toBe('')
  const typo = (text: string) => text.replace('healthcheck:', 'healthchek:')
  expect(composeFaults('single', ['single/compose.yaml'], typo)).toContain("'healthchek'")
})

/** A fault a line. */
const kubernetesFaults = (text: string) =>
  execFileSync('/usr/bin/python3', [path.join(import.meta.dirname, 'kubernetesForm.py')], {
    input: text,
    encoding: 'utf8',
  })

test('the Kubernetes manifests have the form of its API; a typo in one is found', () => {
  const names = globSync('*/*.yaml', { cwd: KITS }).filter(name => !/compose|kustomization/.test(name))
  expect(names).toHaveLength(5)
  const text = names.map(read).join('\n---\n')
  expect(kubernetesFaults(text)).toBe('')
  const typos = text
    .replace('readinessProbe:', 'readynessProbe:')
    .replace('kind: CronJob', 'kind: CronJobb')
    .replace(/^ {2}selector: \{ matchLabels: \{ app: proxy .*$/m, '')
  expect(kubernetesFaults(typos).trim().split('\n').sort()).toEqual([
    'CronJobb backup: there is no such kind',
    expect.stringContaining('readynessProbe: V1Container has no such field'),
    expect.stringContaining('`selector`, must not be `None`'),
  ])
})

test.each(['single', 'many'])('%s/compose.yaml: every file, volume and variable in it is there', kind => {
  const { services, volumes } = compose.parse(yaml(`${kind}/compose.yaml`)[0])
  const asked = needs(read(`${kind}/compose.yaml`))
  expect(asked.filter(name => !EXAMPLE.includes(name))).toEqual([])
  for (const { volumes: mounts } of Object.values(services)) {
    for (const mount of mounts) {
      const [from = ''] = mount.split(':')
      if (from.startsWith('.')) expect(existsSync(path.join(KITS, kind, from)), from).toBe(true)
      else if (!from.startsWith('$')) expect(Object.keys(volumes)).toContain(from)
    }
  }
  const engines = Object.values(services).filter(({ image }) => image.startsWith('isocenter-central'))
  expect(engines).toHaveLength(kind === 'single' ? 1 : 3)
  for (const { environment } of engines) {
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(ENGINE_NEEDS))
    expect(environment.TCP_NODELAY).toBe('1')
  }
  expect(Object.keys(services.proxy!.environment)).toEqual(expect.arrayContaining(proxyNeeds(kind)))
  const inProxy = services.proxy!.volumes.join('\n')
  for (const template of TEMPLATES) expect(inProxy).toContain(`../${template}:`)
  // Only the proxy is to be reached.
  expect(
    Object.entries(services)
      .filter(([, { ports }]) => ports !== undefined)
      .map(([name]) => name),
  ).toEqual(['proxy'])
})

test('many/compose.writers.yaml changes only what is in compose.yaml', () => {
  const own = z
    .looseObject({ services: z.record(z.string(), z.looseObject({ environment: z.record(z.string(), z.string()) })) })
    .parse(yaml('many/compose.writers.yaml')[0])
  const { services } = compose.parse(yaml('many/compose.yaml')[0])
  for (const [name, { environment }] of Object.entries(own.services)) {
    const known = [...Object.keys(services[name]!.environment), 'ORTHANC_PLUGINS', 'ORTHANC_LUA']
    expect(Object.keys(environment).filter(one => !known.includes(one))).toEqual([])
  }
})

const named = z.looseObject({ kind: z.string(), metadata: z.object({ name: z.string() }) })
const variables = z.array(z.looseObject({ name: z.string(), value: z.string().optional() }))
const container = z.looseObject({
  image: z.string(),
  env: variables,
  resources: z.object({ requests: z.unknown(), limits: z.unknown() }),
  volumeMounts: z.array(z.looseObject({ name: z.string() })),
})
const pod = z.looseObject({
  containers: z.array(container).length(1),
  volumes: z.array(z.looseObject({ name: z.string() })).default([]),
})
const workload = z.looseObject({
  kind: z.enum(['Deployment', 'StatefulSet']),
  spec: z.looseObject({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }), spec: pod }),
    volumeClaimTemplates: z.array(named.partial({ kind: true })).default([]),
  }),
})
const kustomization = z.looseObject({
  resources: z.array(z.string()),
  configMapGenerator: z.array(z.object({ name: z.string(), files: z.array(z.string()) })),
})

test.each(['single', 'many'])('%s: every name in the Kubernetes manifests is of something that is there', kind => {
  const objects = ['base/postgres.yaml', 'base/backup.yaml', 'base/network.yaml', `${kind}/kubernetes.yaml`].flatMap(
    yaml,
  )
  const names = objects.map(one => named.parse(one))
  const of = (what: string) => names.filter(one => one.kind === what).map(one => one.metadata.name)
  const maps = ['base', kind].flatMap(folder => {
    const { resources, configMapGenerator } = kustomization.parse(yaml(`${folder}/kustomization.yaml`)[0])
    for (const resource of resources) expect(existsSync(path.join(KITS, folder, resource)), resource).toBe(true)
    for (const file of configMapGenerator.flatMap(({ files }) => files)) {
      expect(existsSync(path.join(KITS, folder, file.split('=').at(-1)!)), file).toBe(true)
    }
    return configMapGenerator.map(({ name }) => name)
  })
  const text = JSON.stringify(objects)
  const mentioned = (key: string, within: string) =>
    [...text.matchAll(new RegExp(`"${key}": ?\\{[^{}]*"${within}": ?"([^"]+)"`, 'g'))].map(([, name]) => name!)
  expect(mentioned('configMap', 'name').filter(name => !maps.includes(name))).toEqual([])
  expect(
    mentioned('persistentVolumeClaim', 'claimName').filter(name => !of('PersistentVolumeClaim').includes(name)),
  ).toEqual([])
  expect(mentioned('secretKeyRef', 'key').filter(name => !EXAMPLE.includes(name))).toEqual([])

  const workloads = objects.flatMap(one => workload.safeParse(one).data ?? [])
  expect(workloads).toHaveLength(kind === 'single' ? 3 : 4)
  for (const { spec } of workloads) {
    const { labels } = spec.template.metadata
    expect(labels).toMatchObject(spec.selector.matchLabels)
    const { containers, volumes } = spec.template.spec
    const [{ image, env, volumeMounts, readinessProbe, livenessProbe }] = containers as [z.infer<typeof container>]
    const mountable = [...volumes.map(({ name }) => name), ...spec.volumeClaimTemplates.map(one => one.metadata.name)]
    expect(volumeMounts.map(({ name }) => name).filter(name => !mountable.includes(name))).toEqual([])
    expect([readinessProbe, livenessProbe]).not.toContain(undefined)
    // What comes of the secret as a whole, too.
    const given = [...env.map(({ name }) => name), ...(labels.tier === 'engine' ? EXAMPLE : [])]
    if (labels.tier === 'engine') {
      expect(image).toBe('isocenter-central:bookworm')
      expect(given).toEqual(expect.arrayContaining(ENGINE_NEEDS))
      expect(env).toContainEqual({ name: 'TCP_NODELAY', value: '1' })
    }
    if (labels.app === 'proxy') expect(given).toEqual(expect.arrayContaining(proxyNeeds(kind)))
  }
  for (const host of text.matchAll(/server ([a-z]+):/g)) expect(of('Service')).toContain(host[1])
  expect(of('CronJob')).toEqual(['backup'])
})

test('no kit turns off what protects it', () => {
  const engine = read('base/orthanc.json')
  for (const line of [
    '"AuthenticationEnabled": true',
    '"DicomCheckCalledAet": true',
    '"DicomAlwaysAllowStore": false',
    '"DicomAlwaysAllowFind": false',
    '"SyncStorageArea": true',
    '"OverwriteInstances": false',
    '"ExecuteLuaEnabled": false',
  ]) {
    expect(engine).toContain(line)
  }
  const balancers = globSync(path.join(KITS, '*/*.{conf,inc}.*template'))
    .map(file => readFileSync(file, 'utf8'))
    .join('\n')
  expect(balancers).not.toMatch(/^\s*keepalive\s|non_idempotent|max_fails=[1-9]/m)
  for (const name of globSync(path.join(KITS, '**/*'), { withFileTypes: true }).filter(one => one.isFile())) {
    // A secret has no default, and stands in no file.
    expect(readFileSync(path.join(name.parentPath, name.name), 'utf8')).not.toMatch(/PASSWORD:-\w|PASSWORD=\S/)
  }
})
