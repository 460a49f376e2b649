import type { Database } from 'better-sqlite3'
import { ATTRIBUTES_VERSION } from '../../../shared/dicom/imageAttributes.ts'
import type { InstanceHeader } from '../../../shared/dicom/instanceHeader.ts'
import { KEY_OBJECT_SELECTION } from '../../../shared/dicom/rejectionNote.ts'
import type { createApplyDecision } from './applyDecision.ts'
import type { Decision } from './decisionLog.ts'
import type { Change, Received } from './index.ts'
import type { LandingPosition } from './landing/landing.ts'
import type { CommitAnswer, PlacedObject } from './receivedObject.ts'
import { type ContentPlace, sameDataSet, samePixels, sha256Of } from './sameBytes.ts'
import { foldName, studyTokens } from './searchTokens.ts'
import { PRIORITY } from './studyQuery.ts'
import { ARCHIVE_VOLUME, DATA_VOLUME } from './volumes/placement.ts'

/** Until the content is read to its end. */
const NO_HASH = new Uint8Array()

/** What the first object that knows it says about its study; a later one only fills what is still empty. */
const STUDY_TEXTS = [
  'PatientName',
  'PatientID',
  'IssuerOfPatientID',
  'PatientBirthDate',
  'PatientSex',
  'PatientAge',
  'StudyDate',
  'StudyTime',
  'StudyID',
  'StudyDescription',
  'AccessionNumber',
  'ReferringPhysicianName',
  'InstitutionName',
] as const
const SERIES_TEXTS = [
  'SeriesDescription',
  'BodyPartExamined',
  'SeriesDate',
  'SeriesTime',
  'InstitutionName',
  'StationName',
  'Manufacturer',
] as const

type StudyTexts = Record<(typeof STUDY_TEXTS)[number], string>
type StudyRow = StudyTexts & { id: number; patient: number; lang: string; flags: string; hidden: number }
type SeriesRow = { id: number; flags: string; hidden: number }
type ContentRow = ContentPlace & {
  id: number
  TransferSyntaxUID: string
  pixelOffset: number
  /** null: it came before there was one. */
  crc: number | null
  state: 'whole' | 'damaged'
  sha256: Buffer
  volume: number
  available: 0 | 1
}

/**
 * Turns received objects into rows: one transaction for all of them, so that one sync of the write-ahead log answers every
 * sender that waits. An object whose rows cannot be made fails alone. `waitForBytes`: they are on their way to the disk, and nothing
 * is committed before they are there.
 */
