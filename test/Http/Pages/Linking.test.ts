/** What links a phone, over one service and with one browser. */
import { pairingLink, pictures } from "./Pairing.ts"
import { useWorld } from "./useWorld.ts"

const world = useWorld()

pictures(world)
pairingLink(world)
