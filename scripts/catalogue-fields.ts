// The page docs/catalogue-fields.md: every field of access.yml with its type, default and bounds, read from the shape that checks the file.
import { CatalogueData } from '../lib/catalogue/shape.ts';
import { durationText } from '../lib/common/time.ts';
import { wordsFor } from './catalogue-schema.ts';
import { words } from './catalogue-words.ts';
import { markdownTable } from './markdown-table.ts';

/** What a page needs to see of a valibot schema or check. */
type Part = {
  kind: 'schema' | 'validation' | 'transformation';
  type: string;
  wrapped?: Part;
  default?: unknown;
  pipe?: readonly Part[];
  entries?: Record<string, Part>;
  item?: Part;
  value?: Part;
  options?: readonly (Part | string)[];
  literal?: unknown;
  requirement?: unknown;
  message?: unknown;
};
/** `path` as it is shown; `place` as scripts/catalogue-words.ts names it. */
type Field = { path: string; place: string; part: Part };

/** Objects that have a table of their own; a smaller one is shown in the table that it is part of. */
const sections: ReadonlyArray<{ path: string; title: string; says: string }> = [
  { path: '', title: 'Top level', says: 'The file is one map. Only `version`, `accounts` and `roles` are required.' },
  { path: 'accounts.*', title: 'An account', says: 'One entry of `accounts`. The name of the entry is your choice.' },
  { path: 'people[]', title: 'A person', says: 'One entry of `people`.' },
  { path: 'bots.*', title: 'A bot', says: 'One entry of `bots`.' },
  { path: 'limits', title: 'Limits', says: 'Limits over all roles.' },
  { path: 'ticketValidators.*', title: 'A ticket validator', says: 'One entry of `ticketValidators`.' },
  { path: 'roles.*', title: 'A role', says: 'One entry of `roles`. Give either `account` or `accounts`.' },
  {
    path: 'roles.*.approval',
    title: 'Approval of a role',
    says: 'Give either `stages`, or `automatic: true`. `automatic: { when }` needs `stages` too.',
  },
  { path: 'roles.*.breakGlass', title: 'Break-glass of a role', says: 'See [break-glass.md](break-glass.md).' },
  { path: 'roles.*.permissions', title: 'Permissions of a role', says: 'What the IAM role of the template may do.' },
  { path: 'roles.*.scope', title: 'Scope of a role', says: 'See [session-scoping.md](session-scoping.md).' },
];

/** The whole page. */
export function catalogueFieldsPage(): string {
  const rows = fieldsIn(CatalogueData as unknown as Part, '', '');
  const tables = sections.map(({ path, title, says }) => {
    const own = rows.filter((row) => sectionOf(row.path) === path).map((row) => rowOf(row, path));
    return `## ${title}\n\n${says}\n\n${markdownTable(['field', 'type', 'required', 'default', 'bounds', 'meaning'], own)}`;
  });
  return `${introduction}\n\n${tables.join('\n\n')}\n`;
}

/** Every field, those of objects inside of it after it. */
export function fieldsIn(part: Part, path: string, place: string): Field[] {
  const shape = shapeOf(part);
  if (shape.entries)
    return Object.entries(shape.entries).flatMap(([name, inner]) => {
      const field = { path: joined(path, name), place: joined(place, name), part: inner };
      return [field, ...fieldsIn(inner, field.path, field.place)];
    });
  if (shape.item) return fieldsIn(shape.item, `${path}[]`, place);
  if (shape.value) return fieldsIn(shape.value, joined(path, '*'), joined(place, '*'));
  return partsIn(shape).flatMap((option) => fieldsIn(option, path, place));
}

// -- internal --------------------------------------------------------------------------------------------------------

const introduction = `# Fields of the catalogue

<!-- Written by \`npm run docs\` from lib/catalogue/shape.ts and scripts/catalogue-words.ts; a test checks that it is current. -->

Every field of \`access.yml\`. [catalogue.md](catalogue.md) explains them with examples, and [access.schema.json](access.schema.json) is the same as a
JSON Schema for editors. \`*\` stands for a name of your choice and \`[]\` for each entry of a list. A duration is written as \`45m\`, \`2h\`, \`1h30m\`, \`7d\`
or \`PT1H30M\`. An unknown field is an error.`;

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** The section that a field is shown in: the longest one that its path begins with. */
function sectionOf(path: string): string {
  const fitting = sections.filter((section) => section.path === '' || path.startsWith(`${section.path}.`));
  return fitting.map((section) => section.path).reduce((longest, one) => (one.length > longest.length ? one : longest));
}

