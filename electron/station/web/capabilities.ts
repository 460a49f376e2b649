import { xmlText } from '../../../shared/xml.ts'

/** One transaction of the service, as the route table has it. */
export interface Capability {
  method: 'GET' | 'POST' | 'DELETE'
  /** As Hono writes it: `/studies/:study`. */
  path: string
  /** The transaction's name (PS3.18 table H-1). */
  id: string
  /** Media types of the answers. */
  produces: readonly string[]
  /** Of the body. */
  consumes?: readonly string[]
  /** Query parameters. */
  parameters?: readonly string[]
}

const NAMES: Record<string, string> = {
  ':study': '{StudyInstanceUID}',
  ':series': '{SeriesInstanceUID}',
  ':instance': '{SOPInstanceUID}',
  ':frames': '{frames}',
  ':path{.+}': '{bulkdata}',
}

interface Resource {
  methods: Capability[]
  below: Map<string, Resource>
}

/** The service's description (PS3.18 §8.9, annex H): a WADL document of exactly the routes there are. */
export function wadl(routes: readonly Capability[], base: string): string {
  const root: Resource = { methods: [], below: new Map() }
  for (const route of routes) {
    let at = root
    for (const segment of route.path.split('/').filter(Boolean)) {
      const name = NAMES[segment] ?? segment
      const next: Resource = at.below.get(name) ?? { methods: [], below: new Map() }
      at.below.set(name, next)
      at = next
    }
    at.methods.push(route)
  }
  return `<?xml version="1.0" encoding="UTF-8"?>
<application xmlns="http://wadl.dev.java.net/2009/02" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<resources base="${xmlText(base)}">${below(root)}</resources>
</application>
`
}

function below(resource: Resource): string {
  return [...resource.below]
    .map(([name, one]) => `<resource path="${name}">${one.methods.map(method).join('')}${below(one)}</resource>`)
    .join('\n')
}

function method({ method: name, id, produces, consumes = [], parameters = [] }: Capability): string {
  const query = parameters.map(parameter => `<param name="${parameter}" style="query" type="xsd:string"/>`).join('')
  const options = produces.map(type => `<option value="${xmlText(type)}"/>`).join('')
  const accept = `<param name="Accept" style="header" type="xsd:string">${options}</param>`
  return `<method name="${name}" id="${id}"><request>${query}${accept}${types(consumes)}</request><response status="200">${types(produces)}</response></method>`
}

function types(all: readonly string[]): string {
  return all.map(type => `<representation mediaType="${xmlText(type)}"/>`).join('')
}

/** What may be asked of a path below the service; none when there is no such resource. */
export function methodsOf(routes: readonly Capability[], pathname: string): string[] {
  const segments = pathname.split('/').filter(Boolean)
  const matching = routes.filter(({ path }) => {
    const template = path.split('/').filter(Boolean)
    const fits = (part: string, index: number) => part.startsWith(':') || part === segments[index]
    const open = template.at(-1)?.endsWith('{.+}') ?? false
    const long = open ? segments.length >= template.length : segments.length === template.length
    return long && template.every(fits)
  })
  const methods = [...new Set(matching.map(one => one.method))]
  if (methods.length === 0) return []
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS']
}
