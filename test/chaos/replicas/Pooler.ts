/** PgBouncer in transaction mode, as a promise. */
import { Effect, Exit, Scope } from "effect"
import { hasPooler, pooled } from "../../support/Pooler.ts"

export { hasPooler }

export interface Pooler {
  /** Address of the same database behind it. */
  readonly url: string
  readonly close: () => Promise<void>
}

export const startPooler = async (url: string): Promise<Pooler> => {
  const scope = await Effect.runPromise(Scope.make())
  const pooler = await Effect.runPromise(
    Scope.extend(
      pooled(url, { pool_mode: "transaction", default_pool_size: 20, max_client_conn: 200 }),
      scope
    )
  )
  return { url: pooler, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}
