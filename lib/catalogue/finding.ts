// What a check of the catalogue finds, and where in the file.

export type CatalogueFinding = { path: Array<string | number>; detail: string };
