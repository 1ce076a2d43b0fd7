// The page docs/api.md: every call with its fields, its refusals and a curl command, from the OpenAPI document.
import { version } from '../lib/common/version.ts';
import { openApiDocument } from '../lib/http/openapi.ts';
import { type Route, type RouteName, routes } from '../lib/http/routes.ts';
import { markdownTable } from './markdown-table.ts';

type Shape = {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  description?: string;
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape;
  anyOf?: Shape[];
  default?: unknown;
  maxLength?: number;
};
type Parameter = { name: string; in: string; required: boolean; description?: string; schema: Shape };
type Operation = {
  summary: string;
  description: string;
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: Shape }> };
  responses: Record<string, { description: string }>;
};

/** Bodies and queries of the examples. Every route with a body has one. */
const examples: Partial<Record<RouteName, { body?: object; form?: string; query?: string }>> = {
  createRequest: { body: { role: 'production-bucket-read', duration: '2h', reason: 'Find the lost invoices' } },
  listRequests: { query: '?view=mine&status=active' },
  decideRequest: { body: { decision: 'approve', comment: 'Go ahead', duration: '1h' } },
  reviewRequest: { body: { comment: 'Restarted the shop, nothing else was touched' } },
  endRequest: { body: { comment: 'Done' } },
  extendRequest: { body: { duration: '1h', reason: 'The import takes longer than planned' } },
  listIdentities: { query: '?person=dev@example.com' },
  revokeMany: { body: { person: 'dev@example.com', comment: 'Laptop lost', block: '2h' } },
  issueCredentials: { body: { duration: '30m' } },
  issueConsole: { body: { destination: '/s3/home' } },
  issueRoleCredentials: { body: {} },
  issueRoleConsole: { body: { destination: '/s3/home' } },
  decideByLink: { form: 'decision=approve' },
};
/** What stands for an ID in the examples, by what comes before it in a path. */
const variables: Readonly<Record<string, string>> = {
  requests: 'ID',
  roles: 'ROLE',
  identities: 'IDENTITY',
  blocks: 'BLOCK',
};
/** Refusals that the introduction names once for all calls. */
const general = ['unauthenticated', 'internal', 'try-again', 'invalid-request', 'too-large', 'unsupported-media-type'];
const groups: ReadonlyArray<[string, readonly RouteName[]]> = [
  ['The caller', ['me', 'listRoles']],
  ['Requests', ['createRequest', 'listRequests', 'readRequest', 'extendRequest']],
  ['Decisions', ['decideRequest', 'reviewRequest']],
  ['Sessions', ['issueCredentials', 'issueConsole', 'issueRoleCredentials', 'issueRoleConsole']],
  ['Ends', ['endRequest', 'revokeMany', 'listBlocks', 'liftBlock']],
  ['Identities', ['listIdentities', 'releaseIdentity']],
  ['Links in emails', ['showDecision', 'decideByLink', 'decisionOptions']],
  ['Without a sign-in', ['health', 'openapi', 'discovery']],
];

/** The whole page. @throws Error where a route is in no group or in two */
export function apiPage(): string {
  const listed = groups.flatMap(([, names]) => names);
  const isComplete = Object.keys(routes).sort().join() === [...listed].sort().join();
  if (!isComplete) throw new Error('scripts/api-page.ts lists other routes than lib/http/routes.ts');
  const sections = groups.map(([title, names]) => `## ${title}\n\n${names.map(operationSection).join('\n\n')}`);
  return `${[introduction, ...sections, shapes()].join('\n\n')}\n`;
}

// -- internal --------------------------------------------------------------------------------------------------------

const document = openApiDocument(version) as unknown as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Shape> };
};

const introduction = `# The API

<!-- Written by \`npm run docs\` from docs/openapi.json; a test checks that it is current and runs the curl commands. -->

[openapi.json](openapi.json) describes the same for programs, and every deployment serves it at \`/openapi.json\`.

- **Two mounts.** \`/v1\` takes an OIDC access token, \`/iam/v1\` an AWS signature (SigV4, service \`execute-api\`). Both have the same routes.
- **JSON in UTF-8**, at most 16 KiB. An unknown field is an error.
- **Times** are RFC 3339 in UTC. Durations in bodies are \`45m\`, \`2h\`, \`1h30m\` or \`PT1H30M\`; answers have seconds.
- **Errors** are \`application/problem+json\` with a \`code\`. [errors.md](errors.md) has the cause and fix of each. Every call with a sign-in can also answer
  \`unauthenticated\` (401), \`internal\` (500) and \`try-again\` (503), and every call with a body or query \`invalid-request\` (400), \`too-large\` (413) and
  \`unsupported-media-type\` (415).
- **Retries.** After 429 and 503, wait as long as \`Retry-After\` says. Repeat a filing with the same \`Idempotency-Key\`.

The examples use these variables. Against the local server (\`npm start\`), get a token like this:

\`\`\`sh setup
B=\${B:-http://localhost:3000}
TOKEN=$(curl -s "$B/local/token" -d '{"email":"asi-dev@example.com"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')
\`\`\`

With AWS credentials, use \`$B/iam/v1\` and
\`--aws-sigv4 aws:amz:REGION:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "X-Amz-Security-Token: $AWS_SESSION_TOKEN"\` instead of the token.`;

