import type { Destination } from '../../../shared/sync.ts'
import type { Carrier } from './carrier.ts'
import { createDimseCarrier, type DimseCarrierDeps } from './dimseCarrier.ts'
import { createStowCarrier } from './stowCarrier.ts'

/** The way to a destination. Nothing is opened before it is used. */
export function createCarrier({ route }: Pick<Destination, 'route'>, deps: DimseCarrierDeps): Carrier {
  return route.kind === 'dicomweb' ? createStowCarrier(route, deps) : createDimseCarrier(route, deps)
}
