/** What the log and the ledger have, by SQL. */
import { until } from "../until.ts"
import type { World } from "./World.ts"

/** Waits until a message of each instance, sent a moment ago, is in the log by the owner's own ear. */
export const allHeard = (
  { evolution, names, query, servers }: Pick<World, "evolution" | "names" | "query" | "servers">,
  within: number
) =>
  Promise.all(
    servers.map((server) =>
      until(`a message of each instance of ${server} comes through`, within, async () => {
        const ids = await evolution(server).message(names)
        return until("", 1500, async () => {
          const [row] = await query<{ count: number }>(
            `select count(*)::int from events
             where server = $1 and origin = 'live' and data #>> '{key,id}' = any($2)`,
            [server, ids]
          )
          return row?.count === names.length
        })
      })
    )
  )

/** Gaps of all servers; `instance` is `server/name`. */
export const gapsQuery = `
  select concat(server, '/', instance) as instance, cause, recovered, fetched, note, reason,
    retry_at is not null as retries,
    to_char("from" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "from",
    to_char("to" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "to"
  from gaps order by "from"`
