import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { registerGradients } from './gradients/index.js';
import { registerWasmOps } from './wasm-ops.js';

export const BACKENDS = ['auto', 'wasm', 'native', 'gpu', 'cpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

export interface ChosenBackend {
  readonly name: Exclude<BackendName, 'auto'>;
  /** A sentence for the terminal: which backend, and why. */
  readonly reason: string;
}

/**
 * Starts the backend that tensors live on, for the whole process.
 * @throws Error that says what is missing and how to install it
 */
export async function useBackend(wanted: BackendName): Promise<ChosenBackend> {
  const name = wanted === 'auto' ? 'wasm' : wanted;
  const why = wanted === 'auto' ? 'the embedded default' : 'as asked for';
  const detail = await START[name]();
  return { name, reason: `Tensors on ${detail} (${why}).` };
}

const START: Record<ChosenBackend['name'], () => Promise<string>> = {
  async wasm() {
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    // The binary of the npm package, which lies beside the bundle.
    const bundle = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    if (tf.findBackend('wasm') === null) {
      wasm.setWasmPaths(dirname(bundle) + sep);
      registerWasmOps();
    }
    await activate('wasm');
    return 'wasm: WebAssembly SIMD, one thread';
  },
  async cpu() {
    await import('@tensorflow/tfjs-backend-cpu');
    await activate('cpu');
    return 'cpu: plain JavaScript, the reference for tests';
  },
  native: () =>
    startTensorFlow('@tensorflow/tfjs-node', 'native: TensorFlow on the CPU', 'npm run setup:native'),
  gpu: () => startTensorFlow('@tensorflow/tfjs-node-gpu', 'gpu: TensorFlow on the GPU', 'npm run setup:gpu'),
};

async function startTensorFlow(module: string, description: string, install: string): Promise<string> {
  try {
    await import(module);
  } catch (error) {
    const cause = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(`backend: ${module} is not installed or does not load (${cause}); run \`${install}\``, {
      cause: error,
    });
  }
  await activate('tensorflow');
  return description;
}

async function activate(name: string): Promise<void> {
  // Without it tfjs prints a banner of advice about backends, and checks every kernel for leaks.
  tf.enableProdMode();
  registerGradients();
  if (!(await tf.setBackend(name))) throw new Error(`backend: ${name} did not start`);
}
