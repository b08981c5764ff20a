/** A reader of server-sent events that a test cuts off when it likes. */
import { Effect, type Scope } from "effect"
import { key } from "./Service.ts"

export interface Frame {
  readonly event: string
  readonly id: number | undefined
  readonly data: unknown
  readonly comment: string | undefined
}

const parse = (text: string): Frame => {
  const fields = new Map(
    text.split("\n").map((line) => {
      const colon = line.indexOf(":")
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const
    })
  )
  const data = fields.get("data")
  const id = fields.get("id")
  return {
    event: fields.get("event") ?? "",
    id: id === undefined ? undefined : Number(id),
    data: data === undefined ? undefined : JSON.parse(data),
    comment: fields.get("")
  }
}

export interface Reader {
  readonly status: number
  readonly headers: Headers
  /** The next so many frames; dies when the stream ends before. */
  readonly take: (count: number) => Effect.Effect<ReadonlyArray<Frame>>
  /** All frames up to the first that is like this, itself included. */
  readonly takeUntil: (isLast: (frame: Frame) => boolean) => Effect.Effect<ReadonlyArray<Frame>>
  /** What has come and was not taken. */
  readonly pending: () => string
  /** Hangs up. */
  readonly cut: Effect.Effect<void>
}

/** Reads until the scope closes; nothing is taken off the socket before it is asked for. */
export const open = (
  url: string,
  path: string,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<Reader, never, Scope.Scope> =>
  Effect.gen(function* () {
    const abort = new AbortController()
    yield* Effect.addFinalizer(() => Effect.sync(() => abort.abort()))
    const response = yield* Effect.promise(() =>
      fetch(`${url}${path}`, { headers: { apikey: key, ...headers }, signal: abort.signal })
    )
    const body = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let buffered = ""
    const frames: Array<Frame> = []
    const more = Effect.promise(async () => {
      const part = await body?.read()
      if (part === undefined || part.done) throw new Error(`the stream ended: ${buffered}`)
      buffered += part.value
      const texts = buffered.split("\n\n")
      buffered = texts.pop() ?? ""
      frames.push(...texts.map(parse))
    })
    const take = (count: number) =>
      Effect.repeat(
        Effect.suspend(() => (frames.length < count ? more : Effect.void)),
        { until: () => frames.length >= count }
      ).pipe(Effect.map(() => frames.splice(0, count)))
    const takeUntil = (
      isLast: (frame: Frame) => boolean,
      taken: ReadonlyArray<Frame> = []
    ): Effect.Effect<ReadonlyArray<Frame>> =>
      Effect.flatMap(take(1), (next) =>
        next.some(isLast)
          ? Effect.succeed([...taken, ...next])
          : takeUntil(isLast, [...taken, ...next])
      )
    return {
      take,
      takeUntil,
      pending: () => JSON.stringify(frames) + buffered,
      status: response.status,
      headers: response.headers,
      cut: Effect.sync(() => abort.abort())
    }
  })
