// A finding of a catalogue check (error, warning or note), with its path into the file.

export type CatalogueFinding = { path: Array<string | number>; detail: string };
