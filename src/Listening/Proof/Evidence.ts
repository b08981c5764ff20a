/**
 * Signs in Evolution's list that it emitted events. Two lists of one instance differ only if something
 * happened that Evolution emits an event for: a message was stored, a state was written, an instance was
 * created. A count that fell says nothing: messages are deleted, too.
 */
import type { InstanceRow } from "../../Evolution/EvolutionClient.ts"

/** The facts of an instance in a list. */
export interface Listed {
  readonly id: string | null
  /** Messages that Evolution stores; `null`: it does not tell. */
  readonly messages: number | null
  readonly state: string | null
  /** Messages that were stored since this list may not have been heard: each list since then told of more. */
  readonly doubtfulSince: number
}

export interface List {
  /** ms since 1970 UTC. */
  readonly askedAt: number
  readonly instances: ReadonlyMap<string, Listed>
}

/** Something happened to an instance, after `after` (ms since 1970 UTC). */
export interface Sign {
  readonly instance: string
  readonly kind: "created" | "messages" | "state"
  readonly after: number
  /** It may have happened before, too, and since this time at the most. */
  readonly since: number
  readonly words: string
}

export const listOf = (
  rows: ReadonlyArray<InstanceRow>,
  askedAt: number,
  before: List | undefined
): List => ({
  askedAt,
  instances: new Map(
    rows.map(({ _count, connectionStatus, id, name }) => {
      const known = before?.instances.get(name)
      const messages = _count?.Message ?? null
      const isStill = messages !== null && messages === known?.messages
      return [
        name,
        {
          id: id ?? null,
          messages,
          state: connectionStatus ?? null,
          doubtfulSince: isStill ? askedAt : (known?.doubtfulSince ?? 0)
        }
      ]
    })
  )
})

/** What the later list tells beyond the earlier one. */
export const signsIn = (before: List, after: List): ReadonlyArray<Sign> =>
  [...after.instances].flatMap(([instance, now]) => {
    const known = before.instances.get(instance)
    const sign = (kind: Sign["kind"], words: string): ReadonlyArray<Sign> => [
      { instance, kind, after: before.askedAt, since: known?.doubtfulSince ?? 0, words }
    ]
    if (known === undefined || known.id !== now.id)
      return sign("created", `Evolution created "${instance}", and nothing was heard of it`)
    if (known.messages !== null && now.messages !== null && now.messages > known.messages) {
      const count = now.messages - known.messages
      return sign(
        "messages",
        `Evolution stored ${count} ${count === 1 ? "message" : "messages"} of "${instance}", and none was heard`
      )
    }
    return known.state !== now.state && isEmitted(now.state)
      ? sign("state", `"${instance}" became "${now.state}", and no event said so`)
      : []
  })

/** Evolution writes these states where it emits them. Of a drop that it means to mend it emits nothing. */
const isEmitted = (state: string | null): boolean => state === "open" || state === "connecting"
