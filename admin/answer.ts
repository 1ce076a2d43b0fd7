// What an admin command answers, and a question that has no answer.

/** Lines for people, or a document. 0: yes, or done; 1: no, or something is wrong. */
export type Answer = { lines: string[]; exitCode: 0 | 1 };

/** A question without an answer; the message is for the one who asked. Exit code 1: the file is wrong; 2: the question is. */
export class CannotAnswer extends Error {
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 2) {
    super(message);
    this.name = 'CannotAnswer';
    this.exitCode = exitCode;
  }
}
