/** The beginning of a text that a model wrote, for messages: at most 4 KiB, never half a character. */
const most = 4096

export const clip = (text: string): string =>
  text.length <= most ? text : `${text.slice(0, most).replace(/[\ud800-\udbff]$/, "")}…`
