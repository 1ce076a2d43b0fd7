// Names of resources in generated templates. Two things never share a name, and a thing keeps its name whatever else is in the template.

/**
 * A logical id of CloudFormation, which has letters and digits only: the kind, then the name with every other character as
 * `Z` and its two hexadecimal digits. `Z` itself is written like that, too, so that no two names are written alike.
 * @param kind begins a kind of its own: no other kind that goes with a name begins with it
 * @param name ASCII; left out where there is one of the kind
 */
export const logicalId = (kind: string, name = ''): string => `${kind}${name.replace(/[^A-Ya-z0-9]/g, escaped('Z'))}`;

/**
 * A resource name of Terraform, which has letters, digits, dash and underscore: an underscore and two hexadecimal digits stand for
 * any other character and for the underscore; two underscores stand between parts.
 * @param parts ASCII; the first begins with a letter
 */
export const terraformName = (...parts: readonly string[]): string =>
  parts.map((part) => part.replace(/[^A-Za-z0-9-]/g, escaped('_'))).join('__');

// --- internal ---

const escaped = (mark: string) => (character: string) =>
  `${mark}${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
