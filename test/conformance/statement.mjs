import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PLACES } from '../../electron/station/dimse/index.ts'
import { negotiate } from '../../electron/station/dimse/negotiation.ts'
import { queryModel } from '../../electron/station/dimse/queryModels.ts'
import { QUERY_KEYS } from '../../electron/station/store/queryKeys.ts'
import { createDicomWeb } from '../../electron/station/web/dicomweb.ts'
import { STATUS } from '../../electron/station/wire/dimse.ts'
import { ANNOUNCED_LENGTH, LONGEST_CONTROL_PDU, LONGEST_PDU } from '../../electron/station/wire/pduReader.ts'
import { CIPHERS } from '../../electron/station/wire/secure.ts'
import { AUDIT_EVENTS } from '../../shared/audit.ts'
import { aeProfiles, configSchema, profileOf } from '../../shared/config.ts'
import { SINGLE_BYTE } from '../../shared/dicom/charset.ts'
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../shared/dicom/part10.ts'
import { isNonStorageService, sopClasses, TRANSFER_SYNTAXES, TS } from '../../shared/dicom/uids.ts'
import { ERRORS } from '../../shared/errors.ts'

/**
 * resources/conformance.md, made from the tables the station runs by: what is accepted is found out by asking the very function
 * that answers association requests. `node test/conformance/statement.mjs` writes it; with `--check` it fails where it is another one.
 */
const FILE = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../resources/conformance.md')
const VERIFICATION = '1.2.840.10008.1.1'
const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'

