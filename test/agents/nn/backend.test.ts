import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { useBackend } from '../../../agents/nn/backend.js';
import { findNativePackage, installFolder } from '../../../agents/nn/native-package.js';
import { mlp } from '../../../agents/nn/network.js';

const small = mlp({ inputs: 8, hidden: [64, 64], outputs: 4 });
const large = mlp({ inputs: 400, hidden: [512, 512], outputs: 4 });
const workload = (network: typeof small, batch: number) => ({ multiplyAdds: network.multiplyAdds * batch });

/** Runs as on a machine where no native backend was ever set up. */
async function withoutNative(body: () => Promise<void>): Promise<void> {
  const { XDG_CACHE_HOME } = process.env;
  process.env.XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), 'farstep-'));
  try {
    await body();
  } finally {
    if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  }
}

t.test('each says what it is and why', async (t) => {
  t.match(await useBackend('wasm'), {
    name: 'wasm',
    reason: /^Tensors on wasm: WebAssembly SIMD, (one thread|up to \d threads) \(as asked for\)\.$/,
  });
  t.equal(tf.getBackend(), 'wasm');
  t.match((await useBackend('cpu')).reason, /cpu: plain JavaScript/);
  t.equal(tf.getBackend(), 'cpu');
});

t.test('auto goes by what is installed and by the size of the network', async (t) => {
  t.match(await useBackend('auto'), { name: 'wasm', reason: /the embedded default/ });
  t.match(await useBackend('auto', workload(small, 64)), { name: 'wasm', reason: /the network is small/ });
  await withoutNative(async () => {
    if (findNativePackage('native') !== undefined || findNativePackage('gpu') !== undefined) return;
    const chosen = await useBackend('auto', workload(large, 256));
    t.match(chosen, { name: 'wasm', reason: /`npm run setup:native` would install a faster backend/ });
  });
  if (findNativePackage('native') !== undefined && findNativePackage('gpu') === undefined) {
    t.match(await useBackend('auto', workload(large, 256)), {
      name: 'native',
      reason: /native backend is installed/,
    });
  }
});

t.test('a backend that is not installed is named with what installs it', async (t) => {
  await withoutNative(async () => {
    t.ok(installFolder('gpu').startsWith(process.env.XDG_CACHE_HOME!));
    for (const [name, error] of [
      ['native', /backend native: @tensorflow\/tfjs-node is not installed; run `npm run setup:native`/],
      ['gpu', /backend gpu: @tensorflow\/tfjs-node-gpu is not installed; run `npm run setup:gpu`/],
    ] as const) {
      if (findNativePackage(name) === undefined) await t.rejects(useBackend(name), { message: error });
    }
  });
});

t.test('gpu without a GPU says so, where TensorFlow would go on in silence', async (t) => {
  const main = findNativePackage('native');
  if (main === undefined) return void t.pass('there is no native backend to stand for it');
  await withoutNative(async () => {
    const scope = join(installFolder('gpu'), 'node_modules', '@tensorflow');
    mkdirSync(scope, { recursive: true });
    symlinkSync(dirname(dirname(main)), join(scope, 'tfjs-node-gpu'));
    await t.rejects(useBackend('gpu'), {
      message: /^backend gpu: TensorFlow finds no GPU: it needs an NVIDIA/,
    });
  });
});
