/**
 * Where the text of an attempt that goes on joins the text before it.
 */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { COMPLETE, type Options, Seam } from "../../src/retry/internal/seam.js"

/** What comes out, piece by piece, and whether it was another answer. */
const join = (before: string, pieces: ReadonlyArray<string>, how: Options["how"] = "asked") => {
  const seam = new Seam({ before, how })
  let out = ""
  for (const piece of pieces) out += seam.push(piece)
  return { text: before + out + seam.end(), foreign: seam.foreign, cut: seam.cut }
}

const letters = (text: string): ReadonlyArray<string> => [...text]

const sky = "The sky is blue because short waves are scattered more than long ones."

describe("a seam", () => {
  const cases: ReadonlyArray<readonly [what: string, before: string, after: string, whole: string]> = [
    ["goes on exactly", "The sky is bl", "ue because", "The sky is blue because"],
    [
      "repeats its last words",
      "The sky is blue because short waves",
      "short waves are",
      "The sky is blue because short waves are"
    ],
    ["repeats a word that was cut", "The sky is bl", "blue because", "The sky is blue because"],
    [
      "repeats its last words, and white space was delivered",
      "Hello brave ",
      "brave new world",
      "Hello brave new world"
    ],
    ["writes the white space again", "One.\n\n", "\n\nTwo.", "One.\n\nTwo."],
    ["begins with white space", "One.", "\n\nTwo.", "One.\n\nTwo."],
    ["has a letter in common by accident", "he said hel", "lo world", "he said hello world"],
    ["goes on with the same digit", "the answer is 1/8", "8/10", "the answer is 1/88/10"],
    ["goes on with the same letter", `Argh${"h".repeat(30)}`, `${"h".repeat(20)}!`, `Argh${"h".repeat(50)}!`],
    ["goes on after a number alone", "1", "1. One", "11. One"],
    ["closes a brace after a brace", "if (a) {\n  if (b) {\n  }", "\n}", "if (a) {\n  if (b) {\n  }\n}"],
    ["goes on in the middle of a number", "0.0", "05 g", "0.005 g"],
    ["goes on with the thousands of a number", "It costs 1,000", ",000 euro", "It costs 1,000,000 euro"],
    ["goes on with an address", "127.0", ".0.1", "127.0.0.1"],
    ["doubles a digit", "of the 5", "5 men", "of the 55 men"],
    ["repeats a number that stands alone", "It was in 2024", "2024 that", "It was in 2024 that"],
    ["closes a tag after a tag", "<div>\n<div></div>", "\n</div>", "<div>\n<div></div>\n</div>"],
    ["closes a tag after a tag and a line break", "<div>\n<div></div>\n", "</div>", "<div>\n<div></div>\n</div>"],
    ["writes the next of equal cells", "| yes | yes", " | yes |", "| yes | yes | yes |"],
    ["writes the next of equal strings", 'n = ["a", "a', '", "a"]', 'n = ["a", "a", "a"]'],
    ["writes a word twice, with the space between", "It was very", " very good", "It was very very good"],
    ["goes on after a vowel sign", "वह किताब", "ब", "वह किताबब"],
    [
      "repeats characters that are words",
      "天空是蓝色的，因为短波散射",
      "短波散射更强",
      "天空是蓝色的，因为短波散射更强"
    ],
    ["goes on with emoji that share half of their code", "Nice \u{1f600}", "\u{1f601}!", "Nice \u{1f600}\u{1f601}!"],
    ["begins again after one character", "T", "The sky", "The sky"],
    ["goes on after one character", "T", "he sky", "The sky"],
    ["begins again, the same", sky.slice(0, 40), sky, sky],
    ["begins again, the same, after a line break", sky.slice(0, 40), `\n${sky}`, sky],
    ["says that nothing is missing", sky, COMPLETE, sky],
    ["says so with white space around", sky, ` ${COMPLETE}\n`, sky],
    ["repeats its last words and ends", "It was the last word", "last word", "It was the last word"]
  ]
  for (const [what, before, after, whole] of cases) {
    it(`joins an attempt that ${what}`, () => {
      for (const pieces of [[after], letters(after)]) {
        assert.deepStrictEqual(join(before, pieces), {
          text: whole,
          foreign: false,
          cut: before.length + after.length - whole.length
        })
      }
    })
  }

  it("does not join an answer that begins again in other words", () => {
    const other = "The sky is blue since air scatters short waves."
    for (const pieces of [[other], letters(other)]) {
      const { foreign, text } = join(sky.slice(0, 40), pieces)
      assert.isTrue(foreign)
      assert.strictEqual(text, sky.slice(0, 40))
    }
  })

  it("does not join an answer that begins again in other words, also where words are characters", () => {
    const other = "天空之所以是蓝色的，是因为瑞利散射。"
    assert.isTrue(join("天空之所以呈现蓝色，主要", [other]).foreign)
  })

  it("does not join a beginning that ends early", () => {
    assert.isTrue(join(sky.slice(0, 60), letters(sky.slice(0, 30))).foreign)
  })

  it("believes a model that goes on by itself, and cuts only an echo", () => {
    assert.strictEqual(join("ha ha ", ["ha ha"], "exact").text, "ha ha ha ha")
    assert.strictEqual(join(sky.slice(0, 20), letters(sky), "echoing").text, sky)
    assert.strictEqual(join(sky.slice(0, 20), letters(sky.slice(20)), "echoing").text, sky)
    assert.strictEqual(join("One. ", [" Two."], "exact").text, "One. Two.")
  })

  // Words that are all different: what is repeated is then never an accident.
  const story = Array.from({ length: 60 }, (_, at) => `word${at * 7919}`).join(" ")

  it("gives the whole for any cut, and any repetition of at least two letters", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 1, max: story.length - 1 }),
        FastCheck.integer({ min: 0, max: 80 }),
        FastCheck.integer({ min: 1, max: 9 }),
        (at, back, size) => {
          const before = story.slice(0, at)
          const from = back === 0 ? at : story.lastIndexOf(" ", Math.max(0, at - back)) + 1
          FastCheck.pre(from === at || /wo/.test(story.slice(from, at)))
          const after = story.slice(from)
          const pieces = after.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? []
          const joined = join(before, pieces)
          assert.deepStrictEqual([joined.text, joined.foreign], [story, false])
        }
      ),
      { numRuns: 2_000 }
    )
  })

  it("takes time in proportion to what it holds back", () => {
    // Each piece is compared once: ten times the text costs about ten times the comparisons, which a timeout would show.
    const long = story.repeat(2_000)
    const pieces = long.match(/[\s\S]{1,4}/g) ?? []
    assert.strictEqual(join(long, [...pieces, " end"]).text, `${long} end`)
  })
})
