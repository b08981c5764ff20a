/** All settings of a service with one Evolution server. */
import { Config } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"

export const everySetting = Config.all([AppConfig.ofServer.config, AppConfig.ofService.config])
