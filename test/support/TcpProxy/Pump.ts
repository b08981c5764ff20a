/** One direction of a proxied connection: passes bytes on at once, late, in pieces, or not at all. */
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"

export type Manner =
  | { readonly _tag: "Pass" }
  | { readonly _tag: "Hold" }
  | { readonly _tag: "Delay"; readonly millis: number }
  | { readonly _tag: "Slice"; readonly bytes: number; readonly everyMillis: number }

/** A TCP socket, or a stream that stands for one. */
export type Wire = Duplex & Pick<Socket, "resetAndDestroy">

export interface Pump {
  readonly behave: (manner: Manner) => void
}

/** Bytes that may wait here; the pump reads no further above that, so that the sender is held back. */
const maxWaiting = 16 * 1024
/** Bytes that are under way on a long and wide way. */
const maxDelayed = 16 * 1024 * 1024

interface Piece {
  readonly bytes: Buffer
  readonly cameAt: number
}

export const makePump = (from: Wire, to: Wire, first: Manner): Pump => {
  let manner = first
  const queue: Array<Piece> = []
  let waiting = 0
  let wroteAt = 0
  let [hasEnded, isBroken, isBlocked] = [false, false, false]
  let timer: NodeJS.Timeout | undefined

  const millisUntilDue = ({ cameAt }: Piece): number => {
    const now = performance.now()
    if (manner._tag === "Delay") return cameAt + manner.millis - now
    return manner._tag === "Slice" ? wroteAt + manner.everyMillis - now : 0
  }

  const write = ({ bytes, cameAt }: Piece): void => {
    const size = manner._tag === "Slice" ? manner.bytes : bytes.length
    if (size < bytes.length) queue.unshift({ bytes: bytes.subarray(size), cameAt })
    const part = bytes.subarray(0, size)
    waiting -= part.length
    wroteAt = performance.now()
    isBlocked = !to.write(part)
  }

  /** Writes the pieces that are due, and runs again when the next one is. */
  const turn = (): void => {
    clearTimeout(timer)
    if (manner._tag === "Hold") return void from.pause()
    // A reset is passed on as a reset; bytes that still wait are lost with it, as on a network.
    if (isBroken) return void to.resetAndDestroy()
    while (!isBlocked) {
      const [piece] = queue
      if (piece === undefined) {
        if (hasEnded) to.end()
        break
      }
      const left = millisUntilDue(piece)
      if (left > 0) {
        timer = setTimeout(turn, left)
        break
      }
      queue.shift()
      write(piece)
    }
    if (waiting < (manner._tag === "Delay" ? maxDelayed : maxWaiting)) from.resume()
    else from.pause()
  }

  from.on("data", (bytes: Buffer) => {
    queue.push({ bytes, cameAt: performance.now() })
    waiting += bytes.length
    turn()
  })
  from.once("end", () => {
    hasEnded = true
    turn()
  })
  from.on("error", () => undefined) // "close" tells of it, too
  from.once("close", (hadError: boolean) => {
    isBroken = hadError || !hasEnded
    if (isBroken) turn()
    else clearTimeout(timer)
  })
  to.on("drain", () => {
    isBlocked = false
    turn()
  })
  turn()

  return {
    behave: (next) => {
      manner = next
      turn()
    }
  }
}
