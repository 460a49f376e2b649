/** PS3.8 table 9-1 to 9-5: the states Sta1 … Sta13. */
export type State = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13

/** What an action does (PS3.8 tables 9-6 to 9-9), in the order the standard gives: send, tell the user, timer, close. */
export interface Action {
  send?:
    | 'associate-rq'
    | 'associate-ac'
    | 'associate-rj'
    | 'p-data'
    | 'release-rq'
    | 'release-rp'
    | 'user-abort'
    | 'provider-abort'
  tell?: 'associate' | 'accepted' | 'rejected' | 'data' | 'release' | 'released' | 'aborted' | 'lost' | 'failed'
  artim?: 'start' | 'stop'
  close?: true
  next: State | { requestor: State; acceptor: State }
}

const ACTIONS = {
  'AE-1': { next: 4 },
  'AE-2': { send: 'associate-rq', next: 5 },
  'AE-3': { tell: 'accepted', next: 6 },
  'AE-4': { tell: 'rejected', close: true, next: 1 },
  'AE-5': { artim: 'start', next: 2 },
  // The provider's own refusals (AE-6's other half) are decided with the user's, from Sta3 by AE-8: the same PDU, the same end.
  'AE-6': { artim: 'stop', tell: 'associate', next: 3 },
  'AE-7': { send: 'associate-ac', next: 6 },
  'AE-8': { send: 'associate-rj', artim: 'start', next: 13 },
  'DT-1': { send: 'p-data', next: 6 },
  'DT-2': { tell: 'data', next: 6 },
  'AR-1': { send: 'release-rq', next: 7 },
  'AR-2': { tell: 'release', next: 8 },
  'AR-3': { tell: 'released', close: true, next: 1 },
  'AR-4': { send: 'release-rp', artim: 'start', next: 13 },
  'AR-5': { artim: 'stop', next: 1 },
  'AR-6': { tell: 'data', next: 7 },
  'AR-7': { send: 'p-data', next: 8 },
  'AR-8': { tell: 'release', next: { requestor: 9, acceptor: 10 } },
  'AR-9': { send: 'release-rp', next: 11 },
  'AR-10': { tell: 'release', next: 12 },
  'AA-1': { send: 'user-abort', artim: 'start', next: 13 },
  'AA-2': { artim: 'stop', close: true, next: 1 },
  'AA-3': { tell: 'aborted', close: true, next: 1 },
  'AA-4': { tell: 'lost', next: 1 },
  'AA-5': { artim: 'stop', next: 1 },
  'AA-6': { next: 13 },
  'AA-7': { send: 'provider-abort', next: 13 },
  'AA-8': { send: 'provider-abort', tell: 'failed', artim: 'start', next: 13 },
} as const satisfies Record<string, Action>

/** PS3.8 table 9-10, events Evt1 … Evt19 by states Sta1 … Sta13; a dot is a blank cell: it cannot happen. */
// biome-ignore format: it reads as the standard prints it
const TABLE = {
  //                             1    2    3    4    5    6    7    8    9    10    11   12   13
  /* Evt1  */ associateRequest: 'AE-1 .    .    .    .    .    .    .    .    .     .    .    .',
  /* Evt2  */ connected: '       .    .    .    AE-2 .    .    .    .    .    .     .    .    .',
  /* Evt3  */ gotAC: '           .    AA-1 AA-8 .    AE-3 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8 AA-8 AA-6',
  /* Evt4  */ gotRJ: '           .    AA-1 AA-8 .    AE-4 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8 AA-8 AA-6',
  /* Evt5  */ connectedTo: '     AE-5 .    .    .    .    .    .    .    .    .     .    .    .',
  /* Evt6  */ gotRQ: '           .    AE-6 AA-8 .    AA-8 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8 AA-8 AA-7',
  /* Evt7  */ accept: '          .    .    AE-7 .    .    .    .    .    .    .     .    .    .',
  /* Evt8  */ reject: '          .    .    AE-8 .    .    .    .    .    .    .     .    .    .',
  /* Evt9  */ sendData: '        .    .    .    .    .    DT-1 .    AR-7 .    .     .    .    .',
  /* Evt10 */ gotData: '         .    AA-1 AA-8 .    AA-8 DT-2 AR-6 AA-8 AA-8 AA-8  AA-8 AA-8 AA-6',
  /* Evt11 */ release: '         .    .    .    .    .    AR-1 .    .    .    .     .    .    .',
  /* Evt12 */ gotReleaseRQ: '    .    AA-1 AA-8 .    AA-8 AR-2 AR-8 AA-8 AA-8 AA-8  AA-8 AA-8 AA-6',
  /* Evt13 */ gotReleaseRP: '    .    AA-1 AA-8 .    AA-8 AA-8 AR-3 AA-8 AA-8 AR-10 AR-3 AA-8 AA-6',
  /* Evt14 */ releaseResponse: ' .    .    .    .    .    .    .    AR-4 AR-9 .     .    AR-4 .',
  /* Evt15 */ abort: '           .    .    AA-1 AA-2 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1  AA-1 AA-1 .',
  /* Evt16 */ gotAbort: '        .    AA-2 AA-3 .    AA-3 AA-3 AA-3 AA-3 AA-3 AA-3  AA-3 AA-3 AA-2',
  /* Evt17 */ disconnected: '    .    AA-5 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4  AA-4 AA-4 AR-5',
  /* Evt18 */ artimExpired: '    .    AA-2 .    .    .    .    .    .    .    .     .    .    AA-2',
  /* Evt19 */ invalidPdu: '      .    AA-1 AA-8 .    AA-8 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8 AA-8 AA-7',
} as const

export type ActionName = keyof typeof ACTIONS
export type UpperLayerEvent = keyof typeof TABLE

const cells = new Map(
  Object.entries(TABLE).map(([event, row]) => [
    event,
    row
      .trim()
      .split(/\s+/)
      .map(cell => (cell === '.' ? undefined : cell)),
  ]),
)

/** The cell of PS3.8 table 9-10; undefined where the standard leaves it blank. */
export function actionName(event: UpperLayerEvent, state: State): ActionName | undefined {
  const name = cells.get(event)?.[state - 1]
  return name && isActionName(name) ? name : undefined
}

function isActionName(name: string): name is ActionName {
  return name in ACTIONS
}

export function actionOf(name: ActionName): Action {
  return ACTIONS[name]
}
