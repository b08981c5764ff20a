/** What is seen over one service and with one browser; both take longer to start than most of it. */
import { accessibility } from "./Accessibility.ts"
import { hostileText } from "./Hostile.ts"
import { useWorld } from "./useWorld.ts"

const world = useWorld()

accessibility(world)
// It has Evolution refuse everybody for a while.
hostileText(world)
