/**
 * WebAssembly from expressions: each is the bytes that leave its value on the stack, so that `mul(a, b)` is a, then b, then the
 * opcode (WebAssembly core specification 2.0, §5.4). Only what paintKernel.ts needs.
 */
export type Code = number[]

export const I32 = 0x7f
export const F64 = 0x7c
export const V128 = 0x7b
type ValueType = typeof I32 | typeof F64 | typeof V128

export interface Local {
  get: Code
  set: (value: Code) => Code
}

export interface Func {
  name: string
  type: Code
  code: Code
}

function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

function signed(value: number): Code {
  const rest = value >> 7
  const done = rest === (value & 64 ? -1 : 0)
  return done ? [value & 127] : [(value & 127) | 128, ...signed(rest)]
}

const vector = (items: Code[]): Code => [...unsigned(items.length), ...items.flat()]
const sized = (code: Code): Code => [...unsigned(code.length), ...code]

const op =
  (...opcode: Code) =>
  (...operands: Code[]): Code => [...operands.flat(), ...opcode]
const simd = (opcode: number) => op(0xfd, ...unsigned(opcode))
/** Addresses need not be aligned: the hint is one byte. */
const memory =
  (...opcode: Code) =>
  (address: Code, offset = 0, ...value: Code[]): Code => [
    ...address,
    ...value.flat(),
    ...opcode,
    0,
    ...unsigned(offset),
  ]

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: memory(0x28),
  store: (address: Code, offset: number, value: Code) => memory(0x36)(address, offset, value),
  lessThan: op(0x49),
  add: op(0x6a),
  shl: op(0x74),
}

export const f64 = {
  const: (value: number): Code => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
  load: memory(0x2b),
  store: (address: Code, value: Code) => memory(0x39)(address, 0, value),
  add: op(0xa0),
  mul: op(0xa2),
}

export const f64x2 = {
  load: memory(0xfd, 0),
  store: (address: Code, value: Code) => memory(0xfd, 11)(address, 0, value),
  splat: simd(0x14),
  add: simd(0xf0),
  sub: simd(0xf1),
  mul: simd(0xf2),
  /** The first lane of each of two vectors, or the second. */
  firsts: (a: Code, b: Code) => shuffle(a, b, 0),
  seconds: (a: Code, b: Code) => shuffle(a, b, 8),
}

export const i32x4 = {
  splat: simd(0x11),
  /** Towards zero, what does not fit at the nearest end, NaN as 0; two lanes, the others 0. */
  truncated: simd(0xfc),
  min: simd(0xb6),
  max: simd(0xb8),
  shl: simd(0xab),
  or: simd(0x50),
  lane: (value: Code, lane: number): Code => [...value, 0xfd, 0x1b, lane],
  /** The first two lanes. */
  storeTwo: (address: Code, value: Code): Code => [...memory(0xfd, 0x5b)(address, 0, value), 0],
}

function shuffle(a: Code, b: Code, from: number): Code {
  const lanes = Array.from({ length: 16 }, (_, i) => (i < 8 ? from + i : 16 + from + i - 8))
  return [...a, ...b, 0xfd, 0x0d, ...lanes]
}

/** At least once, and again while `condition`. */
export function repeat(body: Code[], condition: Code): Code {
  return [0x03, 0x40, ...body.flat(), ...condition, 0x0d, 0, 0x0b]
}

/** A function without a result; `body` is given its parameters and locals by name. */
export function func<P extends string, L extends string>(
  name: string,
  params: Record<P, ValueType>,
  locals: Record<L, ValueType>,
  body: (of: Record<P | L, Local>) => Code[],
): Func {
  const types = Object.values<ValueType>(params)
  const names = [...Object.keys(params), ...Object.keys(locals)]
  const places = names.map((key, index): [string, Local] => [
    key,
    { get: [0x20, ...unsigned(index)], set: value => [...value, 0x21, ...unsigned(index)] },
  ])
  const declared = vector(Object.values<ValueType>(locals).map(type => [1, type]))
  const code = [...declared, ...body(Object.fromEntries(places) as Record<P | L, Local>).flat(), 0x0b]
  return { name, type: [0x60, ...vector(types.map(type => [type])), 0], code: sized(code) }
}

/** The functions by name, and their `memory` of at first one page. */
export function moduleOf(functions: Func[]): Uint8Array<ArrayBuffer> {
  const section = (id: number, items: Code[]) => [id, ...sized(vector(items))]
  const named = (name: string) => sized([...new TextEncoder().encode(name)])
  const exported = functions.map(({ name }, index) => [...named(name), 0, ...unsigned(index)])
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      functions.map(({ type }) => type),
    ),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(5, [[0, 1]]),
    ...section(7, [...exported, [...named('memory'), 2, 0]]),
    ...section(
      10,
      functions.map(({ code }) => code),
    ),
  ])
}
