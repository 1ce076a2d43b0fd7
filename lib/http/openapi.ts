// The OpenAPI 3.1 document, generated from the routes and shapes that the functions use.
import { type ConversionConfig, toJsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { objectBehind } from '../common/strict-object.ts';
import * as bodies from '../model/bodies.ts';
import { type ProblemCode, problemTable } from '../model/problem-table.ts';
import * as text from '../model/text.ts';
import * as answers from './answers.ts';
import * as queries from './queries.ts';
import { type Route, type RouteName, routeKeysOf, routes } from './routes.ts';

/** Shapes that are components of the document. All others are written inline. */
const named = {
  Me: answers.MeView,
  Role: answers.RoleView,
  Request: answers.RequestView,
  EndedRequest: answers.EndedView,
  Explanation: answers.ExplanationView,
  Credentials: answers.CredentialsView,
  ConsoleSession: answers.ConsoleView,
  NewRequest: bodies.NewRequest,
  Decision: bodies.NewDecision,
  Problem: answers.ProblemView,
};

/** Descriptions of the fields of a new request. */
const filingWords: Record<keyof typeof bodies.NewRequest.entries, string> = {
  role: 'ID of a role, as GET /v1/roles lists it',
  duration: "Such as 45m, 2h, 1h30m or PT1H30M (default: the role's)",
  reason: 'Why the access is needed. Shown to approvers',
  ticket: 'A ticket in the form that the role requires',
  onBehalfOf:
    'For bots only, and required for them: the email address of the person, or a chat user such as slack:U024BE7LH',
  startsAt: 'When the grant starts, in RFC 3339. It starts at the approval if that is later, or if this is left out',
  scope: 'A value for every parameter of the scope of the role',
  breakGlass:
    'true grants the role immediately, if the catalogue allows break-glass for the caller. Another person reviews it later',
};

/** Descriptions of the operations. */
const operationWords: Record<RouteName, string> = {
  health: 'Returns the version of the running service.',
  openapi: 'Returns the OpenAPI 3.1 document of this API.',
  discovery:
    'Returns what the command line and other programs need to sign in: issuer, client ID and scopes. Nothing in it is secret.',
  me: 'Returns the caller as Latchkey sees it: principal, person, groups, and how the call was made.',
  listRoles:
    'Lists the roles that the caller may request, with their limits, conditions and approvers. Other roles are not shown.',
  createRequest:
    'Files a request. Auto-approved requests and break-glass are active at once; others wait for approvers, who get an email. With dryRun=true nothing is stored, and the answer explains every check. Send an Idempotency-Key to repeat the call safely.',
  listRequests:
    "Lists requests, newest first. view=mine lists the caller's own requests (for a bot, those that it filed), view=to-decide those that wait for the caller's decision, and view=all every request (admins and auditors only).",
  readRequest: 'Returns one request with its approvals, sessions and history. Callers who are not involved get 404.',
  decideRequest:
    'Approves or denies the current stage of a request. An approver may shorten the grant with duration, but not lengthen it. Nobody can decide their own request.',
  reviewRequest:
    'Signs the review of a break-glass grant after it has ended. A comment is required. The requester cannot sign it.',
  endRequest:
    'Ends a request: its requester withdraws it while nothing was issued and otherwise hands it back; an approver, reviewer or admin revokes it. Running sessions are denied on the target role; revocation in the answer says by when. A revoke also ends the extensions of the grant.',
  extendRequest:
    'Files a linked request for the same role, which starts when this grant ends. It follows the same rules and needs its own approval.',
  listIdentities: 'Lists the accounts at the issuer whose tokens have made changes as this person. For admins.',
  releaseIdentity:
    'Releases an account at the issuer from its person. The next call of the account that changes something binds it again. For admins.',
  revokeMany:
    'Ends every pending, scheduled and active request that matches all of person, role and account (at least one). With block, filing, approving and issuing are refused for them during that time. For admins.',
  listBlocks: 'Lists the blocks in force. For admins and auditors.',
  liftBlock: 'Ends a block before its time. For admins.',
  issueCredentials:
    'Issues AWS credentials for an active grant, in the format of credential_process. They never outlive the grant; LimitedBy names the limit that applied. duration requests a shorter session. Only the requester can call it.',
  issueConsole:
    'Issues a URL that signs in to the AWS console. destination is a path of the console, such as /s3/home. Use the URL within 15 minutes.',
  issueRoleCredentials: "Issues AWS credentials for the caller's active grant of this role, as for a request.",
  issueRoleConsole: "Issues a console URL for the caller's active grant of this role, as for a request.",
  showDecision:
    'Shows the request and the form. Opening it changes nothing. The token in the path is the only credential.',
  decisionOptions: 'Changes nothing.',
  decideByLink:
    'Submits the form of the page: decision, comment and, with an approval, duration. It acts as the person to whom the link was emailed, and works once.',
};

/** Descriptions of query parameters. */
const queryWords: Readonly<Record<string, string>> = {
  dryRun: 'true explains the outcome and files nothing',
  view: 'Which requests',
  status: 'Only requests with this status',
  role: 'Only requests for this role',
  person: 'Email address or principal of a person',
  account: 'Account ID, or the name of the account in the catalogue',
  limit: 'Maximum number of entries',
  cursor: 'nextCursor of the previous page',
};

/** Refusals of all routes with a caller, and of all routes with a body. */
const ofEveryCaller: ProblemCode[] = ['unauthenticated', 'internal', 'try-again'];
const ofEveryBody: ProblemCode[] = ['invalid-request', 'too-large', 'unsupported-media-type'];

/** The document as plain data. */
export function openApiDocument(version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Latchkey',
      version,
      summary: 'Self-service, time-limited access to AWS accounts',
      description:
        'The same routes are mounted twice: /v1 takes an OIDC access token, /iam/v1 an AWS Signature Version 4 for service execute-api. Times are RFC 3339 in UTC. HEAD answers as GET does, without the body.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This server' }],
    paths: paths(),
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An OIDC access token with the scope of this installation',
        },
        sigv4: {
          type: 'apiKey',
          name: 'Authorization',
          in: 'header',
          description: 'AWS Signature Version 4, service execute-api',
        },
      },
    },
  };
}

