/** Tells this log from others: a part of each message's id. It is made when it is first wanted, once for all replicas. */
import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

export const read = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    insert into log_identity (id) values (substr(replace(gen_random_uuid()::text, '-', ''), 1, 8))
    on conflict do nothing`
  const [row] = yield* sql<{ id: string }>`select id from log_identity`
  return row?.id ?? (yield* Effect.dieMessage("The log has no identity"))
})
