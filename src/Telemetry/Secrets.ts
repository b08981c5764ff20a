/** The secrets of this process, and scrubs that know all of them. */
import { Context, Effect, Redacted } from "effect"
import { Settings } from "../AppConfig/Settings.ts"
import * as AppConfig from "../AppConfig.ts"
import * as Scrub from "../Domain/Scrub.ts"

/** Secrets that a module holds are added here, so that every other module blots them. */
export interface Known {
  /** Texts too weak to be told from other words are ignored. */
  readonly add: (secrets: ReadonlyArray<Redacted.Redacted>) => void
  /** Knows every secret added so far, and those added later. */
  readonly scrub: Scrub.Scrub
  /**
   * As `scrub`, with the memory of one listener for the tokens of instances: two servers of Evolution may have
   * instances of one name.
   */
  readonly scrubFor: (listener: object) => Scrub.Scrub
}

export const make = (): Known => {
  const texts = new Set<string>()
  const scrubs = new WeakMap<object, Scrub.Scrub>()

  const scrubWith = (tokens: Map<string, string>): Scrub.Scrub => {
    let all = Scrub.make([], tokens)
    let known = 0
    const current = (): Scrub.Scrub => {
      if (known < texts.size) {
        for (const text of [...texts].slice(known)) all = all.and(text)
        known = texts.size
      }
      return all
    }
    return {
      mayHoldSecret: (text) => current().mayHoldSecret(text),
      ours: (text) => current().ours(text),
      blot: (text) => current().blot(text),
      words: (text) => current().words(text),
      entry: (value) => current().entry(value),
      and: (secret) => current().and(secret),
      ofInstance: (instance, token) => current().ofInstance(instance, token)
    }
  }

  return {
    add: (secrets) => {
      for (const secret of secrets) texts.add(Redacted.value(secret))
    },
    scrub: scrubWith(new Map()),
    scrubFor: (listener) => {
      const scrub = scrubs.get(listener) ?? scrubWith(new Map())
      scrubs.set(listener, scrub)
      return scrub
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

/** Adds secrets that did not come from the settings, or are used before `scrub` is asked for. */
export const add = (...secrets: ReadonlyArray<Redacted.Redacted>): Effect.Effect<void> =>
  Effect.map(Secrets, (known) => known.add(secrets))

/** The scrub of the listener with these settings, whose secrets it knows, too. */
export const scrub = Effect.zipWith(
  Effect.zip(Secrets, Settings),
  AppConfig.secrets,
  ([known, settings], secrets) => {
    known.add(secrets)
    return known.scrubFor(settings)
  }
)
