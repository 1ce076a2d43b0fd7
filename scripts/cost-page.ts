// The page docs/costs.md: dollars for 1,000 grants, from the units that the benchmark counted, assumptions that are named, and a dated price list.
import { readFileSync } from 'node:fs';
import { markdownTable } from './markdown-table.ts';

type Item = { what: string; amount: number; unit: string; basis: 'counted' | 'assumed'; price: number; per: number };

const asOf = '2026-11-28';
const root = new URL('../', import.meta.url);
const minutesOfAMonth = 43_800;
const gigabyteSeconds = (invocations: number, seconds: number): number => invocations * seconds * 0.5;

/** The whole page. @throws Error where docs/benchmarks.md has no total of a life */
export function costPage(): string {
  const perGrant = itemsOfAGrant(unitsOfALife());
  const perMonth = itemsOfAMonth();
  const [grants, month] = [sum(perGrant) * 1000, sum(perMonth)];
  const months = [10, 100, 1000].map((daily) => [
    daily.toLocaleString('en'),
    dollars(month),
    dollars((daily * 30 * grants) / 1000),
    dollars(month + (daily * 30 * grants) / 1000),
  ]);
  return [
    introduction,
    `**1,000 grants cost about ${dollars(grants)}. A deployment that nobody uses costs about ${dollars(month)} a month.**`,
    `## A month\n\n${markdownTable(['grants a day', 'fixed', 'for the grants', 'in all'], months)}`,
    `## 1,000 grants\n\n${itemTable(perGrant, 1000)}\n\n${aboutGrants}`,
    `## Fixed costs of a month\n\n${itemTable(perMonth, 1)}\n\n${aboutMonths}`,
    notIncluded,
  ]
    .join('\n\n')
    .concat('\n');
}

// -- internal --------------------------------------------------------------------------------------------------------

/** Write and read units of one request from filing to its end. */
function unitsOfALife(): { write: number; read: number } {
  const benchmarks = readFileSync(new URL('docs/benchmarks.md', root), 'utf8');
  const [, write, read] = /^\| \*\*total\*\* \| \*\*([\d.]+)\*\* \| \*\*([\d.]+)\*\*/m.exec(benchmarks) ?? [];
  if (write === undefined || read === undefined) throw new Error('docs/benchmarks.md has no total of a life');
  return { write: Number(write), read: Number(read) };
}

const itemsOfAGrant = ({ write, read }: { write: number; read: number }): Item[] => [
  { what: 'DynamoDB writes', amount: write, unit: 'write units', basis: 'counted', price: 0.625, per: 1e6 },
  { what: 'DynamoDB reads', amount: read, unit: 'read units', basis: 'counted', price: 0.125, per: 1e6 },
  { what: 'API Gateway', amount: 12, unit: 'calls', basis: 'assumed', price: 1, per: 1e6 },
  { what: 'Lambda invocations', amount: 24, unit: 'invocations', basis: 'assumed', price: 0.2, per: 1e6 },
  {
    what: 'Lambda duration',
    amount: gigabyteSeconds(24, 0.1),
    unit: 'GB-seconds',
    basis: 'assumed',
    price: 13.3334,
    per: 1e6,
  },
  { what: 'SES', amount: 4, unit: 'emails', basis: 'assumed', price: 0.1, per: 1000 },
  { what: 'CloudWatch Logs', amount: 30e3, unit: 'bytes', basis: 'assumed', price: 0.5, per: 1e9 },
  {
    what: 'Table and backup, one year',
    amount: 10e3 * 12,
    unit: 'byte-months',
    basis: 'assumed',
    price: 0.45,
    per: 1e9,
  },
];

const itemsOfAMonth = (): Item[] => [
  { what: 'CloudWatch alarms', amount: 11, unit: 'alarms', basis: 'counted', price: 0.1, per: 1 },
  { what: 'Metrics from log lines', amount: 5, unit: 'metrics', basis: 'counted', price: 0.3, per: 1 },
  // 1.5 units a look: docs/benchmarks.md
  {
    what: 'Sweeper: DynamoDB reads',
    amount: 1.5 * minutesOfAMonth,
    unit: 'read units',
    basis: 'counted',
    price: 0.125,
    per: 1e6,
  },
  {
    what: 'Sweeper: Lambda invocations',
    amount: minutesOfAMonth,
    unit: 'invocations',
    basis: 'counted',
    price: 0.2,
    per: 1e6,
  },
  {
    what: 'Sweeper: Lambda duration',
    amount: gigabyteSeconds(minutesOfAMonth, 0.05),
    unit: 'GB-seconds',
    basis: 'assumed',
    price: 13.3334,
    per: 1e6,
  },
  {
    what: 'Sweeper: CloudWatch Logs',
    amount: minutesOfAMonth * 500,
    unit: 'bytes',
    basis: 'assumed',
    price: 0.5,
    per: 1e9,
  },
];

const costOf = ({ amount, price, per }: Item): number => (amount * price) / per;
const sum = (items: readonly Item[]): number => items.reduce((total, item) => total + costOf(item), 0);
const dollars = (amount: number): string => `$${amount.toFixed(2)}`;
const shown = (amount: number): string => Number(amount.toPrecision(6)).toLocaleString('en');
const perText = (per: number): string => (per === 1 ? 'each' : `per ${per.toLocaleString('en')}`);

const itemTable = (items: readonly Item[], times: number): string =>
  markdownTable(
    ['item', 'amount', 'basis', 'price', times === 1 ? 'a month' : 'for 1,000 grants'],
    items.map((item) => [
      item.what,
      `${shown(item.amount)} ${item.unit}${times === 1 ? '' : ' a grant'}`,
      item.basis,
      `$${item.price} ${perText(item.per)}`,
      `$${(costOf(item) * times).toFixed(3)}`,
    ]),
  );

const introduction = `# Costs

<!-- Written by \`npm run docs\` from scripts/cost-page.ts and docs/benchmarks.md; a test checks that it is current. -->

What Latchkey costs on AWS: list prices of us-east-1 as of ${asOf}, on demand, without the free tier. Check the prices on the pages of
[DynamoDB](https://aws.amazon.com/dynamodb/pricing/on-demand/), [Lambda](https://aws.amazon.com/lambda/pricing/),
[API Gateway](https://aws.amazon.com/api-gateway/pricing/), [SES](https://aws.amazon.com/ses/pricing/) and
[CloudWatch](https://aws.amazon.com/cloudwatch/pricing/).`;

const aboutGrants = `"Counted" is measured by [the benchmark](benchmarks.md#units-of-a-whole-life) for a request that one approver decides by email, with one set of credentials.
"Assumed" is an estimate: twelve calls (dry run, file, wait, page, decision, credentials twice), as many invocations again by the table's stream, 100 ms
each at 512 MB, one email to each of two approvers and two about the outcome. A grant of eight hours with new credentials every hour adds about $0.04 per 1,000.`;

const aboutMonths = `Alarms and metrics are most of it. The sweeper runs once a minute, for all requests together.`;

const notIncluded = `## Not included

- Detailed metrics of the API's routes, which the template turns on. CloudWatch charges them as custom metrics, for routes that are called.
- KMS calls for the table's encryption with the key that AWS manages, and data transfer: cents.
- CloudTrail data events on the table, if you turn them on, and an OIDC provider, if it charges for users.`;
