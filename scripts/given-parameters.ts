// The parameters of a deployment as osls will find them, for what is checked before osls runs.
import { parseArgs } from 'node:util';
import { isMap, parseDocument } from 'yaml';
import { settingTable } from './settings.ts';

/**
 * Parameters by name, without those that nobody gives.
 * @param args as osls takes them
 * @param service the text of serverless.yml, whose `params` are by stage
 */
export function givenParameters(
  args: string[],
  service: string,
  env: Readonly<Record<string, string | undefined>>,
): Partial<Record<keyof typeof settingTable, string>> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      stage: { ...text, short: 's', default: 'dev' },
      region: { ...text, short: 'r' },
      param: { ...text, multiple: true },
    },
    strict: false,
  });
  const ofStage = (stage: string): unknown => parseDocument(service).getIn(['params', stage]);
  const inFile = [ofStage(String(values.stage)), ofStage('default')].map((part) => (isMap(part) ? part.toJSON() : {}));
  const told = Object.fromEntries((values.param ?? []).map((pair) => String(pair).split(/=(.*)/s, 2)));
  const found = Object.entries(settingTable).map(([name, { variable }]) => {
    const option = name === 'region' ? values.region : undefined;
    return [name, option ?? told[name] ?? inFile[0][name] ?? inFile[1][name] ?? env[variable]];
  });
  return Object.fromEntries(
    found.filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value).trim()]),
  );
}
