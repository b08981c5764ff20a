/**
 * Signs of life of others, judged by this process's clock alone: a sign is compared with itself, never with a time.
 */
import { Duration } from "effect"
import type { MonotonicMillis } from "../../Domain/Clock.ts"

export interface Silence {
  /** Takes all signs of one look; a name that is missing is forgotten. */
  readonly look: (signs: Iterable<readonly [name: string, sign: string]>) => void
  /** It is there, and its sign changed not long before the last look. */
  readonly isAlive: (name: string) => boolean
  /** Its sign has changed since the first look at it. */
  readonly hasMoved: (name: string) => boolean
}

interface Heard {
  readonly sign: string
  readonly changedAt: MonotonicMillis
  readonly moved: boolean
}

export const make = (now: () => MonotonicMillis, silentAfter: Duration.Duration): Silence => {
  const limit = Duration.toMillis(silentAfter)
  let heard = new Map<string, Heard>()
  let lookedAt = now()

  return {
    look: (signs) => {
      const at = now()
      // Without looks there was no silence either: this process stood still, or the database was away.
      const resumed = at - lookedAt > limit
      lookedAt = at
      heard = new Map(
        Array.from(signs, ([name, sign]) => {
          const before = heard.get(name)
          if (before === undefined) return [name, { sign, changedAt: at, moved: false }]
          if (before.sign !== sign) return [name, { sign, changedAt: at, moved: true }]
          return [name, resumed ? { ...before, changedAt: at } : before]
        })
      )
    },
    isAlive: (name) => {
      const found = heard.get(name)
      return found !== undefined && lookedAt - found.changedAt < limit
    },
    hasMoved: (name) => heard.get(name)?.moved === true
  }
}
