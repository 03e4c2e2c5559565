/** The words that ask a model to continue its own message that broke off. */

/**
 * What a model must write before it continues a broken message, so that the seam can be proven.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ask {
  /** A fresh word, such as `<resume-7f3a21>`, that occurs nowhere in the conversation. */
  readonly marker: string
  /** The last words of the broken message, character for character. */
  readonly anchor: string
}

/**
 * The request that is sent by default, in the user's name, after the model's own unfinished message.
 */
export const defaultRequest = ({ anchor, marker }: Ask): string =>
  `The connection broke while you were writing the message above. What you see of it is all that arrived. Its last words are:
<last-words>
${anchor}
</last-words>
Continue that message. Write ${marker} first, then repeat those last words character for character, and then go on from exactly there, in the middle of a word if need be. Write nothing before ${marker}, put no quotation marks and no code fence around your reply, and do not comment on this request.
If the message was already complete, write only ${marker}, those last words, and ${marker} again.`
