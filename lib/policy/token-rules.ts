// What a deployment takes from a token beyond its signature: values of claims that count, and how they are written in a setting.

/** A claim that has this value, or a list that holds it. */
export type ClaimValue = { claim: string; value: string };

/** `amr=mfa,acr=urn:okta:loa:2fa:any` as values of claims; undefined where a part has no claim or no value. */
export function claimValuesIn(text: string): ClaimValue[] | undefined {
  const parts = text.split(',').map((part) => /^\s*([^=\s]+)=(\S+)\s*$/.exec(part));
  const values = parts.flatMap((part) => (part ? [{ claim: part[1]!, value: part[2]! }] : []));
  return values.length === parts.length ? values : undefined;
}

/** Whether a token says so: as text, as true, or in a list. Some issuers write the list `amr` as one text with blanks. */
export function saysOneOf(claims: Record<string, unknown>, wanted: readonly ClaimValue[]): boolean {
  return wanted.some(({ claim, value }) =>
    Object.hasOwn(claims, claim) ? valuesOf(claim, claims[claim]).includes(value) : false,
  );
}

// --- internal ---

function valuesOf(claim: string, found: unknown): string[] {
  const values = [found].flat().flatMap((value) => (typeof value === 'string' ? [value] : trueAsText(value)));
  return claim === 'amr' ? values.flatMap((value) => value.split(' ')) : values;
}

const trueAsText = (value: unknown): string[] => (value === true ? ['true'] : []);
