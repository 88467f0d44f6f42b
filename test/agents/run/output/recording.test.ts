import { crc32 } from 'node:zlib';
import { PNG } from 'pngjs';
import t from 'tap';
import { crc32c } from '../../../../agents/run/output/crc32c.js';
import { Recording } from '../../../../agents/run/output/recording.js';
import type { Image } from '../../../../protocol/spec.js';

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunksOf(file: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    chunks.push({
      type: file.toString('latin1', at + 4, at + 8),
      data: file.subarray(at + 8, at + 8 + length),
    });
    at += 12 + length;
  }
  return chunks;
}

function pngOf(chunks: readonly Chunk[]): Buffer {
  const parts = chunks.map(({ type, data }) => {
    const out = Buffer.alloc(12 + data.length);
    out.writeUInt32BE(data.length, 0);
    out.write(type, 4, 'latin1');
    data.copy(out, 8);
    out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
    return out;
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

/** Plays an animated PNG: each frame's rectangle, decoded by pngjs as a PNG of its own, replaces a part of the canvas. */
function play(file: Buffer) {
  const chunks = chunksOf(file);
  const find = (type: string) => chunks.find((chunk) => chunk.type === type)?.data;
  const header = find('IHDR')!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const canvas = new Uint8Array(width * height * 3);
  const frames: Uint8Array[] = [];
  const sequence: number[] = [];
  let control = Buffer.alloc(0);
  for (const { type, data } of chunks) {
    if (type === 'fcTL' || type === 'fdAT') sequence.push(data.readUInt32BE(0));
    if (type === 'fcTL') control = Buffer.from(data);
    if (type !== 'IDAT' && type !== 'fdAT') continue;
    const own = Buffer.from(header);
    control.copy(own, 0, 4, 12);
    const palette = find('PLTE');
    const { data: rgba, ...part } = PNG.sync.read(
      pngOf([
        { type: 'IHDR', data: own },
        ...(palette ? [{ type: 'PLTE', data: palette }] : []),
        { type: 'IDAT', data: type === 'IDAT' ? data : data.subarray(4) },
        { type: 'IEND', data: Buffer.alloc(0) },
      ]),
    );
    const [left, top] = [control.readUInt32BE(12), control.readUInt32BE(16)];
    for (let y = 0; y < part.height; y++) {
      for (let x = 0; x < part.width; x++) {
        const from = (y * part.width + x) * 4;
        canvas.set(rgba.subarray(from, from + 3), ((top + y) * width + left + x) * 3);
      }
    }
    frames.push(canvas.slice());
  }
  const animation = find('acTL')!;
  return {
    width,
    height,
    colourType: header[9],
    count: animation.readUInt32BE(0),
    loops: animation.readUInt32BE(4),
    delay: [control.readUInt16BE(20), control.readUInt16BE(22)],
    disposal: [...control.subarray(24)],
    sequence,
    frames,
    types: chunks.map(({ type }) => type),
  };
}

function enlarged({ width, height, data }: Image, scale: number): Uint8Array {
  const out = new Uint8Array(width * height * scale * scale * 3);
  for (let i = 0; i < out.length; i++) {
    const pixel = Math.floor(i / 3);
    const x = Math.floor((pixel % (width * scale)) / scale);
    const y = Math.floor(pixel / (width * scale) / scale);
    out[i] = data[(y * width + x) * 3 + (i % 3)]!;
  }
  return out;
}

/** A dot that moves over a black board. */
function dots(count: number): Image[] {
  return Array.from({ length: count }, (_, k) => {
    const data = new Uint8Array(10 * 8 * 3);
    data.set([200, 100, k % 3], ((k % 8) * 10 + ((3 * k) % 10)) * 3);
    return { width: 10, height: 8, data };
  });
}

/** Every pixel of a colour of its own. */
function gradients(count: number, size = 20): Image[] {
  return Array.from({ length: count }, (_, k) => {
    const data = Uint8Array.from({ length: size * size * 3 }, (_, i) => (i * 7 + k * 50 * (i % 3)) % 256);
    return { width: size, height: size, data };
  });
}

t.test('the checksum has the check value of its definition', (t) => {
  const digits = new TextEncoder().encode('123456789');
  t.equal(crc32c(digits), 0xe3069283);
  t.end();
});

for (const [name, pictures, scale, colourType] of [
  ['a few colours, enlarged', dots(7), 5, 3],
  ['many colours', gradients(3), 1, 2],
  ['many colours, enlarged', gradients(3), 3, 2],
  ['one frame', dots(1), 1, 3],
] as const) {
  t.test(`${name}: what was recorded is what plays`, (t) => {
    const recording = new Recording({ fps: 30, scale, loops: 2 });
    for (const picture of pictures) t.ok(recording.add(picture));
    const file = recording.encode();
    t.doesNotThrow(() => PNG.sync.read(file), 'other viewers show the first frame; every CRC is right');
    const played = play(file);
    t.equal(played.count, pictures.length);
    t.equal(played.frames.length, pictures.length);
    t.equal(played.width, pictures[0]!.width * scale);
    t.equal(played.height, pictures[0]!.height * scale);
    t.equal(played.colourType, colourType);
    t.equal(played.loops, 2);
    t.same(played.delay, [1, 30]);
    t.same(played.disposal, [0, 0]);
    t.same(played.sequence, [...played.sequence.keys()], 'fcTL and fdAT count together from 0');
    t.ok(played.frames.every((frame, k) => Buffer.from(enlarged(pictures[k]!, scale)).equals(frame)));
    t.end();
  });
}

t.test('the chunks are in the order of the specification', (t) => {
  const recording = new Recording({ fps: 30 });
  for (const picture of dots(2)) recording.add(picture);
  t.same(play(recording.encode()).types, ['IHDR', 'acTL', 'PLTE', 'fcTL', 'IDAT', 'fcTL', 'fdAT', 'IEND']);
  t.end();
});

t.test('256 colours are a palette, 257 are not', (t) => {
  const colours = (count: number) =>
    Uint8Array.from({ length: 3 * 300 }, (_, i) => {
      const colour = Math.floor(i / 3) % count;
      return i % 3 === 0 ? colour >> 8 : i % 3 === 1 ? colour & 255 : 9;
    });
  for (const [count, type] of [
    [256, 3],
    [257, 2],
  ] as const) {
    const recording = new Recording({ fps: 1, scale: 1 });
    const data = colours(count);
    recording.add({ width: 20, height: 15, data });
    const played = play(recording.encode());
    t.equal(played.colourType, type);
    t.ok(Buffer.from(data).equals(played.frames[0]!));
  }
  t.end();
});

t.test('a frame equal to the one before still counts, and costs next to nothing', (t) => {
  const [picture] = gradients(1, 100);
  const recording = new Recording({ fps: 30, scale: 1 });
  recording.add(picture!);
  const once = recording.encode().length;
  for (let i = 0; i < 10; i++) recording.add(picture!);
  const file = recording.encode();
  t.equal(play(file).count, 11);
  t.ok(file.length - once < 1000);
  t.end();
});

t.test('small pictures are enlarged to about 320 pixels', (t) => {
  for (const [width, height, expected] of [
    [10, 10, 320],
    [84, 84, 252],
    [160, 210, 160],
    [600, 400, 600],
  ] as const) {
    const recording = new Recording({ fps: 30 });
    recording.add({ width, height, data: new Uint8Array(width * height * 3) });
    t.equal(play(recording.encode()).width, expected);
  }
  t.end();
});

t.test('frames are copied, limited in number, and of one size', (t) => {
  const recording = new Recording({ fps: 30, maxFrames: 2, scale: 1 });
  t.throws(() => recording.encode(), /no frames/);
  const [first, second, third] = dots(3);
  const buffer = { ...first!, data: first!.data.slice() };
  recording.add(buffer);
  t.throws(
    () => recording.add({ width: 8, height: 10, data: new Uint8Array(240) }),
    /frame 1: expected 10×8 RGB pixels, got 8×10 in 240 bytes/,
  );
  t.throws(() => recording.add({ width: 10, height: 8, data: new Uint8Array(320) }), /got 10×8 in 320 bytes/);
  buffer.data.set(second!.data);
  t.ok(recording.add(buffer));
  t.notOk(recording.add(third!));
  t.equal(recording.frames, 2);
  const { frames } = play(recording.encode());
  t.equal(frames.length, 2);
  t.ok(Buffer.from(first!.data).equals(frames[0]!));
  t.ok(Buffer.from(second!.data).equals(frames[1]!));
  t.end();
});
