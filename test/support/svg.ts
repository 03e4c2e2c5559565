/**
 * The frame of a picture that a script draws for the docs.
 */
export const picture = (
  { height, title, width }: { readonly width: number; readonly height: number; readonly title: string },
  shapes: ReadonlyArray<string>
): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="8" y="18" font-size="14">${title}</text>`,
    ...shapes,
    "</svg>",
    ""
  ].join("\n")
