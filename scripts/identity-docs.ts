// Writes parameters, sample claims and the doctor's report into docs/identity/*.md; a test holds the pages to them.
import { readFileSync, writeFileSync } from 'node:fs';
import { runTokenDoctor } from '../doctor/token.ts';
import { type PresetName, presetNames } from '../lib/policy/identity-presets.ts';
import { imitatedClaims, imitatedDocuments, signedToken } from '../local/oidc/imitated-issuer.ts';
import { imitations } from '../local/oidc/imitation.ts';

const now = Date.UTC(2026, 10, 27, 9);
const fileOf = (idp: PresetName): URL => new URL(`../docs/identity/${idp}.md`, import.meta.url);

/** The page as it should be. */
export async function identityPage(idp: PresetName): Promise<string> {
  const text = readFileSync(fileOf(idp), 'utf8');
  const parts = { parameters: parametersOf(idp), claims: claimsOf(idp), doctor: await doctorOf(idp) };
  return Object.entries(parts).reduce((page, [name, part]) => replaced(page, name, part), text);
}

// --- internal ---

function replaced(page: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name}: written by npm run docs -->`, `<!-- end of ${name} -->`];
  const [before = '', rest] = page.split(begin);
  return rest === undefined ? page : `${before}${begin}\n\n${part}\n${end}${rest.split(end)[1] ?? ''}`;
}

const nameOf = (variable: string): string =>
  variable
    .replace('LATCHKEY_', '')
    .toLowerCase()
    .replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

function parametersOf(idp: PresetName): string {
  const given = Object.entries(imitations[idp].settings).map(([name, value]) => `--param ${nameOf(name)}=${value}`);
  return `\`\`\`sh\nnpm run package -- --stage prod ${given.join(' \\\n  ')} \\\n  --param clientId=CLI-CLIENT-ID    # and region, sender\n\`\`\`\n`;
}

const claimsOf = (idp: PresetName): string =>
  `\`\`\`json\n${JSON.stringify(imitatedClaims(idp, now), null, 2)}\n\`\`\`\n`;

async function doctorOf(idp: PresetName): Promise<string> {
  const { LATCHKEY_ISSUER: issuer = '', LATCHKEY_AUDIENCE: audience, LATCHKEY_SCOPE: scope } = imitations[idp].settings;
  const documents = imitatedDocuments(issuer);
  const result = await runTokenDoctor(
    { issuer, token: '-', idp: undefined, audience, scope, json: false },
    {
      env: {},
      now,
      read: () => signedToken(imitatedClaims(idp, now)),
      get: async (url) => (documents[url] === undefined ? { why: 'status 404' } : { body: documents[url] }),
    },
  );
  if ('errors' in result) throw new Error(result.errors.join('\n'));
  const command = `latchkey doctor --issuer ${issuer} \\\n  --audience ${audience} --scope ${scope} --token - < token.txt`;
  return `\`\`\`sh\n${command}\n\`\`\`\n\n\`\`\`text\n${result.text}\`\`\`\n`;
}

if (import.meta.main) for (const idp of presetNames) writeFileSync(fileOf(idp), await identityPage(idp));
