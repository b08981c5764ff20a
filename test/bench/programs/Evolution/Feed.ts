/** Sends messages on raw sockets: as fast as the sockets take them, or at a steady pace. */
import type { Socket } from "node:net"
import {
  idDigits,
  makeTemplate,
  micros,
  stampDigits,
  type Template,
  writeDigits
} from "./Frames.ts"

export interface FeedOptions {
  /** Instances that have messages, from the first. */
  readonly instances: number
  /** `null`: as fast as the sockets take them. */
  readonly eventsPerSecond: number | null
  readonly isBinary?: boolean
  /** Rate of the first instance; the others share the rest. */
  readonly watchedPerSecond?: number
}

/** A connection, and the instances whose messages it carries. */
export interface Lane {
  readonly socket: Socket
  readonly namespace: string
  /** Numbers of instances, from 0 on. */
  readonly indices: ReadonlyArray<number>
}

/** Frames in one write; more of them make the sending cheaper. */
const slabFrames = 64
/** Frames in one write if each instance has a connection of its own. */
const smallSlabFrames = 8
/** A pause longer than this is not made up for by a burst. */
const maxOverdueMillis = 200
/** Different texts, sent in rotation. */
const maxTemplates = 400

export const nameOf = (index: number): string => `shop-${index + 1}`

type Next = (now: number) => Template

export const makeFeed = () => {
  /** Messages sent since the process began, so that no id comes twice. */
  let serial = 0
  let sent = 0
  let allowed = 0
  let isOn = false
  let release = () => {}
  let pumps: ReadonlyArray<() => void> = []
  const templates = new Map<string, ReadonlyArray<Template>>()

  const templatesOf = (index: number, namespace: string, isBinary: boolean, variants: number) => {
    const key = `${index} ${namespace} ${isBinary} ${variants}`
    const known = templates.get(key)
    if (known !== undefined) return known
    const instance = nameOf(index)
    const made = Array.from({ length: variants }, (_, variant) =>
      makeTemplate({ index, instance, isBinary, namespace, variant })
    )
    templates.set(key, made)
    return made
  }

  /** Chooses the next message of a lane: its instances in turn, and the watched one when it is due. */
  const nextOf = ({ indices, namespace }: Lane, options: FeedOptions): Next => {
    const { instances, isBinary = false, watchedPerSecond = 0 } = options
    const variants = Math.max(1, Math.floor(maxTemplates / instances))
    const pools = indices.map((index) => templatesOf(index, namespace, isBinary, variants))
    const began = micros()
    const isWatched = watchedPerSecond > 0 && indices[0] === 0
    const others = isWatched ? pools.slice(1) : pools
    let [turn, watchedTurn] = [0, 0]
    return (now) => {
      const isDue = isWatched && watchedTurn < ((now - began) / 1e6) * watchedPerSecond
      const pool = isDue ? pools[0] : others[turn % others.length]
      const round = isDue ? watchedTurn++ : Math.floor(turn++ / others.length)
      const template = pool?.[round % variants]
      if (template === undefined) throw new Error("A lane without instances")
      return template
    }
  }

  const slabOf = (next: Next, count: number): Buffer => {
    const now = micros()
    const date = Buffer.from(new Date().toISOString(), "latin1")
    const chosen = Array.from({ length: count }, () => next(now))
    const slab = Buffer.allocUnsafe(chosen.reduce((sum, { bytes }) => sum + bytes.length, 0))
    let at = 0
    for (const { bytes, dateAt, idAt, stampAt } of chosen) {
      bytes.copy(slab, at)
      writeDigits(slab, at + idAt, idDigits, ++serial)
      writeDigits(slab, at + stampAt, stampDigits, now)
      date.copy(slab, at + dateAt)
      at += bytes.length
    }
    sent += count
    return slab
  }

  const flood = (lanes: ReadonlyArray<Lane>, options: FeedOptions): void => {
    const size = lanes.length === 1 ? slabFrames : smallSlabFrames
    pumps = lanes.map((lane) => {
      const next = nextOf(lane, options)
      const { socket } = lane
      return () => {
        while (isOn && sent < allowed && !socket.writableNeedDrain && !socket.destroyed)
          socket.write(slabOf(next, Math.min(size, allowed - sent)))
      }
    })
    lanes.forEach(({ socket }, index) => void socket.on("drain", pumps[index] ?? (() => {})))
    release = () => {
      lanes.forEach(({ socket }, index) => void socket.off("drain", pumps[index] ?? (() => {})))
      pumps = []
    }
  }

  const pace = (lanes: ReadonlyArray<Lane>, options: FeedOptions, perSecond: number): void => {
    const made = lanes.map((lane) => ({ socket: lane.socket, next: nextOf(lane, options) }))
    let [last, owed, turn] = [micros(), 0, 0]
    const timer = setInterval(() => {
      const now = micros()
      owed += Math.min(now - last, maxOverdueMillis * 1000) * (perSecond / 1e6)
      last = now
      const due = Math.floor(owed)
      owed -= due
      const share = lanes.length === 1 ? due : 1
      for (let left = due; left > 0; left -= share) {
        const lane = made[turn++ % made.length]
        lane?.socket.write(slabOf(lane.next, share))
      }
    }, 1)
    release = () => clearInterval(timer)
  }

  const stop = (): number => {
    isOn = false
    release()
    release = () => {}
    return sent
  }

  return {
    begin: (lanes: ReadonlyArray<Lane>, options: FeedOptions): void => {
      stop()
      ;[isOn, sent, allowed] = [true, 0, 0]
      if (options.eventsPerSecond === null) flood(lanes, options)
      else pace(lanes, options, options.eventsPerSecond)
    },
    /** Sets the number of messages that may be sent since `begin`, if no rate is given. */
    allow: (total: number): void => {
      allowed = total
      for (const pump of pumps) pump()
    },
    stop,
    sent: (): number => sent
  }
}
