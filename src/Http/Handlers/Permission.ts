/** Permission checks of the handlers. An instance that a caller may not see does not exist for it. */
import { Effect, Either } from "effect"
import { Audit } from "../../Access/Audit.ts"
import { KeyStore } from "../../Access/KeyStore.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { Caller, holds, type Scope } from "../../Domain/Key.ts"
import type { ServerId } from "../../Domain/Server.ts"
import { type OneServer, type Owned, Servers } from "../../Instances/Servers.ts"
import { Forbidden, Unauthorized } from "../Api.ts"
import * as Target from "./Target.ts"

/** Fails unless the caller's key has at least this scope. */
export const holding = (scope: Scope) =>
  Effect.flatMap(Caller, (caller) =>
    holds(caller, scope)
      ? Effect.void
      : new Forbidden({ message: `This key may "${caller.scope}", this needs "${scope}"` })
  )

/** Fails unless the caller sees all instances of all servers. */
export const seeingAll = Effect.flatMap(Caller, ({ instances, servers }) =>
  instances === null && servers === null
    ? Effect.void
    : new Forbidden({
        message: "This key is bound to instances or servers, this is about all of them"
      })
)

/** Ends a wait as soon as the caller's key is revoked or expired. */
export const whileValid = <A, E, R>(wait: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.all([Caller, KeyStore]), ([{ id }, keys]) =>
    id === null
      ? wait
      : Effect.raceFirst(
          wait,
          Effect.zipRight(
            keys.end(id),
            new Unauthorized({ message: "The key was revoked, or it has expired" })
          )
        )
  )

/** An instance in the path of a request, and the server that its query names. */
export interface Named {
  readonly path: { readonly name: InstanceName }
  readonly urlParams: { readonly server?: ServerId | undefined }
}

/** Runs an effect with the server of an instance; fails with `InstanceNotFound` unless the caller may see both. */
export const seeing = <A, E, R>(
  { path: { name }, urlParams: { server } }: Named,
  effect: (one: Owned, name: InstanceName) => Effect.Effect<A, E, R>
) =>
  Target.ofInstance(name, server).pipe(
    Effect.flatMap(Target.owned),
    Effect.flatMap((one) => within(one, effect(one, name)))
  )

/** As `seeing`, for an effect that may wait long. */
export const watching = <A, E, R>(
  { path: { name }, urlParams: { server } }: Named,
  effect: (one: Owned, name: InstanceName) => Effect.Effect<A, E, R>
) =>
  Effect.flatMap(Target.ofInstance(name, server), (one) =>
    Effect.flatMap(Target.owned(one), (here) =>
      Target.during(one, here, within(here, effect(here, name)))
    )
  )

const within = <A, E, R>({ id }: Owned, effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Servers, (servers) => servers.within(id)(effect))

/**
 * Runs a command, audited with the server as far as it is found. Needs the scope `operate`. A command that another
 * replica answers is audited there.
 */
const operating = <A, E, E2, R, R2>(
  action: string,
  name: InstanceName,
  target: Effect.Effect<OneServer, E2, R2>,
  command: (one: Owned) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const { record } = yield* Audit
    const found = yield* Effect.either(target)
    const owned = yield* holding("operate").pipe(
      Effect.zipRight(found),
      Effect.flatMap((one) => Effect.map(Target.owned(one), (here) => [one, here] as const)),
      Effect.either
    )
    return yield* record(
      action,
      name,
      Either.match(found, { onLeft: () => null, onRight: ({ id }) => id })
    )(Effect.flatMap(owned, ([one, here]) => Target.during(one, here, within(here, command(here)))))
  })

/** Runs a command on an instance; needs the scope `operate`. The command is audited. */
export const commanding = <A, E, R>(
  action: string,
  { path: { name }, urlParams: { server } }: Named,
  command: (one: Owned, name: InstanceName) => Effect.Effect<A, E, R>
) => operating(action, name, Target.ofInstance(name, server), (one) => command(one, name))

/** Creates an instance; needs `operate`, and bounds that cover the name. The command is audited. */
export const creating = <A, E, R>(
  name: InstanceName,
  server: ServerId | undefined,
  command: (one: Owned) => Effect.Effect<A, E, R>
) =>
  operating(
    "create",
    name,
    Effect.catchTag(Target.forNew(name, server), "InstanceNotFound", () =>
      Effect.flatMap(
        Caller,
        ({ instances, servers }) =>
          new Forbidden({
            message: `This key is bound to "${(instances ?? servers ?? []).join('", "')}"`
          })
      )
    ),
    command
  )

/** Fails unless the caller may make keys: needs `admin` and no bounds, since new keys may have none. */
export const mayAdminister = Effect.zipRight(holding("admin"), seeingAll)

/** Runs a command about keys; needs `mayAdminister`. The command is audited. */
export const administering = <A, E, R>(
  action: string,
  command: Effect.Effect<A, E, R>,
  server: ServerId | null = null
) =>
  Effect.flatMap(Audit, ({ record }) =>
    record(action, null, server)(Effect.zipRight(mayAdminister, command))
  )
