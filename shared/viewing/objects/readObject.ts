import type { DataSet } from '../../dicom/reader.ts'
import { type Dose, readDose } from './dose.ts'
import { type ParametricMap, readParametricMap } from './parametricMap.ts'
import { type Plan, readPlan } from './plan.ts'
import { UnreadableObject } from './readPlanes.ts'
import { readSegmentation, type Segmentation } from './segmentation.ts'
import { readStructureSet, type StructureSet } from './structureSet.ts'

/** What is shown in the panel of structures, by SOP Class. */
const KINDS: Record<string, DrawnObject['kind']> = {
  '1.2.840.10008.5.1.4.1.1.66.4': 'segmentation',
  '1.2.840.10008.5.1.4.1.1.66.7': 'segmentation',
  '1.2.840.10008.5.1.4.1.1.481.3': 'structures',
  '1.2.840.10008.5.1.4.1.1.481.2': 'dose',
  '1.2.840.10008.5.1.4.1.1.481.5': 'plan',
  '1.2.840.10008.5.1.4.1.1.481.8': 'plan',
  '1.2.840.10008.5.1.4.1.1.30': 'map',
}

export type DrawnObject = Segmentation | StructureSet | Dose | ParametricMap | Plan

export function objectKind(SOPClassUID: string): DrawnObject['kind'] | undefined {
  return KINDS[SOPClassUID]
}

/** By its SOP Class. Throws UnreadableObject with words for its row. */
export function readDrawnObject(dataSet: DataSet): DrawnObject {
  switch (objectKind(dataSet.string('SOPClassUID'))) {
    case 'segmentation':
      return readSegmentation(dataSet)
    case 'structures':
      return readStructureSet(dataSet)
    case 'dose':
      return readDose(dataSet)
    case 'plan':
      return readPlan(dataSet)
    case 'map':
      return readParametricMap(dataSet)
    case undefined:
      throw new UnreadableObject('Objects of this kind are not drawn on images.')
  }
}
