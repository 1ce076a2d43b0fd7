// The account's colour, and a text colour that can be read on it.

/** For an account without a colour in the catalogue. */
const neutral = '#475569';

/**
 * Background and text colour of the banner that shows an account. The text is black or white, whichever contrasts more: at least
 * 4.5 to 1 on every colour (WCAG 2.2, 1.4.3).
 * @param color `#rrggbb`; anything else counts as no colour
 */
export function bannerOf(color: string | undefined): { fill: string; ink: '#000000' | '#ffffff' } {
  const fill = color !== undefined && /^#[0-9a-fA-F]{6}$/.test(color) ? color : neutral;
  const light = luminance(fill);
  return { fill, ink: 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? '#ffffff' : '#000000' };
}

/** Relative luminance as WCAG defines it, 0 to 1. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
