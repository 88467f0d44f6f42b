import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';
import type { Image } from '../protocol/spec.js';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const TRUECOLOR = 2;

const compress = promisify(deflate);

/**
 * A picture as a PNG file (ISO/IEC 15948). Rows are not filtered, which suits pictures of flat colours and takes a sixth
 * of the time, and compressed on another thread: others are served meanwhile.
 */
export async function encodePng({ width, height, data }: Image): Promise<Uint8Array> {
  const stride = 3 * width;
  const rows = Buffer.alloc((stride + 1) * height); // a zero before each: its filter
  for (let y = 0; y < height; y++)
    rows.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  const header = Buffer.alloc(13); // compression, filter method and interlacing are 0
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, TRUECOLOR], 8);
  return Buffer.concat([
    SIGNATURE,
    ...chunk('IHDR', header),
    ...chunk('IDAT', await compress(rows)),
    ...chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Length, type, data, and the checksum of type and data. */
function chunk(type: string, data: Buffer): Buffer[] {
  const [head, checksum] = [Buffer.alloc(8), Buffer.alloc(4)];
  head.writeUInt32BE(data.length, 0);
  head.write(type, 4, 'latin1');
  checksum.writeUInt32BE(crc32(data, crc32(head.subarray(4))), 0);
  return [head, data, checksum];
}
