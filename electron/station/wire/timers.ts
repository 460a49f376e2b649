import type { Limit } from './watch.ts'

/** In milliseconds unless said otherwise. None of them runs while our own work is pending. */
export interface Timers {
  /** ARTIM (PS3.8 §9.1.5): from the connection to the whole association request; also for a peer's answer to ours. */
  artim: number
  /** In the middle of a message a peer has to manage `rate` over this time. */
  pdu: number
  /** Bytes per second: a 64 kbit/s line carries eight times the default, a slow-loris a hundredth. */
  rate: number
  /** Between messages: a modality keeps its association open while the technologist positions the next view. */
  idle: number
  /** From our last PDU to `destroy()`, for a peer that does not close. */
  linger: number
}

export const TIMERS: Timers = { artim: 30_000, pdu: 60_000, rate: 1024, idle: 600_000, linger: 5_000 }

/** What a peer can be waited for. */
export type Waiting = 'nothing' | 'message' | 'idle' | 'answer'

/** How long, and what is said when it did not come. */
export function limitOf(waiting: Waiting, { artim, pdu, rate, idle }: Timers): Limit | undefined {
  switch (waiting) {
    case 'nothing':
      return
    case 'message':
      return {
        period: pdu,
        atLeast: (rate * pdu) / 1000,
        words: `in the middle of a message the peer sent less than ${rate} bytes a second for ${pdu / 1000} s`,
      }
    case 'idle':
      return { period: idle, atLeast: 0, words: `nothing arrived for ${idle / 1000} s` }
    case 'answer':
      return { period: artim, atLeast: 0, words: `no answer within ${artim / 1000} s` }
  }
}
