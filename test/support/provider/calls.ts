/**
 * Calls of tools, as scripted answers have them.
 */

export const weather = (id: string, city: string) => ({ id, name: "weather", arguments: { city } })
