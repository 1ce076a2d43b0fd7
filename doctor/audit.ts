// `latchkey audit verify`: reads every request in the table and reports those that were altered. Read-only.
import { type AttributeValue, ScanCommand } from '@aws-sdk/client-dynamodb';
import { recordFromImage } from '../lib/aws/dynamodb/request-image.ts';
import { partOf, prefixes } from '../lib/aws/table.ts';
import { type Alteration, alterationOf } from '../lib/request/history.ts';
import { operatorKeys } from '../local/aws/operator.ts';
import { type Clients, clientsOf, type Place } from './clients.ts';
import { reasonOf } from './unreached.ts';

/** The options of the command, by their names. */
export type AuditOptions = {
  stage: string | undefined;
  region: string | undefined;
  table: string | undefined;
  endpoint: string | undefined;
  local: string | undefined;
  json: boolean;
};
/** `exitCode` 1: something was altered. `errors` means exit code 2. */
export type AuditResult = { text: string; exitCode: 0 | 1 } | { errors: string[] };

type Item = Record<string, AttributeValue>;
/** `unreadable`: the document is not a request, or is another request. `ttl`: DynamoDB will delete the item. */
export type AuditFinding = { request: string; what: Alteration | 'unreadable' | 'ttl' };
export type Audit = { table: string; requests: number; findings: AuditFinding[] };

export async function runAudit(given: AuditOptions): Promise<AuditResult> {
  const { local, endpoint, region, stage = 'prod' } = given;
  if (local !== undefined && endpoint !== undefined) return { errors: ['--local and --endpoint cannot be combined'] };
  const place: Place = local
    ? { region: 'us-east-1', endpoint: new URL('/local/aws', local).href, credentials: operatorKeys }
    : { ...(region && { region }), ...(endpoint && { endpoint }) };
  const table = given.table ?? (local ? 'latchkey' : `latchkey-${stage}`);
  const clients = clientsOf(place);
  try {
    const audit = await audited(clients, table);
    return {
      text: given.json ? `${JSON.stringify(audit)}\n` : textOf(audit),
      exitCode: audit.findings.length > 0 ? 1 : 0,
    };
  } catch (error) {
    const told = reasonOf(error, place) ?? missing(error, table);
    if (told === undefined) throw error;
    return { errors: [told] };
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

/** The findings for one item; none if it is not a request. */
export function findingsIn(item: Item): AuditFinding[] {
  const request = partOf('request', item.pk?.S);
  if (request === undefined) return [];
  const what = alterationIn(item);
  return [...(what ? [{ request, what }] : []), ...(item.ttl === undefined ? [] : [{ request, what: 'ttl' as const }])];
}

// --- internal ---

async function audited({ dynamodb }: Pick<Clients, 'dynamodb'>, table: string): Promise<Audit> {
  const audit: Audit = { table, requests: 0, findings: [] };
  let from: Item | undefined;
  do {
    const page = await dynamodb.send(
      new ScanCommand({ TableName: table, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }),
    );
    for (const item of page.Items ?? []) {
      if (item.pk?.S?.startsWith(prefixes.request)) audit.requests += 1;
      audit.findings.push(...findingsIn(item));
    }
    from = page.LastEvaluatedKey;
  } while (from);
  audit.findings.sort((a, b) => (a.request < b.request ? -1 : 1));
  return audit;
}

function alterationIn(item: Item): Alteration | 'unreadable' | undefined {
  let record: ReturnType<typeof recordFromImage>;
  try {
    record = recordFromImage(item as Parameters<typeof recordFromImage>[0]);
  } catch (error) {
    // the store's refusal of a document; any other error is a bug of this program
    if (error instanceof Error && error.message.includes('cannot be read')) return 'unreadable';
    throw error;
  }
  return record ? alterationOf(record) : 'unreadable';
}

const meanings: Record<AuditFinding['what'], string> = {
  history: 'the history is not the one that was written',
  decisions: 'a decision is not in the history',
  grant: 'it has a grant that nobody approved',
  unreadable: 'the item cannot be read as this request',
  ttl: 'the item has a time to live, so DynamoDB will delete it',
};

function textOf({ table, requests, findings }: Audit): string {
  const altered = new Set(findings.map(({ request }) => request)).size;
  const lines = findings.map(({ request, what }) => `${request}: ${meanings[what]} (${what})`);
  const sum =
    altered === 0
      ? `${table}: ${requests} ${requests === 1 ? 'request is' : 'requests are'} as Latchkey wrote them.`
      : `${table}: ${altered} of ${requests} requests are not as Latchkey wrote them.`;
  return `${[...lines, sum].join('\n')}\n`;
}

const missing = (error: unknown, table: string): string | undefined =>
  error instanceof Error && error.name === 'ResourceNotFoundException'
    ? `Table ${table} not found. Check --stage, --region and --table.`
    : undefined;