// --- internal ---

function paths() {
  const all: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(routes) as Array<[RouteName, Route]>) {
    for (const key of routeKeysOf(route)) {
      const [method = '', path = ''] = key.split(' ');
      // HEAD follows from GET, and a generated client should not have a second function for it
      if (method === 'HEAD') continue;
      all[path] = { ...all[path], [method.toLowerCase()]: operation(name, route, path) };
    }
  }
  return all;
}

function operation(name: RouteName, route: Route, path: string) {
  const isIam = path.startsWith('/iam/');
  const parameters = [
    ...pathParameters(path),
    ...queryParameters(route),
    ...(route.idempotent ? [idempotencyKey()] : []),
  ];
  return {
    operationId: isIam ? `${name}Iam` : name,
    summary: route.summary,
    description: operationWords[name],
    security: route.access === 'public' ? [] : [isIam ? { sigv4: [] } : { token: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: {
        required: !route.bodyOptional,
        content: { [mediaTypeOf(route)]: { schema: schemaOf(route.body) } },
      },
    }),
    responses: { ...answersOf(name, route), ...problemsOf(route) },
  };
}

const mediaTypeOf = (route: Route): string =>
  route.access === 'public' ? 'application/x-www-form-urlencoded' : 'application/json';

/** By the names that routes.ts knows them by. */
const views: Readonly<Record<keyof typeof answers, v.GenericSchema>> = answers;

function answersOf(name: string, route: Route) {
  const entries = Object.entries(route.answers).map(([status, shape]) => {
    if (shape === 'html')
      return [status, { description: route.summary, content: { 'text/html': { schema: { type: 'string' } } } }];
    if (shape === 'openapi')
      return [status, { description: route.summary, content: { 'application/json': { schema: { type: 'object' } } } }];
    const isReplay = route.idempotent && status === '200';
    const isExplained = isReplay && name === 'createRequest';
    const schema = isExplained
      ? { oneOf: [schemaOf(answers.ExplanationView), schemaOf(answers.RequestView)] }
      : schemaOf(views[shape]);
    const replayed = `${isExplained ? 'With dryRun=true the explanation; for' : 'For'} a replayed Idempotency-Key the request as it is now`;
    return [
      status,
      {
        description: isReplay ? replayed : route.summary,
        ...(route.idempotent && { headers: filingHeaders }),
        content: { 'application/json': { schema } },
      },
    ];
  });
  return Object.fromEntries(entries);
}

