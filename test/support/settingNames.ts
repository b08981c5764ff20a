/** Every environment variable that the settings ask for, as they do when they are read. */
import { ConfigProvider, Effect } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"

const asked = new Set<string>()
const nothing = ConfigProvider.fromMap(new Map()).flattened

const listening = ConfigProvider.fromFlat({
  ...nothing,
  load: (path, primitive, split) => {
    asked.add(path.join("."))
    return nothing.load(path, primitive, split)
  }
})

Effect.runSync(Effect.either(listening.load(AppConfig.everything.config)))

export const settingNames: ReadonlyArray<string> = [...asked].sort()
