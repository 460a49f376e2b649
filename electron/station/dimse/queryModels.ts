import type { NodeRight } from '../../../shared/config.ts'

/** One SOP class of the Query/Retrieve service. */
export interface QueryModel {
  root: 'PATIENT' | 'STUDY'
  service: 'FIND' | 'MOVE' | 'GET'
  /** What a node needs for it. */
  right: NodeRight
}

/** PS3.4 §C.6: the information models that are served, by the end of their UIDs. Patient/Study Only is retired since 2004. */
const MODELS = new Map<string, QueryModel>(
  (['PATIENT', 'STUDY'] as const).flatMap((root, r) =>
    (['FIND', 'MOVE', 'GET'] as const).map((service, s): [string, QueryModel] => [
      `1.2.840.10008.5.1.4.1.2.${r + 1}.${s + 1}`,
      { root, service, right: service === 'FIND' ? 'query' : 'retrieve' },
    ]),
  ),
)

/** Undefined for whatever is no Query/Retrieve class served here. */
export function queryModel(SOPClassUID: string): QueryModel | undefined {
  return MODELS.get(SOPClassUID)
}