function problemsOf(route: Route) {
  const hasInput = route.body !== undefined || route.query !== undefined;
  const codes: ProblemCode[] = [
    ...route.problems,
    ...(route.access === 'caller' ? ofEveryCaller : []),
    ...(route.access === 'caller' && route.method !== 'GET' ? (['identity-changed'] as const) : []),
    ...(route.body ? ofEveryBody : hasInput ? (['invalid-request'] as const) : []),
  ];
  const byStatus = new Map<number, string[]>();
  for (const code of new Set(codes))
    byStatus.set(problemTable[code].status, [...(byStatus.get(problemTable[code].status) ?? []), code]);
  const mediaType = route.path.startsWith('/decide/') ? 'text/html' : 'application/problem+json';
  const schema = mediaType === 'text/html' ? { type: 'string' } : schemaOf(answers.ProblemView);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, names]) => [status, { description: names.join(', '), content: { [mediaType]: { schema } } }]),
  );
}

const pathParameters = (path: string) =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: schemaOf(idShapes.find(([start]) => path.includes(start))?.[1] ?? v.string()),
  }));

/** The shape of an id in a path, by the start of the path. */
const idShapes = [
  ['/requests/{', text.RequestId],
  ['/roles/{', text.RoleId],
  ['/identities/{', queries.IdentityId],
  ['/blocks/{', queries.BlockId],
] as const;

function queryParameters(route: Route) {
  if (!route.query) return [];
  const { properties = {}, required = [] } = schemaOf(route.query);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    description: queryWords[name] ?? '',
    // queries carry text only; the document gives the meaning
    schema: name === 'limit' ? { type: 'integer', minimum: 1, maximum: 100, default: 50 } : schema,
  }));
}

const idempotencyKey = () => ({
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'A repeated call with the same key and body returns the same request and files nothing',
  schema: schemaOf(queries.IdempotencyKey),
});
const filingHeaders = {
  Location: { description: 'Where the request is', schema: { type: 'string' } },
  'Idempotent-Replayed': {
    description: 'true when the key was used before',
    schema: { type: 'string', enum: ['true'] },
  },
};

/** Checks in code (durations, text without formatting characters) have no JSON Schema, so only the input's shape is described. */
const conversion: ConversionConfig = {
  typeMode: 'input',
  errorMode: 'ignore',
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  overrideSchema: ({ valibotSchema }) => behind(valibotSchema),
  // JSON Schema counts characters as code points
  overrideAction: ({ valibotAction, jsonSchema }) =>
    valibotAction.type === 'max_code_points'
      ? { ...jsonSchema, maxLength: (valibotAction as v.MaxCodePointsAction<string, number, string>).requirement }
      : null,
};

/** The components, with references to each other, and descriptions of the fields of a new request. */
function namedSchemas() {
  const schemas = toJsonSchemaDefs(named, conversion);
  const { properties = {} } = schemas.NewRequest;
  const said = Object.entries(filingWords).map(([field, description]) => [
    field,
    { ...(properties[field] as object), description },
  ]);
  return { ...schemas, NewRequest: { ...schemas.NewRequest, properties: Object.fromEntries(said) as object } };
}

/** The object behind the first step of a body; nothing inside it is a component. */
function behind(step: object) {
  const object = objectBehind(step);
  const { $schema: _, ...rest } = object ? toJsonSchema(object, conversion) : {};
  return object && rest;
}

/** A shape where it is used, with components as references. */
function schemaOf(schema: v.GenericSchema) {
  const { $schema: _, $defs: __, ...rest } = toJsonSchema(schema, { ...conversion, definitions: named });
  return rest;
}
