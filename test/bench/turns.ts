/** Contenders are measured by turns, so that a slow phase of the machine affects all of them. */
import type { Duration, Rate } from "./throughput.ts"

/** A contender that is ready to be measured. */
export interface Stage {
  readonly measure: (duration: Duration) => Promise<Rate>
  /** `SIGSTOP` suspends the program, `SIGCONT` resumes it. */
  readonly signal: (name: NodeJS.Signals) => void
}

export interface Contender {
  readonly name: string
  readonly what: string
  /** Opens the stage and closes it after `use`. */
  readonly open: <A>(use: (stage: Stage) => Promise<A>) => Promise<A>
}

export type Contenders = Readonly<Record<string, Contender>>

/** Runs an action; reports a failure and gives `undefined`. */
export type Attempt = <A>(what: string, act: () => Promise<A>) => Promise<A | undefined>

/** Opens a contender; gives its stage, or `undefined` if that fails, and the function that closes it. */
const enter = async ({ name, open }: Contender, attempt: Attempt) => {
  let leave = () => {}
  let closed: Promise<unknown> = Promise.resolve()
  const stage = await new Promise<Stage | undefined>((resolve) => {
    const over = new Promise<void>((end) => {
      leave = end
    })
    closed = attempt(`${name}, from its opening to its end`, () =>
      open((opened) => {
        opened.signal("SIGSTOP")
        resolve(opened)
        return over
      })
    ).finally(() => resolve(undefined))
  })
  const close = async (): Promise<void> => {
    leave()
    await closed
  }
  return { close, stage }
}

/**
 * Opens all contenders and measures A, B, C, A, B, C …. A contender without a turn is suspended, as even an
 * idle service costs a little. A contender that cannot be opened or measured is left out.
 */
export const takeTurns = async (
  contenders: Contenders,
  runs: number,
  duration: Duration,
  attempt: Attempt
): Promise<ReadonlyMap<string, ReadonlyArray<Rate>>> => {
  const rates = new Map<string, ReadonlyArray<Rate>>()
  const all = await Promise.all(
    Object.entries(contenders).map(async ([key, contender]) => ({
      key,
      name: contender.name,
      ...(await enter(contender, attempt))
    }))
  )
  for (let run = 1; run <= runs; run++)
    for (const { key, name, stage } of all) {
      if (stage === undefined) continue
      stage.signal("SIGCONT")
      const rate = await attempt(`${name}, run ${run} of ${runs}`, () => stage.measure(duration))
      stage.signal("SIGSTOP")
      if (rate !== undefined) rates.set(key, [...(rates.get(key) ?? []), rate])
    }
  await Promise.all(all.map(({ close }) => close()))
  return rates
}

interface Stoppable {
  readonly service: Pick<Stage, "signal">
}

/** Lets an action run while the service of its scene runs, and the services of the other scenes stand still. */
type During<S> = <A>(scene: S, act: () => Promise<A>) => Promise<A>

/** Services stand still until `use` is over, but for the one whose turn it is. */
export const stopped = async <S extends Stoppable, A>(
  scenes: ReadonlyArray<S>,
  use: (during: During<S>) => Promise<A>
): Promise<A> => {
  const signal = (name: NodeJS.Signals) => {
    for (const { service } of scenes) service.signal(name)
  }
  signal("SIGSTOP")
  try {
    return await use(async (scene, act) => {
      scene.service.signal("SIGCONT")
      const found = await act()
      scene.service.signal("SIGSTOP")
      return found
    })
  } finally {
    signal("SIGCONT")
  }
}

/** Measures A, B, A, B …; gives the measurements of each scene. */
export const inTurn = <S extends Stoppable, A>(
  scenes: ReadonlyArray<S>,
  runs: number,
  measure: (scene: S) => Promise<A>
): Promise<ReadonlyArray<ReadonlyArray<A>>> =>
  stopped(scenes, async (during) => {
    const all = scenes.map((scene) => ({ scene, found: [] as Array<A> }))
    for (let run = 0; run < runs; run++)
      for (const { found, scene } of all) found.push(await during(scene, () => measure(scene)))
    return all.map(({ found }) => found)
  })
