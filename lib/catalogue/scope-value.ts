// What the value of a scope may consist of.

/** What a value can never be: a wildcard, a policy variable, a quote or a space, whatever a catalogue's pattern lets through. */
export const scopeValue = /^[\w.,/@+=:-]{1,200}$/;
