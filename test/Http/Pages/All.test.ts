/** What is seen over one service and with one browser; both take longer to start than most of it. */
import { accessibility } from "./Accessibility.ts"
import { dashboard } from "./Dashboard.ts"
import { hostileText } from "./Hostile.ts"
import { monitor } from "./Monitor.ts"
import { pairingLink, pictures } from "./Pairing.ts"
import { useWorld } from "./useWorld.ts"

const world = useWorld()

pictures(world)
dashboard(world)
monitor(world)
pairingLink(world)
accessibility(world)
// It has Evolution refuse everybody for a while.
hostileText(world)