export function createCommitRows(
  db: Database,
  dataDir: string,
  epoch: number,
  { visibility, removals, moves, merges, custody, evictions }: ReturnType<typeof createApplyDecision>,
): (objects: PlacedObject[], landed: LandingPosition | undefined, waitForBytes?: () => void) => CommitAnswer {
  const patientByKey = db.prepare<[string], { id: number }>('SELECT id FROM patient WHERE key = ?')
  const addPatient = db.prepare('INSERT INTO patient (key) VALUES (?)')
  const studyByUID = db.prepare<[string], StudyRow>(
    `SELECT id, patient, lang, flags, hidden, ${STUDY_TEXTS.join(', ')} FROM study WHERE StudyInstanceUID = ?`,
  )
  const addStudy = db.prepare(
    `INSERT INTO study (patient, StudyInstanceUID, foldedName, lang, firstReceived, lastReceived, sendingAET, synthetic, priority, ${STUDY_TEXTS.join(', ')})
     VALUES (@patient, @StudyInstanceUID, @foldedName, @lang, @received, @received, @sendingAET, @synthetic, @priority, ${STUDY_TEXTS.map(name => `@${name}`).join(', ')})`,
  )
  const fillStudy = db.prepare(
    `UPDATE study SET patient = @patient, foldedName = @foldedName, lang = @lang, ${STUDY_TEXTS.map(name => `${name} = @${name}`).join(', ')} WHERE id = @id`,
  )
  const clearTokens = db.prepare('DELETE FROM studyToken WHERE study = ?')
  const addToken = db.prepare('INSERT INTO studyToken (token, study) VALUES (?, ?)')
  const countInStudy = db.prepare(
    `UPDATE study SET NumberOfStudyRelatedSeries = NumberOfStudyRelatedSeries + @series,
       NumberOfStudyRelatedInstances = NumberOfStudyRelatedInstances + @instances, size = size + @bytes,
       lastReceived = max(lastReceived, @received),
       sendingAET = iif(@received >= lastReceived, @sendingAET, sendingAET), synthetic = max(synthetic, @synthetic)
     WHERE id = @id`,
  )
  const setStudyFlags = db.prepare('UPDATE study SET flags = ? WHERE id = ?')
  const eachOnce = (column: string, order: string) =>
    `(SELECT json_group_array(${column}) FROM
       (SELECT ${column} FROM series WHERE study = @study AND hidden = 0 AND ${column} <> '' GROUP BY ${column} ORDER BY ${order}))`
  const setLists = db.prepare(
    `UPDATE study SET ModalitiesInStudy = ${eachOnce('Modality', 'Modality')},
       StationNamesInStudy = ${eachOnce('StationName', 'min(id)')},
       BodyPartsInStudy = ${eachOnce('BodyPartExamined', 'min(id)')} WHERE id = @study`,
  )
  const raisePriority = db.prepare(
    'UPDATE study SET priority = @priority WHERE id = @id AND priority < @priority AND priorityByHand = 0',
  )
  const seriesByUID = db.prepare<[number, string], SeriesRow>(
    'SELECT id, flags, hidden FROM series WHERE study = ? AND SeriesInstanceUID = ?',
  )
  const addSeries = db.prepare(
    `INSERT INTO series (study, SeriesInstanceUID, Modality, SeriesNumber, ${SERIES_TEXTS.join(', ')})
     VALUES (@study, @SeriesInstanceUID, @Modality, @SeriesNumber, ${SERIES_TEXTS.map(name => `@${name}`).join(', ')})`,
  )
  const countInSeries = db.prepare(
    `UPDATE series SET NumberOfSeriesRelatedInstances = NumberOfSeriesRelatedInstances + 1, frames = frames + ? WHERE id = ?`,
  )
  const setSeriesFlags = db.prepare('UPDATE series SET flags = ? WHERE id = ?')
  // Here and below `+?` where tables are joined: bound as a plain `?` SQLite plans the statement anew each time (31 µs instead of 1).
  const instanceByUID = db.prepare<
    [string],
    {
      id: number
      series: number
      study: number
      hidden: number
      NumberOfFrames: number
      StudyInstanceUID: string
      SeriesInstanceUID: string
    }
  >(
    `SELECT instance.id, series, study.id AS study, instance.hidden, NumberOfFrames, StudyInstanceUID, SeriesInstanceUID FROM instance
     JOIN series ON series.id = instance.series JOIN study ON study.id = series.study WHERE SOPInstanceUID = +?`,
  )
  const addInstance = db.prepare(
    `INSERT INTO instance (series, SOPInstanceUID, SOPClassUID, InstanceNumber, NumberOfFrames, shown, hidden)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const show = db.prepare(
    'UPDATE instance SET shown = @content, NumberOfFrames = @frames, InstanceNumber = @InstanceNumber WHERE id = @id',
  )
  const addFrames = db.prepare('UPDATE series SET frames = frames + ? WHERE id = ?')
  const contentsOf = db.prepare<[number], ContentRow>(
    `SELECT content.id, crc, TransferSyntaxUID, pixelOffset, content.length, metaLength, volume.root || file AS file, offset,
       sha256, volume, available, state FROM content
     JOIN copy ON copy.content = content.id JOIN volume ON volume.id = copy.volume WHERE instance = +? ORDER BY content.id`,
  )
  const addContent = db.prepare(
    `INSERT INTO content (id, instance, relation, TransferSyntaxUID, length, crc, sha256, pixelOffset, door, sourceAET, sendingAET,
       receivingAET, address, received, attributes, attributesVersion, framePlan, unshowable, synthetic, flags)
     VALUES (@id, @instance, @relation, @TransferSyntaxUID, @length, @crc, @sha256, @pixelOffset, @door, @sourceAET, @sendingAET,
       @receivingAET, @address, @received, @attributes, @attributesVersion, @framePlan, @unshowable, @synthetic, @flags)`,
  )
  const addCopy = db.prepare(
    `INSERT INTO copy (content, volume, file, offset, length, metaLength, state) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const replaceCopy = db.prepare(
    `UPDATE copy SET volume = 0, file = ?, offset = ?, length = ?, metaLength = ?, state = 'whole' WHERE content = ?`,
  )
  const addPending = db.prepare('INSERT INTO pending (content) VALUES (?)')
  const addUnreadNote = db.prepare('INSERT OR IGNORE INTO unreadNote (content) VALUES (?)')
  const addChange = db.prepare(
    'INSERT INTO change (epoch, kind, StudyInstanceUID, SOPInstanceUID, content) VALUES (?, ?, ?, ?, ?)',
  )
  const meetPeer = db.prepare(
    `INSERT INTO peer (AET, address, firstSeen, lastSeen, instances) VALUES (@AET, @address, @at, @at, 1)
     ON CONFLICT (AET) DO UPDATE SET address = @address, lastSeen = max(lastSeen, @at), instances = instances + 1`,
  )
  const setLanded = db.prepare(
    `UPDATE state SET value = iif(key = 'landedSegment', @segment, @offset) WHERE key IN ('landedSegment', 'landedOffset')`,
  )
  const addToTotal = db.prepare('UPDATE state SET value = value + ? WHERE key = ?')
  const newestSeq = db.prepare<[], { seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'change'`)

  function patientOf(object: PlacedObject): number {
    const { header } = object
    const identifies = !header.flags.includes('no-patient-id') && !header.flags.includes('junk-patient-id')
    const key = JSON.stringify(
      identifies ? [header.IssuerOfPatientID, header.PatientID] : ['', '', header.StudyInstanceUID],
    )
    return patientByKey.get(key)?.id ?? Number(addPatient.run(key).lastInsertRowid)
  }

  function writeTokens(study: number, texts: StudyTexts): void {
    clearTokens.run(study)
    for (const token of studyTokens(texts)) addToken.run(token, study)
  }

  /** The patient's other studies are told of a study that came to them. */
  function countPriors(patient: number, study: number, group: Group): void {
    for (const uid of visibility.countPriors(patient, study)) group.alsoTouched.add(uid)
  }

  function studyOf(object: PlacedObject, group: Group): { id: number; hidden: boolean; PatientID: string } {
    const header = withPlainDates(object.header)
    const known = studyByUID.get(header.StudyInstanceUID)
    if (!known) {
      const texts = pick(header, STUDY_TEXTS)
      const patient = patientOf(object)
      const id = Number(
        addStudy.run({
          ...texts,
          patient,
          StudyInstanceUID: header.StudyInstanceUID,
          foldedName: foldName(header.PatientName),
          lang: header.lang,
          received: object.received,
          sendingAET: senderOf(object),
          synthetic: Number(header.synthetic),
          priority: requestedPriority(header),
        }).lastInsertRowid,
      )
      writeTokens(id, texts)
      countPriors(patient, id, group)
      if (header.flags.length > 0) setStudyFlags.run(JSON.stringify(header.flags), id)
      return { id, hidden: false, PatientID: header.PatientID }
    }
    const empty = STUDY_TEXTS.filter(name => known[name] === '' && header[name] !== '')
    if (empty.length > 0) {
      const texts: StudyTexts = { ...pick(known, STUDY_TEXTS), ...pick(header, empty) }
      const patient = empty.includes('PatientID') ? patientOf(object) : known.patient
      fillStudy.run({
        ...texts,
        id: known.id,
        patient,
        foldedName: foldName(texts.PatientName),
        lang: empty.includes('PatientName') ? header.lang : known.lang,
      })
      if (known.hidden === 0) writeTokens(known.id, texts)
      if (patient !== known.patient) {
        countPriors(known.patient, known.id, group)
        countPriors(patient, known.id, group)
      }
    }
    raisePriority.run({ id: known.id, priority: requestedPriority(header) })
    const otherPatient =
      header.PatientID !== '' && known.PatientID !== '' && header.PatientID !== known.PatientID ? ['mixed-patient'] : []
    const flags = withFlags(known.flags, [...header.flags, ...otherPatient])
    if (flags) setStudyFlags.run(flags, known.id)
    return { id: known.id, hidden: known.hidden === 1, PatientID: known.PatientID || header.PatientID }
  }

  function seriesOf(object: PlacedObject, study: number): { id: number; isNew: boolean; hidden: boolean } {
    const header = withPlainDates(object.header)
    const known = seriesByUID.get(study, header.SeriesInstanceUID)
    const flags = withFlags(known?.flags ?? '[]', header.flags)
    if (known) {
      if (flags) setSeriesFlags.run(flags, known.id)
      return { id: known.id, isNew: false, hidden: known.hidden === 1 }
    }
    const id = Number(
      addSeries.run({
        ...pick(header, SERIES_TEXTS),
        study,
        SeriesInstanceUID: header.SeriesInstanceUID,
        Modality: header.Modality,
        SeriesNumber: integer(header.SeriesNumber),
      }).lastInsertRowid,
    )
    if (flags) setSeriesFlags.run(flags, id)
    setLists.run({ study })
    return { id, isNew: true, hidden: false }
  }

  function writeContent(object: PlacedObject, instance: number, relation: 'first' | 'revision' | 'conflict'): void {
    const { header, origin } = object
    addContent.run({
      id: object.contentId,
      instance,
      relation,
      TransferSyntaxUID: object.TransferSyntaxUID,
      length: object.length,
      crc: object.crc,
      sha256: object.adopted?.sha256 ?? NO_HASH,
      pixelOffset: pixelOffsetOf(object),
      door: origin.door,
      sourceAET: origin.sourceAET,
      sendingAET: origin.sendingAET,
      receivingAET: origin.receivingAET,
      address: origin.address,
      received: object.received,
      attributes: object.attributes,
      attributesVersion: ATTRIBUTES_VERSION,
      framePlan: object.framePlan && JSON.stringify(object.framePlan),
      unshowable: object.unshowable ?? null,
      synthetic: Number(header.synthetic),
      flags: JSON.stringify(header.flags),
    })
    const { volume, root, state } = object.adopted ?? { volume: 0, root: '', state: 'whole' }
    const size = object.metaLength + object.length
    addCopy.run(object.contentId, volume, object.file.slice(root.length), object.offset, size, object.metaLength, state)
    if (header.SOPClassUID === KEY_OBJECT_SELECTION) addUnreadNote.run(object.contentId)
  }

  /** What has to be looked into after the answer; of plain images only a series' first, for a picture in the list at once. */
  function queueLook(object: PlacedObject, isFirst: boolean): void {
    const plain =
      !object.header.enhanced && (!object.framePlan || object.framePlan.kind === 'range') && !isEncapsulated(object)
    if (isFirst || !plain || object.header.NumberOfFrames > 1) addPending.run(object.contentId)
  }

  /** What lies beside the data folder is known by its SHA-256: a disk that hangs must not hold up the writer. */
  function isEqual(content: ContentRow, object: PlacedObject): boolean {
    if (content.volume <= DATA_VOLUME) return sameDataSet(dataDir, content, object)
    return sha256Of(dataDir, object)?.equals(content.sha256) === true
  }

  function relationTo(known: ContentRow[], object: PlacedObject): 'revision' | 'conflict' {
    const mine = { ...object, pixelOffset: pixelOffsetOf(object) }
    return known.some(content => content.available && samePixels(dataDir, content, mine)) ? 'revision' : 'conflict'
  }

  function addObject(received: PlacedObject, group: Group): Received {
    merges.follow(received)
    const moved = moves.place(received)
    const object = moved?.object ?? received
    const { header } = object
    const bytes = object.metaLength + object.length
    const hidden = visibility.levelOf(header.SOPInstanceUID)
    if (hidden > 0) {
      if (!object.adopted) removals.arrivedAgain(header.SOPInstanceUID, object.received)
      const emptied = removals.finishPurgeOf(header.SOPInstanceUID, Date.now())
      for (const study of emptied) group.decisions.push({ kind: 'emptied', ...study })
    }
    const known = instanceByUID.get(header.SOPInstanceUID)
    // The bin says that it came again.
    if (known && hidden > 0) group.alsoTouched.add(known.StudyInstanceUID)
    const contents = known ? contentsOf.all(known.id) : []
    // They are compared.
    if (known) group.waitForBytes?.()
    // Its own record in the log is not another copy, and what repair found lies where it lies.
    const isAway = (content: ContentRow) =>
      content.available === 0 &&
      content.volume > DATA_VOLUME &&
      content.id !== object.contentId &&
      object.adopted === undefined
    // A checksum only says that it is worth reading both: two contents may share one.
    const same = contents.find(
      content =>
        content.volume !== ARCHIVE_VOLUME &&
        content.TransferSyntaxUID === object.TransferSyntaxUID &&
        content.length === object.length &&
        (content.crc ?? object.crc) === (object.crc ?? content.crc) &&
        isEqual(content, object),
    )
    // Its sender is told that it is stored: that must hold if the disk never comes back.
    const away = same && isAway(same) ? same : undefined
    const equal = away ? undefined : same
    let place: { StudyInstanceUID: string; SeriesInstanceUID: string } | undefined = known
    let outcome: Received['outcome']
    if (known && equal) {
      meet(object)
      if (object.origin.door !== 'pull') custody.sentToUs(equal.id, known.id)
      return { outcome: 'duplicate', ...placeOf(known, header.SOPInstanceUID), contentId: equal.id, seq: 0 }
    }
    const lost =
      away ??
      contents.find(
        content =>
          (content.state === 'damaged' || content.volume === ARCHIVE_VOLUME) &&
          content.TransferSyntaxUID === object.TransferSyntaxUID &&
          content.length === object.length &&
          content.crc !== null &&
          content.crc === object.crc,
      )
    if (known && lost && !object.adopted) {
      // What was damaged or missing here, lies on a disk that is away, or had left for an archive, came again: its content is whole from
      // now on, and settles anew.
      replaceCopy.run(object.file, object.offset, bytes, object.metaLength, lost.id)
      const more = object.metaLength - lost.metaLength
      if (hidden === 0) {
        // Fetched back, and here already, is not received: the study keeps its place in the list.
        const received = away || lost.volume === ARCHIVE_VOLUME ? 0 : object.received
        countInStudy.run({ ...touch(object), received, id: known.study, series: 0, instances: 0, bytes: more })
        addToTotal.run(more, 'bytes')
      }
      if (lost.volume === ARCHIVE_VOLUME) {
        evictions.cameBack(lost.id, known.study, object.received)
        custody.cameBack(lost.id, known.id)
      } else {
        meet(object)
        if (object.origin.door !== 'pull') custody.sentToUs(lost.id, known.id)
      }
      const at = placeOf(known, header.SOPInstanceUID)
      const seq = Number(
        addChange.run(epoch, 'instance', at.StudyInstanceUID, at.SOPInstanceUID, lost.id).lastInsertRowid,
      )
      group.changes.push({ seq, kind: 'instance', StudyInstanceUID: at.StudyInstanceUID })
      return { outcome: 'stored', ...at, contentId: lost.id, seq }
    }
    if (known) {
      // The instance stays where it is known: an object under a used UID never moves or hides what is there.
      outcome = relationTo(contents, object)
      writeContent(object, known.id, outcome)
      custody.addArrived(received, {
        series: known.series,
        isShown: false,
        hidden: hidden > 0,
        isLive: group.isLive,
        PatientID: received.header.PatientID,
      })
      queueLook(object, false)
      if (hidden === 0) {
        countInStudy.run({ ...touch(object), id: known.study, series: 0, instances: 0, bytes })
        addToTotal.run(bytes, 'bytes')
      }
      if (object.showLatest) {
        const frames = header.NumberOfFrames ?? 0
        if (hidden === 0) addFrames.run(frames - known.NumberOfFrames, known.series)
        show.run({ id: known.id, content: object.contentId, frames, InstanceNumber: integer(header.InstanceNumber) })
        custody.refresh(known.id)
      }
    } else {
      outcome = 'stored'
      const study = studyOf(object, group)
      const series = seriesOf(object, study.id)
      moved?.mark(study.id, series.id)
      const frames = header.NumberOfFrames ?? 0
      const instance = Number(
        addInstance.run(
          series.id,
          header.SOPInstanceUID,
          header.SOPClassUID,
          integer(header.InstanceNumber),
          frames,
          object.contentId,
          hidden,
        ).lastInsertRowid,
      )
      writeContent(object, instance, 'first')
      custody.addArrived(received, {
        series: series.id,
        isShown: true,
        hidden: hidden > 0,
        isLive: group.isLive,
        PatientID: received.header.PatientID === study.PatientID ? null : received.header.PatientID,
      })
      queueLook(object, series.isNew || series.hidden)
      if (hidden > 0) {
        // What is hidden counts nowhere; a study or series that holds nothing else is hidden with it.
        if (series.isNew) recount(series.id, study.id, group)
      } else if (series.hidden || study.hidden) {
        countInStudy.run({ ...touch(object), id: study.id, series: 0, instances: 0, bytes: 0 })
        recount(series.id, study.id, group)
      } else {
        countInStudy.run({ ...touch(object), id: study.id, series: Number(series.isNew), instances: 1, bytes })
        countInSeries.run(frames, series.id)
        if (series.isNew) addToTotal.run(1, 'series')
        addToTotal.run(1, 'instances')
        addToTotal.run(bytes, 'bytes')
      }
      place = pick(header, ['StudyInstanceUID', 'SeriesInstanceUID'])
    }
    meet(object)
    const at = placeOf(place ?? header, header.SOPInstanceUID)
    const seq = Number(
      addChange.run(epoch, 'instance', at.StudyInstanceUID, at.SOPInstanceUID, object.contentId).lastInsertRowid,
    )
    group.changes.push({ seq, kind: 'instance', StudyInstanceUID: at.StudyInstanceUID })
    return { outcome, ...at, contentId: object.contentId, seq }
  }

  function recount(series: number, study: number, group: Group): void {
    for (const uid of visibility.recount([series], [study])) group.alsoTouched.add(uid)
  }

  function meet(object: PlacedObject): void {
    const { sendingAET, address } = object.origin
    if (sendingAET !== '') meetPeer.run({ AET: sendingAET, address, at: object.received })
  }

  const addOne = db.transaction(addObject)

  return db.transaction(
    (objects: PlacedObject[], landed: LandingPosition | undefined, waitForBytes?: () => void): CommitAnswer => {
      if (landed) setLanded.run(landed)
      const isLive = landed !== undefined
      const group: Group = { changes: [], decisions: [], alsoTouched: new Set(), isLive, waitForBytes }
      const results = objects.map(object => {
        const before = { changes: group.changes.length, decisions: group.decisions.length }
        try {
          return addOne(object, group)
        } catch (error) {
          // A full or failing disk rolls the whole transaction back: then nobody in it is stored.
          if (!db.inTransaction) throw error
          group.changes.length = before.changes
          group.decisions.length = before.decisions
          return { failed: error instanceof Error ? error.message : String(error) }
        }
      })
      const touched = new Set([...group.changes.map(change => change.StudyInstanceUID), ...group.alsoTouched])
      for (const uid of touched) {
        const seq = Number(addChange.run(epoch, 'study', uid, '', null).lastInsertRowid)
        group.changes.push({ seq, kind: 'study', StudyInstanceUID: uid })
      }
      const seq = newestSeq.get()?.seq ?? 0
      for (const result of results) if ('seq' in result && result.seq === 0) result.seq = seq
      waitForBytes?.()
      return { results, changes: group.changes, decisions: group.decisions, seq }
    },
  ).immediate
}

/** ACR-NEMA wrote 1994.11.05 and 11:20:00 (PS3.5 §6.2, notes to DA and TM): sorted and searched as the others are. */
function withPlainDates(header: PlacedObject['header']): PlacedObject['header'] {
  const plain = { ...header }
  for (const name of ['StudyDate', 'SeriesDate', 'PatientBirthDate'] as const) {
    plain[name] = header[name].replace(/^(\d{4})\.(\d{2})\.(\d{2})$/, '$1$2$3')
  }
  for (const name of ['StudyTime', 'SeriesTime'] as const) plain[name] = header[name].replaceAll(':', '')
  return plain
}

interface Group {
  changes: Change[]
  /** What storing decides: that a study which was being purged was emptied before it came anew. */
  decisions: Decision[]
  /** Studies that got nothing themselves but are shown otherwise now. */
  alsoTouched: Set<string>
  /** Received from a door now, neither read again from the log nor adopted. */
  isLive: boolean
  /** Until the objects' bytes can be read where they are said to be; throws when they never will. */
  waitForBytes?: (() => void) | undefined
}

/**
 * What the image says of its urgency, as the index has it. HIGH, MEDIUM and LOW are DICOM's (PS3.3 C.4.11, retired (0032,000C)),
 * the rest is what information systems write into (0040,1003), a free text.
 */
function requestedPriority({ RequestedProcedurePriority }: Pick<InstanceHeader, 'RequestedProcedurePriority'>): number {
  const text = RequestedProcedurePriority.trim().toUpperCase()
  if (/^(STAT|EMERGENCY|S)$/.test(text)) return PRIORITY.indexOf('stat')
  return /^(HIGH|URGENT|ASAP|A)$/.test(text) ? PRIORITY.indexOf('urgent') : PRIORITY.indexOf('routine')
}

function touch(object: PlacedObject): { received: number; sendingAET: string; synthetic: number } {
  return { received: object.received, sendingAET: senderOf(object), synthetic: Number(object.header.synthetic) }
}

/** The calling AE title, or the door's own name where nobody called. */
function senderOf(object: PlacedObject): string {
  return object.origin.sendingAET || object.origin.door
}

function isEncapsulated(object: PlacedObject): boolean {
  return object.header.pixels?.undefinedLength === true
}

/** Deflated data sets have no pixel position of their own. */
function pixelOffsetOf(object: PlacedObject): number {
  return object.framePlan?.kind === 'inflate' ? -1 : (object.header.pixels?.valueOffset ?? -1)
}

function placeOf(
  place: { StudyInstanceUID: string; SeriesInstanceUID: string },
  SOPInstanceUID: string,
): { StudyInstanceUID: string; SeriesInstanceUID: string; SOPInstanceUID: string } {
  return { ...pick(place, ['StudyInstanceUID', 'SeriesInstanceUID']), SOPInstanceUID }
}

function pick<T, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  const picked: Partial<Pick<T, K>> = {}
  for (const name of names) picked[name] = from[name]
  return picked as Pick<T, K>
}

/** The JSON list with `more` added, or undefined when it has them all. */
function withFlags(json: string, more: readonly string[]): string | undefined {
  const known: string[] = JSON.parse(json)
  const all = new Set([...known, ...more])
  return all.size > known.length ? JSON.stringify([...all]) : undefined
}

function integer(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? Math.trunc(value) : null
}
