/** The Evolution server that a request is about. A server that a caller may not see does not exist for it. */
import { Effect } from "effect"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { InstanceNotFound } from "../../Domain/EvolutionError.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { Caller, sees, seesServer } from "../../Domain/Key.ts"
import { defaultServer, type ServerId } from "../../Domain/Server.ts"
import { type OneServer, type Owned, Servers } from "../../Instances/Servers.ts"
import { ServerAmbiguous, ServerNotFound } from "../Api.ts"
import { Peers } from "../Peers.ts"

const listed = (servers: ReadonlyArray<OneServer>): string =>
  servers.map(({ id }) => `?server=${id}`).join(" or ")

const notFound = (id: string, visible: ReadonlyArray<OneServer>) =>
  new ServerNotFound({
    message:
      visible.length === 0
        ? `There is no server "${id}"`
        : `There is no server "${id}": ask for ${listed(visible)}`
  })

/**
 * The services of the server, which its owner alone has: it knows the states of now, and commands. If another replica
 * owns the server, its answer ends the handler.
 */
export const owned = (one: OneServer) => Effect.flatMap(Peers, (peers) => peers.owned(one))

/** Runs an effect that may last on the services of a server, which may be closed meanwhile. */
export const during = <A, E, R>(one: OneServer, here: Owned, effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Peers, (peers) => peers.during(one, here)(effect))

/** The servers that the caller may see, in the order of the settings. */
export const visible = Effect.zipWith(Servers, Caller, ({ all }, caller) =>
  all.filter(({ id }) => seesServer(caller, id))
)

/** The server of this id. */
export const server = (id: ServerId): Effect.Effect<OneServer, ServerNotFound, Caller | Servers> =>
  Effect.flatMap(visible, (all) => {
    const found = all.find((one) => one.id === id)
    return found === undefined ? notFound(id, all) : Effect.succeed(found)
  })

/** The server of this id; without an id `default`, or the first one. */
export const usual = (id: ServerId | undefined) =>
  id === undefined
    ? Effect.flatMap(visible, (all) => {
        const found = all.find((one) => one.id === defaultServer) ?? all[0]
        return found === undefined ? notFound(defaultServer, all) : Effect.succeed(found)
      })
    : server(id)

/**
 * The server that has an instance. Without an id, the one server there is; or `default`, if that has such an instance;
 * or the only one that has. A name that none of several has is `default`'s.
 */
export const ofInstance = (
  name: InstanceName,
  id: ServerId | undefined
): Effect.Effect<
  OneServer,
  InstanceNotFound | ServerAmbiguous | ServerNotFound,
  Caller | Servers
> =>
  Effect.gen(function* () {
    const isSeen = sees(yield* Caller)
    const one = id === undefined ? yield* guess(name) : yield* server(id)
    return isSeen(name, one.id) ? one : yield* InstanceNotFound.of(name)
  })

/** `default`, or the only one of these; fails if another one could be meant as well. */
const choose = (
  among: ReadonlyArray<OneServer>,
  name: InstanceName,
  because: string
): Effect.Effect<OneServer, InstanceNotFound | ServerAmbiguous> => {
  const [only, another] = among
  const usual = among.find(({ id }) => id === defaultServer)
  if (usual !== undefined) return Effect.succeed(usual)
  if (only === undefined) return InstanceNotFound.of(name)
  if (another === undefined) return Effect.succeed(only)
  return new ServerAmbiguous({
    message: `${because}: say which one is meant, with ${listed(among)}`
  })
}

/** The servers that the caller may see, and that are known to have the instance. */
const knowing = (name: InstanceName) =>
  Effect.gen(function* () {
    const isSeen = sees(yield* Caller)
    const all = yield* visible
    return yield* Effect.filter(all, (one) =>
      Effect.if(isSeen(name, one.id), {
        onTrue: () => one.knows(name),
        onFalse: () => Effect.succeed(false)
      })
    ).pipe(
      Effect.mapError(
        (error) =>
          new ServerAmbiguous({
            message: `Cannot find out which server has the instance "${name}", as the database does not answer (${detailOf(error)}): say which one is meant, with ${listed(all)}`
          })
      )
    )
  })

const guess = (name: InstanceName) =>
  Effect.gen(function* () {
    const all = yield* visible
    // The one server there is needs no look.
    const known = all.length === 1 ? all : yield* knowing(name)
    return yield* known.length === 0
      ? choose(all, name, `No server is known to have an instance "${name}"`)
      : choose(known, name, `More than one server has an instance "${name}"`)
  })

/**
 * The server that gets a new instance. Without an id `default`, or the only one there is, whichever servers have
 * an instance of this name.
 */
export const forNew = (name: InstanceName, id: ServerId | undefined) =>
  Effect.gen(function* () {
    const isSeen = sees(yield* Caller)
    const one =
      id === undefined
        ? yield* choose(yield* visible, name, `More than one server may get the instance "${name}"`)
        : yield* server(id)
    return isSeen(name, one.id) ? one : yield* InstanceNotFound.of(name)
  })

/**
 * The servers whose events are asked for; `null`: of all. An instance without a server is that of `ofInstance`, and one
 * that no server has any more is looked for in all events.
 */
export const ofEvents = (
  name: InstanceName | undefined,
  id: ServerId | undefined
): Effect.Effect<
  ReadonlyArray<string> | null,
  ServerAmbiguous | ServerNotFound,
  Caller | Servers
> =>
  Effect.gen(function* () {
    if (id !== undefined) return [(yield* server(id)).id]
    const { servers } = yield* Caller
    if (name === undefined) return servers
    const known = yield* knowing(name)
    if (known.length === 0) return servers
    const because = `More than one server has an instance "${name}"`
    return [
      (yield* Effect.catchTag(choose(known, name, because), "InstanceNotFound", Effect.die)).id
    ]
  })
