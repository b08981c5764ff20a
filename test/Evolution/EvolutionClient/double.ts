/** An Evolution with a test's answers; an unexpected request is a defect. */
import { type Context, Effect, Layer } from "effect"
import { EvolutionClient } from "../../../src/Evolution/EvolutionClient.ts"

const unexpected = (method: string) => () =>
  Effect.dieMessage(`The test did not expect "${method}" to be called`)

export const evolution = (answers: Partial<Context.Tag.Service<EvolutionClient>>) =>
  Layer.succeed(EvolutionClient, {
    create: unexpected("create"),
    connect: unexpected("connect"),
    connectionState: unexpected("connectionState"),
    fetchInstances: unexpected("fetchInstances"),
    restart: unexpected("restart"),
    logout: unexpected("logout"),
    delete: unexpected("delete"),
    findWebSocket: unexpected("findWebSocket"),
    setWebSocket: unexpected("setWebSocket"),
    findMessages: unexpected("findMessages"),
    clockOffset: unexpected("clockOffset")(),
    ping: unexpected("ping")(),
    ...answers
  })
