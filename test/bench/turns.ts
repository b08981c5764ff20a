/** What is compared is measured by turns: what disturbs the machine for a while disturbs all of it. */
import type { Duration, Rate } from "./throughput.ts"

/** What stands ready to be measured, again and again. */
export interface Stage {
  readonly measure: (duration: Duration) => Promise<Rate>
  /** `SIGSTOP` makes its program stand still, `SIGCONT` go on. */
  readonly signal: (name: NodeJS.Signals) => void
}

export interface Contender {
  readonly name: string
  readonly what: string
  /** Its stage stands until `use` is over. */
  readonly open: <A>(use: (stage: Stage) => Promise<A>) => Promise<A>
}

export type Contenders = Readonly<Record<string, Contender>>

/** Does something that may fail; a failure is told, and gives `undefined`. */
export type Attempt = <A>(what: string, act: () => Promise<A>) => Promise<A | undefined>

/**
 * A, B, C, A, B, C …; who has no turn stands still, as even an idle service costs a little. Who cannot
 * be opened or measured is left out.
 */
export const takeTurns = async (
  contenders: Contenders,
  runs: number,
  duration: Duration,
  attempt: Attempt
): Promise<ReadonlyMap<string, ReadonlyArray<Rate>>> => {
  const rates = new Map<string, ReadonlyArray<Rate>>()

  const runAll = async (stages: ReadonlyArray<readonly [key: string, Stage]>): Promise<void> => {
    for (let run = 1; run <= runs; run++)
      for (const [key, { measure, signal }] of stages) {
        signal("SIGCONT")
        const what = `${contenders[key]?.name}, run ${run} of ${runs}`
        const rate = await attempt(what, () => measure(duration))
        signal("SIGSTOP")
        if (rate !== undefined) rates.set(key, [...(rates.get(key) ?? []), rate])
      }
  }

  const enter = async (
    [first, ...others]: ReadonlyArray<readonly [key: string, Contender]>,
    stages: ReadonlyArray<readonly [key: string, Stage]>
  ): Promise<void> => {
    if (first === undefined) return runAll(stages)
    const [key, { name, open }] = first
    let isOpen = false
    try {
      await open((stage) => {
        isOpen = true
        stage.signal("SIGSTOP")
        return enter(others, [...stages, [key, stage]])
      })
    } catch (error) {
      await attempt(`${name}, ${isOpen ? "closed" : "opened"}`, () => Promise.reject(error))
      if (!isOpen) await enter(others, stages)
    }
  }

  await enter(Object.entries(contenders), [])
  return rates
}
