/** Messages that were sent by REST, and whoever waits for one. */

export interface SentMessage {
  readonly instance: string
  /** Place among all that were sent since the start or the last reset, from 1. */
  readonly number: number
  /** Evolution's name of the call, such as `sendText`. */
  readonly call: string
  /** Receiver as a JID: `5511988887777@s.whatsapp.net`. */
  readonly to: string
  /** The text, the caption, or the reaction's emoji; `null` if there is none. */
  readonly text: string | null
  /** `key.id` of the message. */
  readonly id: string
  /** The body of the call. */
  readonly body: Readonly<Record<string, unknown>>
  /** The answer of the call, which is the data of `send.message`, too. */
  readonly data: Readonly<Record<string, unknown>>
}

/** The oldest are forgotten beyond it. */
const maxKept = 10_000

export interface Sent {
  readonly add: (message: Omit<SentMessage, "number">) => void
  /** Messages after this number. */
  readonly after: (number: number, instance?: string) => ReadonlyArray<SentMessage>
  /** The oldest message that was not taken yet. */
  readonly take: (instance?: string) => SentMessage | undefined
  /** Looks now and after each message, until something is found, or for so many ms of the machine's clock. */
  readonly wait: <A>(look: () => A | undefined, millis: number) => Promise<A | undefined>
  readonly forget: () => void
}

export const makeSent = (): Sent => {
  const kept: Array<SentMessage> = []
  const waiting = new Set<() => void>()
  let taken = new Set<number>()
  let count = 0

  const after: Sent["after"] = (number, instance) =>
    kept.filter((one) => one.number > number && (instance ?? one.instance) === one.instance)

  return {
    add: (message) => {
      kept.push({ ...message, number: ++count })
      if (kept.length > maxKept) taken.delete(kept.shift()?.number ?? 0)
      for (const look of waiting) look()
    },
    after,
    take: (instance) => {
      const found = after(0, instance).find(({ number }) => !taken.has(number))
      if (found !== undefined) taken.add(found.number)
      return found
    },
    wait: <A>(look: () => A | undefined, millis: number) =>
      new Promise<A | undefined>((resolve) => {
        const settle = (found: A | undefined): void => {
          waiting.delete(check)
          clearTimeout(timer)
          resolve(found)
        }
        const check = (): void => {
          const found = look()
          if (found !== undefined) settle(found)
        }
        const timer = setTimeout(() => settle(undefined), millis)
        waiting.add(check)
        check()
      }),
    forget: () => {
      kept.length = 0
      taken = new Set()
      count = 0
    }
  }
}
