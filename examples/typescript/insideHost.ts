/**
 * A shop that has an HTTP API, a Postgres and a client for it already. The listener writes into the same database
 * over the same client, its API and pages are at `/whatsapp` of the same port, and the shop reads what it wrote.
 */
import { createServer } from "node:http"
import {
  HttpApi,
  HttpApiBuilder,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpLayerRouter
} from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Config, Effect, Layer, Schema } from "effect"
import { EvolutionListener, Http } from "evolution-listener"

const Customer = Schema.Struct({ phone: Schema.String, messages: Schema.Number })

class Shop extends HttpApi.make("shop").add(
  HttpApiGroup.make("customers").add(
    HttpApiEndpoint.get("list", "/customers").addSuccess(Schema.Array(Customer))
  )
) {}

const customers = HttpApiBuilder.group(Shop, "customers", (handlers) =>
  Effect.map(SqlClient.SqlClient, (sql) =>
    handlers.handle("list", () =>
      // A view, as the tables behind it change: docs/sql.md has the columns.
      sql<typeof Customer.Type>`
        select sender_phone as phone, count(*)::int as messages
        from listener.messages where sender_phone is not null group by 1 order by 1`.pipe(
        Effect.orDie
      )
    )
  )
)

const shop = HttpLayerRouter.addHttpApi(Shop).pipe(Layer.provide(customers))
const whatsapp = Http.routes({ prefix: "/whatsapp" })

const database = PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") })

const server = Layer.unwrapEffect(
  Effect.map(Config.port("PORT"), (port) => NodeHttpServer.layer(createServer, { port }))
)

HttpLayerRouter.serve(Layer.merge(shop, whatsapp), { routerConfig: Http.routerConfig }).pipe(
  Layer.provide(server),
  // Evolution's address and the keys are settings of the environment; the database is the shop's.
  Layer.provide(EvolutionListener.layerNoDatabase),
  Layer.provide(database),
  Layer.launch,
  NodeRuntime.runMain
)
