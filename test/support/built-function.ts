// Invokes what was built for Lambda as Lambda does: a process of its own, with the environment, keys and endpoints that it is given.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';

const invocation = `
  const { handler } = require(process.argv[1]);
  let event = '';
  process.stdin.on('data', (part) => { event += part; }).on('end', async () => {
    const answer = await handler(JSON.parse(event), {});
    process.stdout.write('\\n' + JSON.stringify(answer ?? null));
  });`;

/** @param directory of the artefact, as `npm run build` makes it @throws Error with what the process said, if it failed */
export async function invokeBuilt<Result>(
  directory: string,
  env: Record<string, string>,
  event: unknown,
): Promise<Result> {
  const { out, err, status } = await runBuilt(directory, env, event);
  if (status !== 0) throw new Error(`${directory} ended with ${status}: ${err.slice(-2000)}`);
  return JSON.parse(out.slice(out.lastIndexOf('\n') + 1)) as Result;
}

/** Its output. `out` has the lines of the log and, unless it failed, the answer as the last line. */
export async function runBuilt(
  directory: string,
  env: Record<string, string>,
  event: unknown,
): Promise<{ out: string; err: string; status: unknown }> {
  const child = spawn(process.execPath, ['-e', invocation, `${directory}/${basename(directory)}.js`], {
    env: { ...env, AWS_LAMBDA_FUNCTION_NAME: 'latchkey', LAMBDA_TASK_ROOT: directory },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(JSON.stringify(event));
  const [out, err, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.on('close', resolve)),
  ]);
  return { out, err, status };
}
