/** Which instances get a listener by themselves. */
import { Effect, Option } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import { matcherOf } from "../../Domain/Key.ts"
import { KeptDefaults } from "../../Log/KeptDefaults.ts"

/** The setting; or the default, which for a database of an earlier version is what that version did. */
export const policy = Effect.gen(function* () {
  const setting = yield* AppConfig.autoStart
  if (yield* AppConfig.isAutoStartSet) return setting
  const kept = yield* (yield* KeptDefaults).get("AUTO_START")
  if (Option.isNone(kept)) return setting
  yield* Effect.logInfo(
    "Listens by itself to instances that are created from now on, as before this version. A new installation listens to every instance at Evolution: set AUTO_START=all for that, or AUTO_START=created to keep this"
  )
  return AppConfig.autoStartOf("created")
})

/** True for the names that the patterns of the setting let through. */
export const matches = ({ except, only }: AppConfig.AutoStart): ((name: string) => boolean) => {
  const [isOnly, isExcept] = [matcherOf(only), matcherOf(except)]
  return (name) => (only.length === 0 || isOnly(name)) && !(except.length > 0 && isExcept(name))
}
