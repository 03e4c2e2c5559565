/**
 * Limits that a fleet shares through Redis. Only this part of the library loads `@effect/experimental` and `ioredis`.
 *
 * @since 0.1.0
 */
export * as RedisLimits from "./RedisLimits.js"
