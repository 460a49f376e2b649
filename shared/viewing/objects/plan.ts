import type { DataSet } from '../../dicom/reader.ts'

export interface Plan {
  kind: 'plan'
  SOPInstanceUID: string
  label: string
  /** In words and figures, for a person: what it is, in the order it is read. */
  facts: Array<{ name: string; value: string }>
  /** Gy; what doses are said in % of. */
  prescription: number | undefined
}

const MOST_BEAMS = 200

/** The facts of an RT Plan or RT Ion Plan (PS3.3 A.20, A.49). */
export function readPlan(dataSet: DataSet): Plan {
  const fact = (name: string, value: string) => (value === '' ? [] : [{ name, value }])
  const references = dataSet.items('DoseReferenceSequence')
  const prescribed = references.flatMap(one => one.number('TargetPrescriptionDose') ?? [])
  const groups = dataSet.items('FractionGroupSequence')
  const meterset = new Map<number, number>()
  for (const beam of groups.flatMap(group => group.items('ReferencedBeamSequence'))) {
    const number = beam.number('ReferencedBeamNumber')
    const units = beam.number('BeamMeterset')
    if (number !== undefined && units !== undefined) meterset.set(number, units)
  }
  const beams = [...dataSet.items('BeamSequence'), ...dataSet.items('IonBeamSequence')].slice(0, MOST_BEAMS)
  return {
    kind: 'plan',
    SOPInstanceUID: dataSet.string('SOPInstanceUID'),
    label: dataSet.string('RTPlanLabel') || dataSet.string('RTPlanName') || 'Plan',
    facts: [
      ...fact('Intent', dataSet.string('PlanIntent').toLowerCase()),
      ...fact('Approval', dataSet.string('ApprovalStatus').toLowerCase()),
      ...fact('Description', dataSet.string('RTPlanDescription')),
      ...references.flatMap(one =>
        fact(
          one.string('DoseReferenceDescription') || one.string('DoseReferenceType').toLowerCase() || 'Dose reference',
          doseWords(one),
        ),
      ),
      ...groups.flatMap(group => fact('Fractions', String(group.number('NumberOfFractionsPlanned') ?? ''))),
      ...dataSet
        .items('PatientSetupSequence')
        .slice(0, 1)
        .flatMap(setup => fact('Position', setup.string('PatientPosition'))),
      ...beams.map(beam => ({
        name: beam.string('BeamName') || `Beam ${beam.number('BeamNumber') ?? ''}`,
        value: beamWords(beam, meterset.get(beam.number('BeamNumber') ?? -1)),
      })),
    ],
    // Of several targets the highest; whoever means another writes its number beside the levels.
    prescription: prescribed.length > 0 ? Math.max(...prescribed) : undefined,
  }
}

function doseWords(reference: DataSet): string {
  const words = (name: string, keyword: string) => {
    const value = reference.number(keyword)
    return value === undefined ? [] : [`${name} ${value} Gy`]
  }
  return [
    ...words('prescribed', 'TargetPrescriptionDose'),
    ...words('at least', 'TargetMinimumDose'),
    ...words('at most', 'TargetMaximumDose'),
    ...words('delivered at most', 'DeliveryMaximumDose'),
    ...words('organ at most', 'OrganAtRiskMaximumDose'),
  ].join(', ')
}

function beamWords(beam: DataSet, meterset: number | undefined): string {
  const point = [...beam.items('ControlPointSequence'), ...beam.items('IonControlPointSequence')][0]
  const energy = point?.number('NominalBeamEnergy')
  const angle = (name: string, keyword: string) => {
    const value = point?.number(keyword)
    return value === undefined ? [] : [`${name} ${Number(value.toFixed(1))}°`]
  }
  const unit = beam.string('PrimaryDosimeterUnit') === 'NP' ? 'particles' : 'MU'
  return [
    [beam.string('BeamType'), beam.string('RadiationType')].filter(Boolean).join(' ').toLowerCase(),
    ...(energy === undefined ? [] : [`${energy} MV`]),
    ...(meterset === undefined ? [] : [`${Number(meterset.toFixed(1))} ${unit}`]),
    ...angle('gantry', 'GantryAngle'),
    ...angle('couch', 'PatientSupportAngle'),
    ...(beam.string('TreatmentDeliveryType') === 'SETUP' ? ['setup'] : []),
  ]
    .filter(Boolean)
    .join(', ')
}
