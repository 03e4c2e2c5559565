/**
 * Limits that a fleet shares through Redis. The only part of the library that loads `@effect/experimental` and `ioredis`.
 *
 * @since 0.1.0
 */
export * as RedisLimits from "./RedisLimits.js"
