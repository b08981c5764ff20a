/** The secrets of this process, and one `Scrub` that knows all of them. */
import { Context, Effect, Redacted } from "effect"
import * as AppConfig from "../AppConfig.ts"
import * as Scrub from "../Domain/Scrub.ts"

/** Secrets that a module holds are added here, so that every other module blots them. */
export interface Known {
  /** Texts too weak to be told from other words are ignored. */
  readonly add: (secrets: ReadonlyArray<Redacted.Redacted>) => void
  /** Knows every secret added so far, and those added later. */
  readonly scrub: Scrub.Scrub
}

export const make = (): Known => {
  const known = new Set<string>()
  let all = Scrub.make([], new Map())
  return {
    add: (secrets) => {
      for (const secret of secrets) {
        const text = Redacted.value(secret)
        if (known.has(text)) continue
        known.add(text)
        all = all.and(text)
      }
    },
    scrub: {
      mayHoldSecret: (text) => all.mayHoldSecret(text),
      ours: (text) => all.ours(text),
      blot: (text) => all.blot(text),
      words: (text) => all.words(text),
      entry: (value) => all.entry(value),
      and: (secret) => all.and(secret),
      ofInstance: (instance, token) => all.ofInstance(instance, token)
    }
  }
}

/**
 * One for the whole process unless a program provides its own: an embedder's layer cannot forget to
 * provide it, and a logger knows the secrets of layers that are built after it.
 */
export class Secrets extends Context.Reference<Secrets>()("evolution-listener/Secrets", {
  defaultValue: make
}) {}

/** Adds secrets that did not come from the environment, or are used before `scrub` is asked for. */
export const add = (...secrets: ReadonlyArray<Redacted.Redacted>): Effect.Effect<void> =>
  Effect.map(Secrets, (known) => known.add(secrets))

/** The process's `Scrub`, which knows the secrets of the environment, too. */
export const scrub = Effect.zipWith(Secrets, AppConfig.secrets, (known, secrets) => {
  known.add(secrets)
  return known.scrub
})