const table = (head, rows) => [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

/** The result of one context, as this station answers it by default: 0 = accepted (PS3.8 table 9-18). */
function asked(abstractSyntax, transferSyntaxes, { node, role }) {
  const decision = negotiate(
    {
      protocolVersion: 1,
      calledAET: 'ISOCENTER',
      callingAET: 'PEER',
      applicationContext: '1.2.840.10008.3.1.1.1',
      contexts: [{ id: 1, abstractSyntax, transferSyntaxes }],
      user: {
        maximumLength: 0,
        implementationClassUID: '1.2.3',
        implementationVersionName: '',
        roles: role ? [{ SOPClassUID: abstractSyntax, ...role }] : [],
        extended: [],
      },
    },
    ['ISOCENTER'],
    profileOf(aeProfiles.parse({}), 'PEER'),
    { takesImages: true, may: () => node, isNode: node },
  )
  if ('reject' in decision) throw new Error(decision.words)
  return decision.accept.contexts[0]
}
const isTaken = (uid, node, syntaxes = [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian]) =>
  asked(uid, syntaxes, { node }).result === 0

function classes() {
  const all = [...sopClasses()].map(([uid, known]) => ({ uid, ...known }))
  const stored = all.filter(({ uid }) => !isNonStorageService(uid) && isTaken(uid, false))
  const services = all.filter(({ uid }) => isNonStorageService(uid) && isTaken(uid, true))
  return { stored, services }
}

function syntaxesOf(uid, node) {
  return TRANSFER_SYNTAXES.filter(one => asked(uid, [one.UID], { node }).result === 0)
}

const listed = syntaxes => (syntaxes.length > 4 ? 'all of section 4' : syntaxes.map(one => one.name).join(', '))

function order(uids) {
  const left = [...uids]
  const found = []
  while (left.length > 0) {
    const { transferSyntax } = asked(CT_IMAGE, left, { node: false })
    found.push(transferSyntax)
    left.splice(left.indexOf(transferSyntax), 1)
  }
  return found
}

async function dicomWebRows() {
  const wadl = await (await createDicomWeb({}).request('/', {}, { sender: { address: '', key: '' } })).text()
  const rows = []
  const at = []
  for (const [, close, tag, attributes] of wadl.matchAll(/<(\/?)(resource|method)\b([^>]*)>/g)) {
    const value = name => new RegExp(`${name}="([^"]*)"`).exec(attributes)?.[1] ?? ''
    if (tag === 'resource' && close) at.pop()
    else if (tag === 'resource' && !attributes.endsWith('/')) at.push(value('path'))
    else if (tag === 'method' && !close) rows.push([value('id'), value('name'), `\`/${at.join('/')}\``])
  }
  return rows
}

const hex = status => `0x${status.toString(16).toUpperCase().padStart(4, '0')}`

/** The whole statement, as Markdown. */
async function conformance() {
  const config = configSchema.parse({})
  const profile = profileOf(aeProfiles.parse({}), 'PEER')
  const { stored, services } = classes()
  const pixels = syntaxesOf(CT_IMAGE, false)
  const nameOf = uid => TRANSFER_SYNTAXES.find(one => one.UID === uid)?.name ?? uid
  const levels = ['patient', 'study', 'series', 'instance']
  const statuses = Map.groupBy(Object.entries(ERRORS), ([, { dimseStatus }]) => dimseStatus)
  return `# Isocenter: DICOM conformance statement

In the form of PS3.2, annex A. Made by \`test/conformance/statement.mjs\` from the tables the station runs by; do not edit.

## 1 Overview

Isocenter is a reading workstation with an archive of its own. It receives, keeps and shows objects of every storage SOP class, answers queries, sends what it keeps, confirms its safekeeping, and is a DICOMweb server.

| Network service | user (SCU) | provider (SCP) |
| --- | --- | --- |
| Verification | yes | yes, to anybody |
| Storage | yes | yes, from anybody |
| Query/Retrieve | yes | to configured nodes with the right |
| Storage Commitment Push Model | yes | to configured nodes with the right |
| Modality Performed Procedure Step | hands on what it is told | yes, from anybody |
| Instance Availability Notification | hands on what it is told | yes, from anybody |
| Basic Grayscale and Color Print Management | yes | no |

Media: files and folders are imported (Part 10, with or without preamble; DICOMDIR is not read); none are written.

## 2 Implementation

| | |
| --- | --- |
| Implementation Class UID | \`${IMPLEMENTATION_CLASS_UID}\` |
| Implementation Version Name | \`${IMPLEMENTATION_VERSION_NAME}\` |
| AE title | \`${config.aet}\` (changeable; up to 16 further ones) |
| Port | ${config.dimsePort}; TLS 2762 where it is set up |
| Application context | \`1.2.840.10008.3.1.1.1\` |
| Maximum PDU | announced ${ANNOUNCED_LENGTH} bytes; tolerated up to ${LONGEST_PDU}, with a warning; other PDUs up to ${LONGEST_CONTROL_PDU} |
| Associations at a time | ${PLACES.all}, of one address ${PLACES.perPeer}; more are held ${PLACES.patience / 1000} s, then rejected (transient) |
| Asynchronous operations | window 1, 1 |
| Timers (all changeable per AE title) | association request ${profile.answerSeconds} s; in a message ${profile.bytesPerSecond} bytes/s over ${profile.messageSeconds} s; between messages ${profile.idleSeconds} s |
| Storage level | 2 (full), digital signature level 3, no coercion: stored bytes are those that were received |
| User identity | answered where a response is asked for; not verified |

## 3 SOP classes

### 3.1 Services

${table(
  ['SOP class', 'UID', 'a stranger may', 'a node may', 'transfer syntaxes'],
  services.map(({ uid, name }) => [
    name,
    `\`${uid}\``,
    isTaken(uid, false) ? 'yes' : 'no',
    isTaken(uid, true) && !isTaken(uid, false) ? `with the right "${queryModel(uid)?.right ?? 'commitment'}"` : 'yes',
    listed(syntaxesOf(uid, true)),
  ]),
)}

Queries: hierarchical, and where it is negotiated relational, with combined date and time, and with fuzzy matching of names. C-GET: the requestor takes the role of storage SCP. C-MOVE: to configured nodes by AE title.

### 3.2 Storage

Accepted of anybody: the ${stored.length} classes below, and every other abstract syntax that belongs to no known service, private and retired ones among them. Success is answered when the object's bytes are synced to the disk and it is in the index; under \`durability: os\` when they are written.

${table(
  ['SOP class', 'UID', 'shown'],
  stored.map(({ uid, name, kind }) => [name, `\`${uid}\``, kind === 'image' ? 'image' : 'header']),
)}

### 3.3 Print Management (PS3.4 annex H), as user