function operationSection(name: RouteName): string {
  const route: Route = routes[name];
  const path = route.access === 'caller' ? `/v1${route.path}` : route.path;
  const operation = document.paths[path]?.[route.method.toLowerCase()];
  if (operation === undefined) throw new Error(`the OpenAPI document has no ${route.method} ${path}`);
  const fields = [...parameterRows(operation), ...bodyRows(operation)];
  return [
    `### ${operation.summary}`,
    `\`${route.method} ${path}\``,
    operation.description,
    `\`\`\`sh\n${curl(name, route, path)}\n\`\`\``,
    ...(fields.length > 0 ? [markdownTable(['field', 'in', 'required', 'type', 'meaning'], fields)] : []),
    answers(operation),
  ].join('\n\n');
}

function curl(name: RouteName, { method, access, idempotent, body }: Route, path: string): string {
  const { body: json, form, query = '' } = examples[name] ?? {};
  const filled = path
    .replace('{token}', '$LINK_TOKEN')
    .replace(/(\w+)\/\{id\}/, (_, kind: string) => `${kind}/$${variables[kind]}`);
  const parts = [
    `curl -s "$B${filled}${query}"`,
    ...(method === 'GET' || method === 'POST' ? [] : [`-X ${method}`]),
    ...(access === 'caller' ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...(body && access === 'caller' ? ["-H 'Content-Type: application/json'"] : []),
    ...(idempotent ? ['-H "Idempotency-Key: $KEY"'] : []),
    ...(json ? [`-d '${JSON.stringify(json)}'`] : []),
    ...(form ? [`-d ${form}`] : []),
  ];
  return parts.join(' \\\n  ');
}

const parameterRows = ({ parameters = [] }: Operation): string[][] =>
  parameters.map(({ name, in: place, required, description = '', schema }) => [
    `\`${name}\``,
    place,
    required ? 'yes' : '',
    typeOf(schema),
    description,
  ]);

function bodyRows({ requestBody }: Operation): string[][] {
  const [schema] = Object.values(requestBody?.content ?? {}).map((content) => resolved(content.schema));
  const { properties = {}, required = [] } = schema ?? {};
  return Object.entries(properties).map(([name, shape]) => [
    `\`${name}\``,
    'body',
    required.includes(name) ? 'yes' : '',
    typeOf(shape),
    shape.description ?? '',
  ]);
}

const resolved = (shape: Shape): Shape =>
  shape.$ref === undefined ? shape : (document.components.schemas[nameOf(shape.$ref)] ?? shape);
const nameOf = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1);

function typeOf(shape: Shape): string {
  if (shape.$ref) return `[${nameOf(shape.$ref)}](#${nameOf(shape.$ref).toLowerCase()})`;
  if (shape.enum) return shape.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (shape.const !== undefined) return `\`${String(shape.const)}\``;
  if (shape.items) return `list of ${typeOf(shape.items)}`;
  if (shape.anyOf) return [...new Set(shape.anyOf.map(typeOf))].join(' or ');
  return shape.type ?? 'any';
}

function answers({ responses }: Operation): string {
  const good = Object.keys(responses).filter((status) => status < '300');
  const own = Object.entries(responses)
    .filter(([status]) => status >= '300')
    .flatMap(([status, { description }]) => description.split(', ').map((code) => ({ status, code })))
    .filter(({ code }) => !general.includes(code));
  const listed = own.map(({ status, code }) => `\`${code}\` (${status})`).join(', ');
  return `Answers ${good.join(' or ')}.${listed === '' ? '' : ` Errors: ${listed}.`}`;
}

/** The shapes that the document names, other than those of bodies, which are shown with their calls. */
function shapes(): string {
  const shown = ['Request', 'EndedRequest', 'Role', 'Me', 'Explanation', 'Credentials', 'ConsoleSession', 'Problem'];
  const sections = shown.map((name) => {
    const { properties = {}, required = [] } = document.components.schemas[name] ?? {};
    const rows = Object.entries(properties).map(([field, shape]) => [
      `\`${field}\``,
      required.includes(field) ? 'always' : '',
      typeOf(shape),
    ]);
    return `### ${name}\n\n${markdownTable(['field', 'there', 'type'], rows)}`;
  });
  return `## Shapes\n\n${sections.join('\n\n')}`;
}
