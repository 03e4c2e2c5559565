/**
 * Makes the import of this library fail by a name that says why, in a program that has Effect 4. That lacks `Either`, so
 * the runtime ends with "Cannot find module … imported from …/requiresEffect3.js" before it runs any code, which could say
 * more. Each index imports this module first; without it any other module would be named.
 */
import "effect/Either"
