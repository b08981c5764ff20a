/**
 * The default HTTP client for Evolution: undici, through the proxy of the settings. It follows no redirect, which
 * would carry the key to another server.
 */
import { NodeHttpClient } from "@effect/platform-node"
import { Agent } from "@effect/platform-node/Undici"
import { Effect, Layer, Option } from "effect"
import { perSettings } from "../AppConfig/Settings.ts"
import * as AppConfig from "../AppConfig.ts"
import * as Tunnel from "./Wire/Tunnel.ts"

/** Connects to Evolution alone, through the proxy. */
const tunnelling = (proxy: AppConfig.OutgoingProxy, to: URL) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const closed = new AbortController()
        return {
          closed,
          agent: new Agent({
            connect: (_options, done) => Tunnel.connect(proxy, to, closed.signal, done)
          })
        }
      }),
      ({ agent, closed }) =>
        Effect.promise(() => {
          closed.abort()
          return agent.destroy()
        })
    ),
    ({ agent }) => agent
  )

const dispatcher = Layer.scoped(
  NodeHttpClient.Dispatcher,
  Effect.flatMap(Effect.all([AppConfig.Evolution, AppConfig.evolutionProxy]), ([{ url }, proxy]) =>
    Option.match(proxy, {
      onNone: () => NodeHttpClient.makeDispatcher,
      onSome: (found) => tunnelling(found, url)
    })
  )
)

/** Undici costs half of `fetch`. */
export const layer = perSettings(
  Layer.provide(NodeHttpClient.layerUndiciWithoutDispatcher, dispatcher)
)
