/**
 * The two clocks, as two types. Timestamps are read from the wall clock, which is set now and then;
 * deadlines are counted on the monotonic clock, which never jumps. To pass one for the other does not compile.
 */
import { Brand, type Clock } from "effect"

/** ms since 1970 UTC. */
export type WallMillis = number & Brand.Brand<"WallMillis">
export const WallMillis = Brand.nominal<WallMillis>()

/** ms since some moment in the past. */
export type MonotonicMillis = number & Brand.Brand<"MonotonicMillis">
export const MonotonicMillis = Brand.nominal<MonotonicMillis>()

export const wallOf = (clock: Clock.Clock) => (): WallMillis =>
  WallMillis(clock.unsafeCurrentTimeMillis())

export const monotonicOf = (clock: Clock.Clock) => (): MonotonicMillis =>
  MonotonicMillis(Number(clock.unsafeCurrentTimeNanos() / 1_000_000n))
