// dynalite, the embedded DynamoDB, with an implementation of TransactWriteItems, which dynalite lacks.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { transactions } from './transactions.ts';

/** dynalite is CommonJS without types. `path` is a LevelDB directory, which only one process at a time may open. */
type Dynalite = (options: {
  createTableMs: number;
  updateTableMs: number;
  deleteTableMs: number;
  path?: string;
}) => Server;

export type Running = { endpoint: string; stop(): Promise<void> };

/** @param path directory of the tables (default: in memory) */
export async function startDynalite(path?: string): Promise<Running> {
  const dynalite: Dynalite = createRequire(import.meta.url)('dynalite');
  const inner = dynalite({
    createTableMs: 0,
    updateTableMs: 0,
    deleteTableMs: 0,
    ...(path !== undefined && { path }),
  });
  const transact = transactions(await listening(inner));
  const alone = takingTurns();
  const outer = createServer((request, response) => {
    const isTransaction = request.headers['x-amz-target'] === 'DynamoDB_20120810.TransactWriteItems';
    if (isTransaction) void alone.exclusively(() => transact(request, response));
    else void alone.shared(() => passOn(inner, request, response));
  });
  const endpoint = await listening(outer);
  return { endpoint, stop: async () => void (await Promise.all([stopped(outer), stopped(inner)])) };
}

// --- internal ---

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const stopped = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

async function passOn(inner: Server, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const closed = once(response, 'close');
  inner.emit('request', request, response);
  await closed;
}

/** Calls run in parallel. A transaction waits for all earlier calls, and later calls wait for it. */
function takingTurns() {
  const calls = new Set<Promise<void>>();
  let transaction: Promise<void> = Promise.resolve();
  return {
    async shared(call: () => Promise<void>): Promise<void> {
      for (let last: unknown; last !== transaction; ) {
        last = transaction;
        await transaction;
      }
      const running = call().finally(() => calls.delete(running));
      calls.add(running);
      await running;
    },
    exclusively(run: () => Promise<void>): Promise<void> {
      const before = transaction;
      transaction = before.then(() => Promise.allSettled(calls)).then(run);
      return transaction;
    },
  };
}