function rowOf({ path, place, part }: Field, section: string): string[] {
  const isOptional = part.type === 'optional';
  return [
    `\`${section === '' ? path : path.slice(section.length + 1)}\``,
    typeOf(part),
    isOptional ? '' : 'yes',
    isOptional ? defaultOf(part.default) : '',
    boundsOf(part),
    words[wordsFor(place)] ?? '',
  ];
}

const defaultOf = (value: unknown): string => {
  const isEmpty = value === undefined || JSON.stringify(value) === '{}' || JSON.stringify(value) === '[]';
  if (isEmpty) return '';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '').replaceAll(',', ', ')}\``;
};

/** What is behind an optional field and the steps of a pipe. */
function shapeOf(part: Part): Part {
  if (part.wrapped) return shapeOf(part.wrapped);
  const last = part.pipe?.filter(({ kind }) => kind === 'schema').at(-1);
  return last && last !== part && last.pipe !== part.pipe ? shapeOf(last) : part;
}

const partsIn = ({ type, options = [] }: Part): Part[] =>
  type === 'union' ? options.filter((option) => typeof option !== 'string') : [];

/** All checks of a field, also those of what is inside of a pipe. */
function checksOf(part: Part): Part[] {
  if (part.wrapped) return checksOf(part.wrapped);
  return (part.pipe ?? []).flatMap((step) =>
    step.kind === 'validation' ? [step] : step === part ? [] : stepsOf(step, part),
  );
}
const stepsOf = (step: Part, whole: Part): Part[] => (step.pipe && step.pipe !== whole.pipe ? checksOf(step) : []);

const isDuration = (part: Part): boolean =>
  checksOf(part).some(({ message }) => typeof message === 'string' && message.startsWith('must be a duration'));

function typeOf(part: Part): string {
  if (isDuration(part)) return 'duration';
  const shape = shapeOf(part);
  if (shape.entries) return 'object';
  if (shape.item) return `list of ${pluralOf(typeOf(shape.item))}`;
  if (shape.value) return `map of ${pluralOf(typeOf(shape.value))}`;
  if (shape.type === 'union') return [...new Set(partsIn(shape).map(typeOf))].join(' or ');
  if (shape.type === 'picklist') return 'string';
  if (shape.type === 'literal') return `\`${String(shape.literal)}\``;
  return checksOf(part).some(({ type }) => type === 'integer') ? 'integer' : shape.type;
}

const pluralOf = (type: string): string => {
  if (type.startsWith('list of ')) return type.replace('list', 'lists');
  if (type.startsWith('map of ')) return type.replace('map', 'maps');
  return type.includes(' or ') ? `(${type})` : `${type}s`;
};

function boundsOf(part: Part): string {
  const shape = shapeOf(part);
  const one = shape.item ?? (shape.value && !shapeOf(shape.value).entries ? shape.value : undefined);
  const ofEach = one && !shapeOf(one).entries ? boundsOf(one) : '';
  const own = [...choices(shape), ...range(part), ...lengths(part), ...forms(part)];
  const all = [...own, ...(ofEach ? [ofEach.startsWith('[people]') ? ofEach : `each: ${ofEach}`] : [])];
  return all.join('; ');
}

const choices = ({ type, options = [] }: Part): string[] =>
  type === 'picklist' ? [options.map((option) => `\`${String(option)}\``).join(', ')] : [];

const requirementOf = (part: Part, type: string): unknown =>
  checksOf(part).find((check) => check.type === type)?.requirement;

function range(part: Part): string[] {
  const [least, most] = [requirementOf(part, 'min_value'), requirementOf(part, 'max_value')];
  if (least === undefined && most === undefined) return [];
  const shown = (value: unknown) => (isDuration(part) ? durationText(Number(value)) : String(value));
  return [`${shown(least)} to ${shown(most)}`];
}

function lengths(part: Part): string[] {
  const [least, most] = [requirementOf(part, 'min_length'), requirementOf(part, 'max_length')];
  const of = shapeOf(part).item ? 'entries' : 'characters';
  if (most !== undefined) return [`at most ${most} ${of}`];
  return least === undefined || of === 'characters' ? [] : ['not empty'];
}

/** What the message of a check says about the form of a text. */
const forms = (part: Part): string[] =>
  shapeOf(part).entries || shapeOf(part).item || isDuration(part)
    ? []
    : checksOf(part).flatMap(({ type, message }) =>
        ['regex', 'check', 'email'].includes(type) && typeof message === 'string' ? formIn(message) : [],
      );

/** The words after "must be". Names that no map may have are left to the check itself. */
function formIn(message: string): string[] {
  if (message.startsWith('must have no entry called')) return [];
  if (message.includes('group:NAME'))
    return [`[people](catalogue.md#people)${message.includes('owner') ? ' or `owner`' : ''}`];
  return [message.replace(/^must (?:be|have) /, '')];
}
