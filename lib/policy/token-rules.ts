// Claim values that count in a token, and their form in a setting.

/** A claim that has this value, or a list that holds it. */
export type ClaimValue = { claim: string; value: string };

/** Parses `amr=mfa,acr=urn:okta:loa:2fa:any`; undefined if a part has no claim or no value. */
export function claimValuesIn(text: string): ClaimValue[] | undefined {
  const parts = text.split(',').map((part) => /^\s*([^=\s]+)=(\S+)\s*$/.exec(part));
  const values = parts.flatMap((part) => (part ? [{ claim: part[1]!, value: part[2]! }] : []));
  return values.length === parts.length ? values : undefined;
}

/** Whether a token has one of the values: as text, as true, or in a list. Some issuers send the list `amr` as one text with spaces. */
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
