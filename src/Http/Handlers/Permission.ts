/** Permission checks of the handlers. An instance that a caller may not see does not exist for it. */
import { Effect } from "effect"
import { Audit } from "../../Access/Audit.ts"
import { InstanceNotFound } from "../../Domain/EvolutionError.ts"
import { Caller, holds, type Scope, sees } from "../../Domain/Key.ts"
import { Forbidden } from "../Api.ts"

/** Fails unless the caller's key has at least this scope. */
export const holding = (scope: Scope) =>
  Effect.flatMap(Caller, (caller) =>
    holds(caller, scope)
      ? Effect.void
      : new Forbidden({ message: `This key may "${caller.scope}", this needs "${scope}"` })
  )

/** Fails unless the caller sees all instances. */
export const seeingAll = Effect.flatMap(Caller, ({ instances }) =>
  instances === null
    ? Effect.void
    : new Forbidden({ message: "This key is bound to instances, this is about all of them" })
)

/** Runs an effect about an instance; fails with `InstanceNotFound` unless the caller may see it. */
export const seeing = <A, E, R>(
  name: string,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | InstanceNotFound, R | Caller> =>
  Effect.flatMap(
    Caller,
    (caller): Effect.Effect<A, E | InstanceNotFound, R> =>
      sees(caller)(name) ? effect : InstanceNotFound.of(name)
  )

/** Runs a command on an instance; needs the scope `operate`. The command is audited. */
export const commanding = <A, E, R>(
  action: string,
  name: string,
  command: Effect.Effect<A, E, R>
) =>
  Effect.flatMap(Audit, ({ record }) =>
    holding("operate").pipe(Effect.zipRight(seeing(name, command)), record(action, name))
  )

/** Creates an instance; needs `operate`, and bounds that cover the name. The command is audited. */
export const creating = <A, E, R>(name: string, command: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Audit, ({ record }) =>
    holding("operate").pipe(
      Effect.zipRight(
        Effect.flatMap(Caller, (caller) =>
          sees(caller)(name)
            ? Effect.void
            : new Forbidden({ message: `This key is bound to "${caller.instances?.join('", "')}"` })
        )
      ),
      Effect.zipRight(command),
      record("create", name)
    )
  )

/** Fails unless the caller may make keys: needs `admin` and no bounds, since new keys may have none. */
export const mayAdminister = Effect.zipRight(holding("admin"), seeingAll)

/** Runs a command about keys; needs `mayAdminister`. The command is audited. */
export const administering = <A, E, R>(action: string, command: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Audit, ({ record }) =>
    record(action, null)(Effect.zipRight(mayAdminister, command))
  )
