import t from 'tap';
import { decodeSafetensors, encodeSafetensors, SafetensorsError } from '../../../agents/nn/safetensors.js';

const tensors = {
  bytes: { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) },
  weight: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(0.5, -1.25, Number.NaN, Infinity) },
  return: { dtype: 'F64', shape: [1], data: Float64Array.of(Math.PI) },
  count: { dtype: 'I32', shape: [], data: Int32Array.of(-7) },
  none: { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
} as const;

function file() {
  return encodeSafetensors(structuredClone(tensors) as never, { format: 'farstep' });
}

/** The file with another header, whose length is put right. */
function withHeader(change: (header: Record<string, Record<string, unknown>>) => void): Uint8Array {
  const bytes = file();
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  change(header);
  const json = new TextEncoder().encode(JSON.stringify(header));
  const changed = new Uint8Array(8 + json.length + bytes.length - 8 - length);
  new DataView(changed.buffer).setBigUint64(0, BigInt(json.length), true);
  changed.set(json, 8);
  changed.set(bytes.subarray(8 + length), 8 + json.length);
  return changed;
}

t.test('what is written is read back', async (t) => {
  const { tensors: read, metadata } = decodeSafetensors(file());
  t.same(read, tensors);
  t.same(metadata, { format: 'farstep' });
  t.same(decodeSafetensors(encodeSafetensors({})), { tensors: {}, metadata: {} });
});

t.test('the bytes are those of the format', async (t) => {
  const bytes = encodeSafetensors({ a: { dtype: 'U8', shape: [2], data: Uint8Array.of(7, 9) } });
  const json = '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}   ';
  t.same(bytes, Uint8Array.of(json.length, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(json), 7, 9));
});

t.test('a view at an odd address is read', async (t) => {
  const bytes = file();
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  t.same(decodeSafetensors(shifted.subarray(1)).tensors, tensors);
});

t.test('a corrupt file names the place', async (t) => {
  const cases: [string, Uint8Array, RegExp][] = [
    ['too short', Uint8Array.of(1, 2, 3), /byte 0: 3 bytes/],
    [
      'header beyond the end',
      Uint8Array.of(255, 255, 255, 0, 0, 0, 0, 0),
      /byte 0: a header of 16777215 bytes/,
    ],
    ['cut short', file().subarray(0, -1), /bytes of data, the header speaks of/],
    ['something behind', new Uint8Array([...file(), 0]), /bytes of data, the header speaks of/],
    ['not JSON', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7b), /header: /],
    ['not a map', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x5b, 0x5d), /header: expected a JSON map/],
    ['type', withHeader((h) => (h.weight!.dtype = 'BF16')), /'weight': dtype "BF16"/],
    ['inherited type', withHeader((h) => (h.weight!.dtype = 'toString')), /'weight': dtype "toString"/],
    ['shape', withHeader((h) => (h.weight!.shape = [2, -2])), /'weight': shape \[2,-2\]/],
    [
      'size',
      withHeader((h) => (h.weight!.shape = [2, 3])),
      /'weight': 16 bytes for F32 \[2, 3\], which takes 24/,
    ],
    ['offsets', withHeader((h) => (h.weight!.data_offsets = [8])), /'weight': data_offsets \[8\]/],
    ['overlap', withHeader((h) => (h.weight!.data_offsets = [0, 16])), /begins at data byte/],
    ['entry', withHeader((h) => (h.weight = 3 as never)), /'weight': expected a map/],
    ['metadata', withHeader((h) => (h.__metadata__ = { a: 1 })), /header.__metadata__/],
  ];
  for (const [name, bytes, message] of cases) {
    t.throws(() => decodeSafetensors(bytes), { name: 'SafetensorsError', message }, name);
  }
});

t.test('a tensor that contradicts itself is not written', async (t) => {
  const data = new Float32Array(3);
  t.throws(() => encodeSafetensors({ a: { dtype: 'F32', shape: [4], data } }), SafetensorsError);
  t.throws(() => encodeSafetensors({ a: { dtype: 'I32', shape: [3], data } }), /Float32Array is not I32/);
});
