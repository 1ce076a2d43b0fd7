// Records how botocore reads the first trials of figure 23, for machines without Python: `node scripts/record-botocore.ts`, after the proof held.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configTrial, recordOf } from '../test/support/aws-config-trial.ts';
import { readByBotocore } from '../test/support/botocore.ts';
import { randomFrom } from '../test/support/gates.ts';

const count = 250;
const trials = Array.from({ length: count }, (_, seed) => configTrial(randomFrom(seed + 1)));
const readings = readByBotocore(trials.map(({ text }) => text));
const records = trials.map((trial, at) => recordOf(at + 1, trial, readings[at]!));
writeFileSync(
  join(import.meta.dirname, '../test/cases/aws-config.json'),
  `[\n${records.map((record) => JSON.stringify(record)).join(',\n')}\n]\n`,
);
