/** A link to `/` that is up before its first user comes: that of a standby whose process owns the server now. */
import { Context, Effect, type Option, type Scope } from "effect"
import type { Renewable } from "./Renewal.ts"

interface Handed {
  /** Instances whose listeners come at once: their events wait for them. */
  readonly expected: ReadonlyArray<string>
  /** In auto mode: Evolution sent no global events to the owner before. */
  readonly byNamespace: boolean
  /** Gives the link once, for as long as the scope is open; `None`: there is none, it is to be dialled. */
  readonly take: Effect.Effect<Option.Option<Renewable>, never, Scope.Scope>
}

export class HandedLink extends Context.Reference<HandedLink>()("evolution-listener/HandedLink", {
  defaultValue: (): Handed => ({ expected: [], byNamespace: false, take: Effect.succeedNone })
}) {}
