// Writes the JSON Schema of security events and their table in docs/log.md; a test holds both files to the shape.
import { readFileSync, writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import { SecurityEvent } from '../lib/request/security-event.ts';

const page = new URL('../docs/log.md', import.meta.url);
const schemaFile = new URL('../docs/security-event.schema.json', import.meta.url);
const [begin, end] = ['<!-- fields: written by npm run docs -->', '<!-- end of fields -->'];

type Property = { description?: string; enum?: string[] };

/** JSON Schema of a line with code `security-event`. Readers must take fields that they do not know. */
export function securityEventSchema(): { required?: string[]; properties: Record<string, Property> } & object {
  return { title: 'Security event of Latchkey', ...toJsonSchema(SecurityEvent, { errorMode: 'ignore' }) } as never;
}

/** docs/log.md as it should be: the text between the marks is made from the shape. */
export function logDocument(): string {
  const text = readFileSync(page, 'utf8');
  return `${text.split(begin)[0]}${begin}\n\n${table()}\n${end}${text.split(end)[1]}`;
}

function table(): string {
  const { properties, required = [] } = securityEventSchema();
  const rows = Object.entries(properties).map(([name, { description = '', enum: values }]) => {
    const one = values ? ` One of ${values.map((value) => `\`${value}\``).join(', ')}.` : '';
    return `| \`${name}\` | ${required.includes(name) ? 'always' : ''} | ${description}${one} |`;
  });
  return `| field | there | what it says |\n|---|---|---|\n${rows.join('\n')}\n`;
}

if (import.meta.main) {
  writeFileSync(schemaFile, `${JSON.stringify(securityEventSchema(), null, 2)}\n`);
  writeFileSync(page, logDocument());
}