| SOP class | UID | what is asked |
| --- | --- | --- |
| Basic Grayscale Print Management Meta | \`1.2.840.10008.5.1.1.9\` | session, film box, image boxes, printer |
| Basic Color Print Management Meta | \`1.2.840.10008.5.1.1.18\` | instead of it, of printers that are set up for colour |
| Presentation LUT | \`1.2.840.10008.5.1.1.23\` | N-CREATE with the shape IDENTITY, unless the printer is set up without |

Offered in Explicit and Implicit VR Little Endian. In one association: N-GET of the printer (it says FAILURE: nothing is printed), N-CREATE of a film session (copies, priority MED, and where set up medium and destination), and for each film N-CREATE of its box, N-SET of its image boxes, N-ACTION on the box, N-DELETE of it; then N-DELETE of the session. N-EVENT-REPORT of the printer is taken meanwhile and told. Print jobs are not followed: what comes after N-ACTION is the printer's to show.

A film box has the Image Display Format STANDARD\\C,R (1 to 8 each way), portrait or landscape, one of twelve film sizes, a magnification type, black borders and empty places, Trim NO. Pictures are of 8 bits, MONOCHROME2 or RGB by plane, windowed and with what is drawn over them, as displayed: display-driving levels, which a display calibrated to the GSDF (PS3.14) shows as P-values. That they are is said by the Presentation LUT, with Illumination 2000 and Reflected Ambient Light 10; a printer that does not know it prints by its own set-up, and a person is told so.

Statuses Bxxx, 0107 and 0116 are warnings: the film is printed and they are told in words; all others end the print.

## 4 Transfer syntaxes

Of those that are proposed for a storage context the first of this list is taken; among lossless compressed ones, among deflated and big endian ones, and among lossy ones the order of the proposal decides. A private or unknown one counts as lossless compressed. On sending, an object leaves as it is stored, but for the patient and study of what a person has moved; a peer that does not take that form gets it uncompressed, without further loss.

${order(pixels.map(one => one.UID))
  .map((uid, at) => `${at + 1}. ${nameOf(uid)} (\`${uid}\`)`)
  .join('\n')}

## 5 Query keys

${table(
  ['Attribute', 'level', 'matching'],
  [...QUERY_KEYS]
    .sort(([, a], [, b]) => levels.indexOf(a.level) - levels.indexOf(b.level))
    .map(([keyword, key]) => [keyword, key.level, key.matcher ?? (key.items ? 'sequence' : 'returned only')]),
)}

Names match without regard to case and accents, in any group of the name. Wildcards \`*\` and \`?\`; lists of UIDs; ranges of dates and times.

## 6 DIMSE status codes

Of the services:

${table(
  ['Status', 'meaning'],
  Object.entries(STATUS)
    .sort(([, a], [, b]) => a - b)
    .map(([name, status]) => [
      hex(status),
      name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2'),
    ]),
)}

Of failures, as they would be answered; some of them only the web interface meets:

${table(
  ['Status', 'when'],
  [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, rows]) => [hex(status), rows.map(([, { sentence }]) => sentence).join('<br>')]),
)}

## 7 DICOMweb

Below \`/dicom-web\`, with an API key (\`Authorization: Bearer\`, \`Basic\` or \`Api-Key\`).

${table(['Transaction', 'Method', 'Resource'], await dicomWebRows())}

Objects, frames and bulk data of pixels leave in the transfer syntax they are stored in (\`transfer-syntax=*\`, or its UID), or as Explicit VR Little Endian, the default, decoded without further loss where they are stored otherwise. Other transfer syntaxes, and uncompressed forms of video, are 406.

## 8 Character sets

Read: the default repertoire, ISO_IR 192, GB18030, GBK, and with and without code extensions ISO_IR ${Object.keys(SINGLE_BYTE).join(', ')}; ISO 2022 IR 87, 159, 149 and 58. Queries are answered in the set of the request where it has the letters, else in ISO_IR 192.

## 9 Security

TLS profiles (PS3.15 annex B): TLS 1.2 and 1.3, certificates on both sides. Suites: ${CIPHERS.rfc9325.map(suite => `\`${suite}\``).join(', ')}; with profile \`rfc7525\` also ${CIPHERS.rfc7525
    .filter(suite => !CIPHERS.rfc9325.includes(suite))
    .map(suite => `\`${suite}\``)
    .join(
      ', ',
    )}. An AE title can be bound to a certificate. No session is resumed: every association's certificates are looked at.

Audit trail (PS3.15 annex A.5): ${Object.values(AUDIT_EVENTS)
    .map(([code, meaning]) => `${meaning} (${code})`)
    .join(', ')}. Sent by syslog over TLS (RFC 5424, RFC 5425), where a collector is configured.

Verification (\`${VERIFICATION}\`) and storage are open to all; everything else is for configured nodes, by AE title, address and right.
`
}

const text = await conformance()
const isCurrent = existsSync(FILE) && readFileSync(FILE, 'utf8') === text
if (!isCurrent && process.argv.includes('--check')) {
  console.error('resources/conformance.md is not what the station does: node test/conformance/statement.mjs')
  process.exit(1)
}
if (!isCurrent) writeFileSync(FILE, text)
console.log(isCurrent ? 'It is up to date.' : 'Written.')
