/**
 * The texts that models of the seam run mean to write. Most of them repeat themselves the way real answers do, since that
 * is where a seam is easily set in the wrong place.
 */

export interface Text {
  readonly name: string
  readonly text: string
  /** Cut at every UTF-16 unit, so also within a character. Default: at every grapheme. */
  readonly everyUnit?: boolean
}

const lines = (...all: ReadonlyArray<string>): string => all.join("\n")

const chorus = lines("Row, row, row your boat,", "Gently down the stream.")

export const texts: ReadonlyArray<Text> = [
  {
    name: "prices",
    text: "The prices are [1.50, 1.50, 1.50, 1.75, 1.50, 2.00], so the total is 9.75 and the mean is 1.63."
  },
  {
    name: "doses",
    text: "Take 20 mg, 20 mg, 20 mg, 40 mg on the first day, then 20 mg, 20 mg, 40 mg, 40 mg on the second day."
  },
  {
    name: "hex",
    text: "7f 45 4c 46 02 01 01 00 00 00 00 00 00 00 00 00 03 00 3e 00 01 00 00 00 50 10 00 00 00 00 00 00"
  },
  {
    name: "table",
    text: lines(
      "| day | low | high |",
      "|-----|-----|------|",
      "| Mon | 10  | 10   |",
      "| Tue | 10  | 10   |",
      "| Wed | 10  | 12   |",
      "| Thu | 10  | 10   |"
    )
  },
  {
    name: "chorus",
    text: lines(chorus, "", "Merrily, merrily, merrily, merrily,", "Life is but a dream.", "", chorus, "", "The end.")
  },
  {
    name: "python",
    text: lines(
      "def walk(tree):",
      "    for node in tree:",
      "        if node.left:",
      "            yield node.left",
      "        if node.right:",
      "            yield node.right",
      "",
      "    return None"
    )
  },
  {
    name: "sql",
    text: lines(
      "INSERT INTO prices (item, price) VALUES ('tea', 2);",
      "INSERT INTO prices (item, price) VALUES ('tea', 2);",
      "INSERT INTO prices (item, price) VALUES ('pie', 4);"
    )
  },
  {
    name: "imports",
    text: lines(
      'import * as Effect from "effect/Effect"',
      'import * as Exit from "effect/Exit"',
      'import * as Stream from "effect/Stream"',
      'import type * as Scope from "effect/Scope"'
    )
  },
  {
    name: "json",
    text: '{"rows":[{"id":1,"ok":true},{"id":1,"ok":true},{"id":2,"ok":true}],"next":null,"more":{"rows":[]}}'
  },
  {
    name: "markdown",
    text: lines(
      "# Install",
      "",
      "Run this first:",
      "",
      "```sh",
      "npm install",
      "```",
      "",
      "> It says `done`.",
      "",
      "```sh",
      "npm test",
      "```"
    )
  },
  {
    name: "chinese",
    text: "天空是藍色的因為短波長的光比長波長的光散射得更多這種現象叫做瑞利散射所以傍晚的天空是紅色的因為光走的路更長",
    everyUnit: true
  },
  {
    name: "japanese",
    text: "すもももももももものうち、とよく言われます。今日は雨、明日も雨、明後日も雨です。"
  },
  {
    name: "emoji",
    text: "Family 👨‍👩‍👧‍👦 and friends 🧑🏽‍🚀🧑🏽‍🚀 wave 👋🏾👋🏾, flags 🇫🇷🇩🇪🇫🇷, hearts ❤️‍🔥 and 🏳️‍🌈 go by 🚂.",
    everyUnit: true
  },
  {
    name: "joined emoji",
    text: `${"👩‍❤️‍👨\u200d".repeat(9)}👩`,
    everyUnit: true
  },
  {
    name: "mathematics",
    text: "𝒙² + 𝒚² = 𝒛² where 𝒙 = 𝒚 = 1, so 𝒛² = 2 and 𝒛 = √2 ≈ 1.41421356; 𝒙 = 𝒚 = 2 gives 𝒛² = 8.",
    everyUnit: true
  },
  {
    name: "combining marks",
    text: "Cafe\u0301, re\u0301sume\u0301 and nai\u0308ve stand beside Café, résumé and naïve; Việt Nam, Vie\u0323\u0302t Nam.",
    everyUnit: true
  },
  {
    name: "right to left",
    text: "השמיים כחולים כי האור הכחול מתפזר יותר. السماء زرقاء لأن الضوء الأزرق يتشتت أكثر، 12 مرة."
  },
  { name: "one character", text: "7" },
  { name: "two words", text: "Yes, yes" },
  { name: "half of it twice", text: "It was so.It was so. And so it went, and so it was." },
  { name: "white space at the end", text: "Dear Ms Li,\n\nyes.\n\nYours\n  \n" },
  { name: "white space before", text: "\n\n    indented = True\n    also = indented\n\n\tdone = also\n" },
  { name: "one line repeated", text: "All work and no play makes Jack a dull boy.\n".repeat(5) },
  { name: "one letter", text: "a".repeat(60) },
  { name: "laughter", text: "ha ha ha ha ha ha ha ha ha ha ha ha, she said, ha ha ha ha ha ha!" },
  {
    name: "quotations",
    text: "“No,” she said. “No,” he said. 'No', they said. \"No\", I said (we all said [`no`]) ~ and so: no."
  },
  {
    name: "a list",
    text: lines(
      ...["one", "two", "three", "four", "five"].map((word, at) => `${at + 1}. The ${word} step: press the button.`)
    )
  },
  {
    name: "unusual spaces",
    text: "10\u00a0000\u202fkm,\u300010\u00a0000\u202fkm\u2028and\u00a0\u00a0so\tit\r\ngoes\r\n\r\non \u2003and on.\u00a0"
  },
  {
    name: "a long log",
    text: Array.from(
      { length: 10 },
      (_, at) => `12:00:0${at % 10} GET /health 200 in ${at % 3 === 2 ? 4 : 3} ms, all is well\n`
    ).join("")
  }
]
