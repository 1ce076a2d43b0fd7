// A zip whose bytes follow from its contents alone: fixed order, fixed date, fixed permissions. A redeploy of the same sources changes nothing.
import { crc32, deflateRawSync } from 'node:zlib';

export type ZipEntry = { name: string; data: Uint8Array };

/** 1 January 1980, the earliest date a zip can say (APPNOTE 4.4.6). */
const date = (1 << 5) | 1;
/** A regular file that everybody may read: Lambda unpacks as one user and runs as another. */
const permissions = 0o100644 << 16;
const madeOnUnix = 3 << 8;
const version = 20;
const deflated = 8;

/** APPNOTE.TXT 6.3.3: local headers with data, the central directory, its end. Entries are stored in the order of their names. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, data } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const packed = deflateRawSync(data, { level: 9 });
    const fileName = Buffer.from(name);
    const common = fields(
      [2, version],
      [2, 0],
      [2, deflated],
      [2, 0],
      [2, date],
      [4, crc32(data)],
      [4, packed.length],
      [4, data.length],
      [2, fileName.length],
      [2, 0],
    );
    central.push(
      fields([4, 0x02014b50], [2, madeOnUnix | version]),
      common,
      fields([2, 0], [2, 0], [2, 0], [4, permissions], [4, offset]),
      fileName,
    );
    const parts = [fields([4, 0x04034b50]), common, fileName, packed];
    offset += parts.reduce((sum, part) => sum + part.length, 0);
    local.push(...parts);
  }
  const directory = Buffer.concat(central);
  const count = entries.length;
  const end = fields(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, directory.length],
    [4, offset],
    [2, 0],
  );
  return Buffer.concat([...local, directory, end]);
}

function fields(...list: Array<[size: 2 | 4, value: number]>): Buffer {
  return Buffer.concat(
    list.map(([size, value]) => {
      const bytes = Buffer.alloc(size);
      if (size === 2) bytes.writeUInt16LE(value);
      else bytes.writeUInt32LE(value >>> 0);
      return bytes;
    }),
  );
}
