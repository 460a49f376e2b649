import type { ImageAttributes } from './image.ts'

/** A stack that says nothing of time. */
const UNTIMED_MS = 1000 / 15
const SHORTEST_MS = 1000 / 60
const LONGEST_MS = 2000

/**
 * How long each frame of a multi-frame image stays, ms, `frames` of them (PS3.3 C.7.6.5): the frame time vector (its n-th value
 * is the time between frame n − 1 and n, C.7.6.5.1.2), else the frame time, else the rate the file recommends, else 15 a second.
 * The last frame of a vector stays as long as frames do on average.
 */
export function frameTimes(attributes: ImageAttributes, frames: number): number[] {
  const { FrameTimeVector = [], FrameTime, CineRate, RecommendedDisplayFrameRate } = attributes
  const rate = RecommendedDisplayFrameRate || CineRate
  const even = FrameTime && FrameTime > 0 ? FrameTime : rate && rate > 0 ? 1000 / rate : UNTIMED_MS
  // The first value is 0 by definition; some writers leave it out of the vector.
  const between = FrameTimeVector.slice(FrameTimeVector.length === frames - 1 ? 0 : 1, frames)
  const known = between.filter(time => time > 0)
  const mean = known.length > 0 ? known.reduce((sum, time) => sum + time, 0) / known.length : even
  return Array.from({ length: frames }, (_, i) => {
    const time = between[i] ?? mean
    return Math.max(SHORTEST_MS, Math.min(LONGEST_MS, time > 0 ? time : mean))
  })
}
