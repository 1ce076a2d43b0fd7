// Writes the checks of the doctor and the rights that it takes into docs/doctor.md; a test holds the file to them.
import { readFileSync, writeFileSync } from 'node:fs';
import { type Check, checks } from '../doctor/codes.ts';
import { operatorPolicyInHub, operatorPolicyInTarget } from '../doctor/operator-policy.ts';
import { usualCauses } from '../lib/aws/sts-causes.ts';

const file = new URL('../docs/doctor.md', import.meta.url);
const example = { partition: 'aws', account: '999999999999', region: 'eu-west-1', stage: 'prod' };

/** docs/doctor.md as it should be: the text between each pair of marks is made from the code. */
export function doctorDocument(): string {
  return replaced(readFileSync(file, 'utf8'), {
    checks: table(),
    'policy in the hub': json(operatorPolicyInHub(example)),
    'policy in a target account': json(operatorPolicyInTarget({ partition: 'aws', id: '111111111111' })),
  });
}

function replaced(text: string, parts: Record<string, string>): string {
  return Object.entries(parts).reduce((whole, [name, part]) => {
    const [begin, end] = [`<!-- ${name}: written by npm run docs -->`, `<!-- end of ${name} -->`];
    const [before = '', rest] = whole.split(begin);
    if (rest === undefined) throw new Error(`docs/doctor.md has no mark ${begin}`);
    return `${before}${begin}\n\n${part}\n${end}${rest.split(end)[1] ?? ''}`;
  }, text);
}

function table(): string {
  const plain = (text: string) => text.replace('{organization}', '').replace('{why}', byAnswer);
  const shown = (text: string) =>
    plain(text)
      .replace(/\{(\w+)\}/g, (_, name: string) => `\`${name}\``)
      .replaceAll('|', '\\|');
  const rows = Object.entries(checks).map(
    ([code, { level, asks, cause, fix }]: [string, Check]) =>
      `| \`${code}\` | ${level} | ${asks} | ${ofFunction(code, shown(cause))} | ${shown(fix)} |`,
  );
  return `| code | if not | what is checked | cause | fix |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

/** STS's usual causes speak of the function that enters roles; revokers are entered by another one. */
const ofFunction = (code: string, cause: string): string =>
  code === 'revoker' ? cause.replaceAll('issue-session', 'revoke-sessions') : cause;

/** The causes of a refusal by STS's code. */
const byAnswer = Object.entries(usualCauses)
  .map(([code, cause]) => `${code}: ${cause}`)
  .join(' ');

const json = (value: unknown): string => `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\`\n`;

if (import.meta.main) writeFileSync(file, doctorDocument());
