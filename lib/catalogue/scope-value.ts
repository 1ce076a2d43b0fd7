// The characters that are allowed in a scope value.

/** Never a wildcard, a policy variable, a quote or a space, whatever a catalogue's pattern accepts. */
export const scopeValue = /^[\w.,/@+=:-]{1,200}$/;
