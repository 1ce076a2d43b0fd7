// The answer of an admin command, and the error for a question that cannot be answered.

/** Output lines, for people or as a document. Exit code 0: yes, or done; 1: no, or errors were found. */
export type Answer = { lines: string[]; exitCode: 0 | 1 };

/** A question that cannot be answered. The message is for the user. Exit code 1: the file is invalid; 2: the question is. */
export class CannotAnswer extends Error {
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 2) {
    super(message);
    this.name = 'CannotAnswer';
    this.exitCode = exitCode;
  }
}
