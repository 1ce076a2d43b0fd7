// JSON from files, programs and other machines, which may be anything else.

/** @returns undefined for what is no JSON */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @returns an object with nothing in it for what is no JSON, or JSON of another kind */
export function jsonObject(text: string): Record<string, unknown> {
  const value = parsedJson(text);
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}
