// routes + shapes -> OpenAPI 3.1. Nothing is written twice: what the functions parse is what the document says.
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { type ProblemCode, problemTable } from './problem.ts';
import { type Route, routeKeysOf, routes } from './routes.ts';
import * as schemas from './schema.ts';

/** Shapes that the document names; every other one stands where it is used. */
const named = {
  Me: schemas.MeView,
  Role: schemas.RoleView,
  Request: schemas.RequestView,
  Explanation: schemas.ExplanationView,
  Credentials: schemas.CredentialsView,
  ConsoleSession: schemas.ConsoleView,
  NewRequest: schemas.NewRequest,
  Decision: schemas.NewDecision,
  Problem: schemas.ProblemView,
};

/** Refusals that any route of a caller, or any route with a body, can give. */
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
        'The same routes are mounted twice: /v1 takes an OIDC access token, /iam/v1 an AWS Signature Version 4 for service execute-api. Times are RFC 3339 in UTC.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This server' }],
    paths: paths(),
    components: {
      schemas: Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, inline(schema)])),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An OIDC access token with the scope of this installation' },
        sigv4: { type: 'apiKey', name: 'Authorization', in: 'header', description: 'AWS Signature Version 4, service execute-api' },
      },
    },
  };
}

// --- internal ---

function paths() {
  const all: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(routes) as Array<[string, Route]>) {
    for (const key of routeKeysOf(route)) {
      const [method = '', path = ''] = key.split(' ');
      all[path] = { ...all[path], [method.toLowerCase()]: operation(name, route, path) };
    }
  }
  return all;
}

function operation(name: string, route: Route, path: string) {
  const isIam = path.startsWith('/iam/');
  const parameters = [...pathParameters(path), ...queryParameters(route), ...(route.idempotent ? [idempotencyKey] : [])];
  return {
    operationId: isIam ? `${name}Iam` : name,
    summary: route.summary,
    security: route.access === 'public' ? [] : [isIam ? { sigv4: [] } : { token: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && { requestBody: { required: !route.bodyOptional, content: { [mediaTypeOf(route)]: { schema: schemaOf(route.body) } } } }),
    responses: { ...answersOf(name, route), ...problemsOf(route) },
  };
}

const mediaTypeOf = (route: Route): string => (route.access === 'public' ? 'application/x-www-form-urlencoded' : 'application/json');

function answersOf(name: string, route: Route) {
  const entries = Object.entries(route.answers).map(([status, shape]) => {
    if (shape === 'html') return [status, { description: route.summary, content: { 'text/html': { schema: { type: 'string' } } } }];
    if (shape === 'openapi') return [status, { description: route.summary, content: { 'application/json': { schema: { type: 'object' } } } }];
    const isReplay = route.idempotent && status === '200';
    const isExplained = isReplay && name === 'createRequest';
    const schema = isExplained ? { oneOf: [schemaOf(schemas.ExplanationView), schemaOf(schemas.RequestView)] } : schemaOf(shape);
    const replayed = `${isExplained ? 'With dryRun=true the explanation; for' : 'For'} a replayed Idempotency-Key the request as it is now`;
    return [
      status,
      { description: isReplay ? replayed : route.summary, ...(route.idempotent && { headers: filingHeaders }), content: { 'application/json': { schema } } },
    ];
  });
  return Object.fromEntries(entries);
}

function problemsOf(route: Route) {
  const hasInput = route.body !== undefined || route.query !== undefined;
  const codes: ProblemCode[] = [
    ...route.problems,
    ...(route.access === 'caller' ? ofEveryCaller : []),
    ...(route.body ? ofEveryBody : hasInput ? (['invalid-request'] as const) : []),
  ];
  const byStatus = new Map<number, string[]>();
  for (const code of new Set(codes)) byStatus.set(problemTable[code].status, [...(byStatus.get(problemTable[code].status) ?? []), code]);
  const mediaType = route.path.startsWith('/decide/') ? 'text/html' : 'application/problem+json';
  const schema = mediaType === 'text/html' ? { type: 'string' } : schemaOf(schemas.ProblemView);
  return Object.fromEntries(
    [...byStatus].sort(([a], [b]) => a - b).map(([status, names]) => [status, { description: names.join(', '), content: { [mediaType]: { schema } } }]),
  );
}

const pathParameters = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));

function queryParameters(route: Route) {
  if (!route.query) return [];
  const { properties = {} } = inline(route.query);
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key and body again answer the same request and file nothing',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};
const filingHeaders = {
  Location: { description: 'Where the request is', schema: { type: 'string' } },
  'Idempotent-Replayed': { description: 'true when the key was used before', schema: { type: 'string', enum: ['true'] } },
};

function schemaOf(schema: v.GenericSchema) {
  const name = Object.entries(named).find(([, candidate]) => (candidate as v.GenericSchema) === schema)?.[0];
  return name === undefined ? inline(schema) : { $ref: `#/components/schemas/${name}` };
}

/** Checks in code (durations, text without formatting characters) have no JSON Schema; the shape of the input is what is described. */
function inline(schema: v.GenericSchema) {
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    typeMode: 'input',
    errorMode: 'ignore',
    // JSON Schema counts characters as code points
    overrideAction: ({ valibotAction, jsonSchema }) =>
      valibotAction.type === 'max_code_points'
        ? { ...jsonSchema, maxLength: (valibotAction as v.MaxCodePointsAction<string, number, string>).requirement }
        : null,
  });
  return rest;
}
