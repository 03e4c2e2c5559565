/** The events of an answer that was held back until its end was proven: one delta per block. */
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { PartialResponse } from "../../model/PartialResponse.js"

export const events = ({ blocks }: PartialResponse): Array<ModelEvent> => {
  const out: Array<ModelEvent> = []
  for (const [index, block] of blocks.entries()) {
    switch (block.type) {
      case "text":
        out.push({ _tag: "TextStart", index })
        if (block.text !== "") out.push({ _tag: "TextDelta", index, text: block.text })
        out.push({ _tag: "TextEnd", index })
        break
      case "reasoning":
        out.push({ _tag: "ReasoningStart", index, protocol: block.protocol })
        if (block.text !== "") out.push({ _tag: "ReasoningDelta", index, text: block.text })
        out.push({ _tag: "ReasoningEnd", index, signature: block.signature })
        break
      case "tool-call":
        out.push({ _tag: "ToolCallStart", index, id: block.id, name: block.name })
        if (block.json !== "") out.push({ _tag: "ToolCallDelta", index, json: block.json })
        // A block that stays open was cut by the output limit.
        if (!block.open) out.push({ _tag: "ToolCallEnd", index })
        break
      case "citation": {
        const { open: _open, type: _type, ...fields } = block
        out.push({ _tag: "Citation", index, ...fields })
        break
      }
      case "provider":
        out.push({ _tag: "ProviderPart", index, name: block.name, value: block.value, protocol: block.protocol })
    }
  }
  return out
}
