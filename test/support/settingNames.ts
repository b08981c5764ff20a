/** Every environment variable that the settings ask for, as they do when they are read. */
import { ConfigProvider, Effect } from "effect"
import { everySetting } from "./everySetting.ts"

const asked = new Set<string>()
const nothing = ConfigProvider.fromMap(new Map()).flattened

const listening = ConfigProvider.fromFlat({
  ...nothing,
  load: (path, primitive, split) => {
    asked.add(path.join("."))
    return nothing.load(path, primitive, split)
  }
})

Effect.runSync(Effect.either(listening.load(everySetting)))

export const settingNames: ReadonlyArray<string> = [...asked].sort()
