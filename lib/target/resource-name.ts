// Names of resources in generated templates. They are unique, and do not depend on the rest of the template.

/**
 * A logical ID of CloudFormation, which allows letters and digits only: the kind, then the name, in which every other character is
 * `Z` and its two hexadecimal digits. `Z` itself is escaped too, so that two names never become the same ID.
 * @param kind must not be a prefix of another kind that takes a name
 * @param name ASCII; left out for a kind with one resource
 */
export const logicalId = (kind: string, name = ''): string => `${kind}${name.replace(/[^A-Ya-z0-9]/g, escaped('Z'))}`;

/**
 * A resource name of Terraform, which allows letters, digits, dashes and underscores. Any other character, and the underscore itself,
 * becomes an underscore and two hexadecimal digits. Two underscores separate parts.
 * @param parts ASCII; the first begins with a letter
 */
export const terraformName = (...parts: readonly string[]): string =>
  parts.map((part) => part.replace(/[^A-Za-z0-9-]/g, escaped('_'))).join('__');

// --- internal ---

const escaped = (mark: string) => (character: string) =>
  `${mark}${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
