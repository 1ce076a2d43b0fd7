// `test DIR`: runs YAML cases that say what a catalogue must decide in given situations.
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { type Catalogue, displayNames } from '../../lib/catalogue/catalogue.ts';
import { unreadable } from '../../lib/catalogue/file.ts';
import { strict, unknownField } from '../../lib/common/strict-object.ts';
import { didYouMean } from '../../lib/common/suggestion.ts';
import { readYaml, type YamlError } from '../../lib/common/yaml-file.ts';
import { Problem } from '../../lib/model/problem.ts';
import { problemTable } from '../../lib/model/problem-table.ts';
import { type Answer, CannotAnswer } from '../answer.ts';
import { bytesOf, loadCatalogue } from './load.ts';
import { Situation, situationFields, stagesOf, type Verdict, verdictOf } from './situation.ts';

const Expectation = strict({
  outcome: v.picklist(['automatic', 'needs-approval', 'refused'], 'must be automatic, needs-approval or refused'),
  /** the problem's code, for a refusal */
  code: v.optional(v.string()),
  /** for each stage the names of its approvers, in any order */
  approvers: v.optional(v.array(v.array(v.string()))),
  /** the checks that fail, all of them, in any order */
  failed: v.optional(v.array(v.string())),
  /** of break-glass: the names of those who review it, in any order */
  reviewers: v.optional(v.array(v.string())),
  durationSeconds: v.optional(v.number()),
});
export const Case = strict({ name: v.pipe(v.string(), v.minLength(1)), given: Situation, expect: Expectation });
const CaseFile = strict({
  catalogue: v.optional(v.string()),
  cases: v.pipe(v.array(Case), v.minLength(1, 'must hold at least one case')),
});
export type Case = v.InferOutput<typeof Case>;

/**
 * Runs every case of every .yml file of a directory.
 * @param inPlace a catalogue that replaces access.yml; case files that name another catalogue keep theirs
 * @throws CannotAnswer for an invalid case file
 */
export function runCases(directory: string, inPlace: string | undefined, now: number): Answer {
  const files = filesIn(directory);
  const lines: string[] = [];
  let [count, failures] = [0, 0];
  for (const file of files) {
    const { catalogue: own, cases } = readCases(file);
    const named = own === undefined ? resolve('access.yml') : resolve(dirname(file), own);
    const { catalogue } = loadCatalogue(named === resolve('access.yml') ? (inPlace ?? named) : named);
    for (const one of cases) {
      const errors = errorsOf(catalogue, one, now);
      count += 1;
      if (errors.length > 0) failures += 1;
      lines.push(
        `${errors.length === 0 ? 'ok    ' : 'FAILED'}  ${one.name}`,
        ...errors.map((error) => `          ${error}`),
      );
    }
  }
  return { lines: [...lines, `${count - failures} of ${count} cases hold.`], exitCode: failures === 0 ? 0 : 1 };
}

/** The differences between what the catalogue decides and what the case expects; empty if the case passes. */
export function errorsOf(catalogue: Catalogue, { given, expect }: Case, now: number): string[] {
  const verdict = verdictFor(catalogue, given, now);
  if (typeof verdict === 'string')
    return expect.outcome === 'refused' && (expect.code ?? verdict) === verdict
      ? []
      : [`expected ${expect.outcome}${expect.code ? ` ${expect.code}` : ''}, is refused ${verdict}`];
  const { outcome, code, judgement } = verdict;
  const failed = judgement.checks.filter(({ passed }) => !passed);
  const approvers = stagesOf(judgement).map((stage) => displayNames(catalogue, stage.approvers).sort());
  const reviewers = displayNames(catalogue, judgement.review?.reviewers ?? []).sort();
  const why = failed.map(({ check, detail }) => `${check}: ${detail}`).join(' ');
  return [
    ...(outcome === expect.outcome ? [] : [`expected ${expect.outcome}, is ${outcome}${why === '' ? '' : `. ${why}`}`]),
    ...(expect.code === undefined || expect.code === code
      ? []
      : [`expected ${expect.code}, is ${code ?? 'no refusal'}. ${why}`]),
    ...(expect.approvers === undefined ||
    same(
      expect.approvers.map((names) => [...names].sort()),
      approvers,
    )
      ? []
      : [`expected ${JSON.stringify(expect.approvers)} to approve, are ${JSON.stringify(approvers)}`]),
    ...(expect.reviewers === undefined || same([...expect.reviewers].sort(), reviewers)
      ? []
      : [`expected ${expect.reviewers.join(', ') || 'nobody'} to review, are ${reviewers.join(', ') || 'nobody'}`]),
    ...(expect.durationSeconds === undefined || expect.durationSeconds === judgement.durationSeconds
      ? []
      : [`expected ${expect.durationSeconds} s, are ${judgement.durationSeconds} s`]),
    ...(expect.failed === undefined || same([...expect.failed].sort(), failed.map(({ check }) => check).sort())
      ? []
      : [`expected ${expect.failed.join(', ')} to fail, did ${failed.map(({ check }) => check).join(', ') || 'none'}`]),
  ];
}

/** Reads YAML or JSON cases. @throws CannotAnswer with line and column of every error */
export function readCases(file: string): v.InferOutput<typeof CaseFile> {
  const read = readYaml(bytesOf(file));
  if (!('placeOf' in read)) throw new CannotAnswer(placed(file, read.errors).join('\n'), 1);
  const parsed = v.safeParse(CaseFile, read.data);
  if (!parsed.success) {
    const errors = parsed.issues.map((issue) => {
      const path = (issue.path ?? []).map(({ key }) => key as string | number);
      return { ...read.placeOf(path), detail: `${path.join('.')}: ${issue.message}${hintFor(issue)}` };
    });
    throw new CannotAnswer(placed(file, errors).join('\n'), 1);
  }
  const unknown = parsed.output.cases.filter(
    ({ expect }) => expect.code !== undefined && !Object.hasOwn(problemTable, expect.code),
  );
  if (unknown.length > 0)
    throw new CannotAnswer(
      unknown
        .map(({ name, expect }) => `${file}: "${name}" expects "${expect.code}", which is not a valid code`)
        .join('\n'),
      1,
    );
  return parsed.output;
}

// --- internal ---

const placed = (file: string, errors: readonly YamlError[]): string[] =>
  errors.map(({ line, column, detail }) => `${file}:${line}:${column} ${detail}`);

/** Suggests a field for an unknown one. */
function hintFor({ message, type, expected, path }: v.BaseIssue<unknown>): string {
  if (message !== unknownField && !(type === 'strict_object' && expected === 'never')) return '';
  const [part, name] = (path ?? []).slice(-2).map(({ key }) => String(key));
  const known = part === 'given' ? situationFields : part === 'expect' ? Object.keys(Expectation.entries) : [];
  return name === undefined ? '' : didYouMean(name, known);
}

/** The verdict, or the code of a filing that is refused before any rule is checked. */
function verdictFor(catalogue: Catalogue, given: Situation, now: number): Verdict | string {
  const role = catalogue.roles.get(given.role);
  if (!role) return 'role-not-found';
  try {
    return verdictOf(catalogue, role, given, now);
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

function filesIn(directory: string): string[] {
  try {
    const files = readdirSync(directory).filter((file) => /\.ya?ml$/.test(file));
    if (files.length > 0) return files.sort().map((file) => join(directory, file));
  } catch (error) {
    const reason = unreadable(directory, error);
    if (reason === undefined) throw error;
    if (!/not found/.test(reason)) throw new CannotAnswer(reason);
  }
  throw new CannotAnswer(`There are no .yml files in ${directory}.`);
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
