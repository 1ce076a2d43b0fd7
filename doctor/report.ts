// Formats a diagnosis as text, as JSON, and as the commands that would fix the findings. Runs nothing.
import type { Finding, Level } from './codes.ts';
import type { Diagnosis, Section } from './diagnosis.ts';

export type Counts = Record<Level, number>;

export function countsOf({ sections }: Pick<Diagnosis, 'sections'>): Counts {
  const counts: Counts = { ok: 0, warning: 0, finding: 0, 'not-checked': 0 };
  for (const { level } of sections.flatMap(({ findings }) => findings)) counts[level] += 1;
  return counts;
}

/** For a person: what needs attention, the worst first. With `all`, every check in the order of the sections. */
export function textOf(diagnosis: Diagnosis, { all }: { all: boolean }): string {
  const { stage, region, caller, sections } = diagnosis;
  const parts = all ? sections : attention.flatMap((level) => onlyOf(level, sections));
  const end = [sumOf(countsOf(diagnosis)), ...(all ? [] : ['List every check with --all.'])].join(' ');
  return [`Stage ${stage} in ${region}, as ${caller}`, '', ...parts.flatMap(sectionLines), end, ''].join('\n');
}

/** As JSON: everything, in the order of the text. */
export function jsonOf(diagnosis: Diagnosis, plan: readonly string[] | undefined): string {
  const { sections, hub, ...head } = diagnosis;
  const findings = sections.flatMap(({ title, findings }) =>
    findings.map(({ plan: _, ...finding }) => ({ section: title, ...finding })),
  );
  return `${JSON.stringify({ ...head, hub: hub ?? null, counts: countsOf(diagnosis), findings, ...(plan && { plan }) }, null, 2)}\n`;
}

/** The commands of all findings and warnings, without duplicates, in order. */
export const planOf = ({ sections }: Pick<Diagnosis, 'sections'>): string[] => [
  ...new Set(sections.flatMap(({ findings }) => findings.flatMap(({ plan = [] }) => plan))),
];

export function planText(plan: readonly string[]): string {
  if (plan.length === 0) return 'No command would fix anything.\n';
  return [
    '# Commands that would fix the findings. The doctor ran none of them. Review them, then run those that you agree with.',
    ...plan,
    '',
  ].join('\n');
}

// --- internal ---

const words: Record<Level, string> = { ok: 'ok', warning: 'WARNING', finding: 'FINDING', 'not-checked': 'not checked' };
const margin = ' '.repeat(15);

/** The levels that need attention, the worst first. */
const attention: readonly Level[] = ['finding', 'warning', 'not-checked'];

function onlyOf(level: Level, sections: readonly Section[]): Section[] {
  return sections
    .map(({ title, findings }) => ({ title, findings: findings.filter((finding) => finding.level === level) }))
    .filter(({ findings }) => findings.length > 0);
}

function sumOf({ ok, warning, finding, 'not-checked': open }: Counts): string {
  const sum = [counted(finding, 'finding'), counted(warning, 'warning'), `${open} not checked`, `${ok} ok`].join(', ');
  return finding + warning === 0 ? `No problems found: ${sum}.` : `${sum}.`;
}

function sectionLines({ title, findings }: Section): string[] {
  return [title, ...merged(findings).flatMap(lines), ''];
}

function lines({ code, level, about, seen, cause, fix, needs }: Finding): string[] {
  return [
    `  ${words[level].padEnd(11)}  ${code}: ${shortName(about)}: ${seen}`,
    ...(cause ? [`${margin}cause: ${cause}`] : []),
    ...(fix ? [`${margin}fix:   ${fix}`] : []),
    ...(needs ? [`${margin}needs: ${needs}`] : []),
  ];
}

/** Passed or unchecked results of the same code and text share one line. */
function merged(findings: readonly Finding[]): Finding[] {
  const groups = new Map<string, Finding[]>();
  for (const [i, finding] of findings.entries()) {
    const { code, level, seen } = finding;
    const isBad = level === 'warning' || level === 'finding';
    const key = isBad ? String(i) : [code, level, level === 'ok' ? '' : seen].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].map((group) => {
    const [first] = group as [Finding];
    const texts = new Set(group.map(({ seen }) => seen));
    if (group.length === 1) return first;
    return {
      ...first,
      about: [...new Set(group.map(({ about }) => shortName(about)))].join(', '),
      ...(texts.size > 1 && { seen: [...texts].join(', ') }),
    };
  });
}

/** Leaves out the account, which is in the section's title. */
const shortName = (about: string): string => about.replace(/^arn:.*:(?:role|policy)\//, '');

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
