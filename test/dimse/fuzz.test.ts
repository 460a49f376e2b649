import { expect, test } from 'vitest'
import { encodeAssociateRequest, encodeReleaseRequest } from '../../electron/station/wire/pduEncode.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest, RawPeer, sendBytes } from '../fakes/byteSender.ts'
import { CT_IMAGE, ctObject, openDoor, until } from './harness.ts'

/** How many damaged streams, of some 14 PDUs each; ISOCENTER_FUZZ=72000 for a million, ISOCENTER_FUZZ_SEED to see one again. */
const STREAMS = Number(process.env.ISOCENTER_FUZZ ?? 400)
/** A stream mostly waits for the door's timers. */
const AT_ONCE = process.env.ISOCENTER_FUZZ ? 120 : 20
const SEED = Number(process.env.ISOCENTER_FUZZ_SEED ?? 1)

/** xorshift32: the same streams for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed | 1
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const REQUEST = associateRequest(
  [
    { abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian] },
    { abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: [TS.ImplicitVRLittleEndian] },
  ],
  {
    user: {
      maximumLength: 16384,
      implementationClassUID: '2.25.1',
      implementationVersionName: 'FUZZ',
      asynchronousOperations: { invoked: 5, performed: 5 },
      roles: [{ SOPClassUID: CT_IMAGE, scu: true, scp: true }],
      extended: [{ SOPClassUID: CT_IMAGE, information: Uint8Array.of(2, 0, 0, 0, 0, 0) }],
      commonExtended: [{ SOPClassUID: CT_IMAGE, ServiceClassUID: '1.2.840.10008.4.2' }],
    },
  },
)

test(
  `${STREAMS} conversations with bytes changed, cut out, doubled or swapped (seed ${SEED}): the door outlives them all`,
  async () => {
    const { port, store, dimse, logged } = await openDoor({ artim: 400, pdu: 400, idle: 400, linger: 20 })
    await dimse.captures.start('SENDER', 8)
    const pick = random(SEED)
    const object = ctObject(1)
    let answered = 0
    let pdus = 0
    let accepted = 0
    const one = async (i: number) => {
      const peer = new RawPeer(port, `127.0.0.${2 + (i % 8)}`)
      // Header and value stand apart in what it gives.
      const stores = peer.storePdus(1, 1, object, [300, 1000, 3000][pick(3)])
      pdus += 2 + stores.length / 2
      const whole = Buffer.concat([encodeAssociateRequest(REQUEST), ...stores, encodeReleaseRequest()])
      const damaged = Buffer.from(whole)
      // Half of the damage where the structure is: in the request and the first PDUs.
      const where = () => pick(pick(2) ? 600 : damaged.length)
      for (let n = 1 + pick(4); n > 0; n -= 1) {
        const at = where()
        const length = 1 + pick(40)
        if (pick(3) === 0) damaged.copyWithin(at, where(), where() + length)
        else if (pick(2)) damaged[at] = pick(256)
        else damaged.fill([0, 0xff, 0x04, 0x80][pick(4)] ?? 0, at, Math.min(damaged.length, at + length))
      }
      const bytes = pick(4) === 0 ? damaged.subarray(0, where()) : damaged
      const cut = pick(bytes.length + 1)
      await peer.write(bytes.subarray(0, cut))
      await peer.write(bytes.subarray(cut))
      // Either side may be the first to go.
      if (pick(3) === 0) peer.socket.destroy()
      for (let pdu = await peer.next(); pdu; pdu = await peer.next()) {
        answered += 1
        if (pdu.type === 2) accepted += 1
        if (pdu.type === 7 || pdu.type === 3 || pdu.type === 6) peer.socket.end()
      }
      await peer.closed
    }
    for (let i = 0; i < STREAMS; i += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => one(i + k)))
      // A night's run measures the door, not what the test keeps of it.
      logged.length = 0
      if (process.env.ISOCENTER_FUZZ) store.objects.clear()
    }
    expect(answered).toBeGreaterThan(STREAMS / 4)
    // Enough of them come to data transfer.
    expect(accepted).toBeGreaterThan(STREAMS * 0.3)
    await until(() => dimse.associations().every(({ endedAt }) => endedAt !== null))
    await until(() => store.open === 0)
    const before = store.objects.size
    const [result] = await sendBytes([ctObject(2)], { port })
    expect(result?.status).toBe(0)
    expect(store.objects.size).toBe(before + 1)
    if (process.env.ISOCENTER_FUZZ) {
      globalThis.gc?.()
      const { rss, heapUsed } = process.memoryUsage()
      const share = Math.round((100 * accepted) / STREAMS)
      console.log(`${pdus} PDUs, ${share} % to data transfer, rss ${rss >> 20} MiB, heap ${heapUsed >> 20} MiB`)
    }
  },
  60_000 + STREAMS * 60,
)
