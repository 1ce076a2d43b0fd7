// `npm run trace -- FRAMES`: maps positions in the minified bundles, as the log has them, back to source lines.
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

const usage = `npm run trace -- FRAMES
npm run --silent trace < LOG

Maps frames such as api.js:1:2345 back to source lines. FRAMES may be any text that contains
frames: a log line or a stack trace. Without arguments, frames are read from stdin.

  --maps DIR   source maps of the deployed release (default: .build/maps)`;

/**
 * Maps each frame in a text, without repeats, in the order of the text.
 * @param maps folder of NAME.js.map, written by scripts/build.ts
 * @returns one line per frame: `api.js:1:2345  lib/http/http.ts:85:9`
 */
export function traced(given: string, maps: string): string[] {
  const frames = given.match(/[\w-]+\.js:\d+:\d+/g) ?? [];
  return [...new Set(frames)].map((frame) => `${frame}  ${sourceOf(frame, maps)}`);
}

function sourceOf(frame: string, maps: string): string {
  const [bundle, line, column] = frame.split(':') as [string, string, string];
  const file = join(maps, `${bundle}.map`);
  if (!existsSync(file)) return 'no source map for this file';
  const map = new SourceMap(JSON.parse(readFileSync(file, 'utf8')) as SourceMapPayload);
  const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
  // findEntry answers the nearest earlier position, even one on another line
  if (!('generatedLine' in entry) || entry.generatedLine !== Number(line) - 1)
    return 'not in the source map; check that it belongs to the deployed release';
  return `${entry.originalSource.replace(/^(?:\.\.\/)+/, '')}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

/** Compare it with the deployed one: `aws lambda get-function-configuration --query CodeSha256`. */
function releaseOf(lines: readonly string[], maps: string): string {
  const release = JSON.parse(readFileSync(join(maps, 'release.json'), 'utf8')) as Record<string, string>;
  const bundles = new Set(lines.map((line) => line.split('.js:')[0]!));
  const known = [...bundles].filter((name) => release[name] !== undefined);
  return known.map((name) => `The source map of ${name} is for CodeSha256 ${release[name]}.`).join('\n');
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: {
      maps: { type: 'string', default: join(import.meta.dirname, '../.build/maps') },
      help: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  if (values.help || (positionals.length === 0 && process.stdin.isTTY)) console.log(usage);
  else if (!existsSync(values.maps)) {
    console.error(`No source maps in ${values.maps}. Run npm run build, or pass the folder that you kept with --maps.`);
    process.exitCode = 1;
  } else {
    const lines = traced(positionals.length > 0 ? positionals.join(' ') : await text(process.stdin), values.maps);
    for (const line of lines) console.log(line);
    console.error(lines.length > 0 ? releaseOf(lines, values.maps) : 'No frames such as api.js:1:2345 found.');
    process.exitCode = lines.length > 0 ? 0 : 1;
  }
}
