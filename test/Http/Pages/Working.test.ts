/** What is done over one service and with one browser; both take longer to start than most of it. */
import { dashboard } from "./Dashboard.ts"
import { monitor } from "./Monitor.ts"
import { useWorld } from "./useWorld.ts"

const world = useWorld()

dashboard(world)
monitor(world)
