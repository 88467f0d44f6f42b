import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { registerGradients } from './gradients/index.js';
import { findNativePackage, NATIVE_PACKAGES, type NativeKind } from './native-package.js';
import { sharedTfjsBinary } from './wasm/tfjs-binary.js';
import { threadCount } from './wasm/threads.js';
import { registerWasmOps } from './wasm-ops.js';

export const BACKENDS = ['auto', 'wasm', 'native', 'gpu', 'cpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

export interface ChosenBackend {
  readonly name: Exclude<BackendName, 'auto'>;
  /** A sentence for the terminal: which backend, and why. */
  readonly reason: string;
}

/** What `auto` weighs. */
export interface Workload {
  /** Multiply-adds of one forward pass of the batch that an update is made from. */
  readonly multiplyAdds: number;
}

/**
 * Above so many multiply-adds in a forward pass, TensorFlow's wider vector units make up for what each of its
 * operations costs; below, WebAssembly is through before TensorFlow has begun. (`farstep bench nn` on both.)
 */
const NATIVE_FROM = 3e7;

/**
 * Starts the backend that tensors live on, for the whole process.
 * @param workload what `auto` chooses for; without it, it chooses wasm
 * @throws Error that says what is missing and how to install it
 */
export async function useBackend(wanted: BackendName, workload?: Workload): Promise<ChosenBackend> {
  // Before any backend is loaded: it keeps tfjs from printing advice about backends and from checking every kernel.
  tf.enableProdMode();
  const [name, why] = wanted === 'auto' ? choose(workload) : [wanted, 'as asked for'];
  const description = await START[name]();
  registerGradients();
  return { name, reason: `Tensors on ${description} (${why}).` };
}

function choose(workload: Workload | undefined): [ChosenBackend['name'], string] {
  if (workload === undefined || workload.multiplyAdds < NATIVE_FROM) {
    return ['wasm', workload === undefined ? 'the embedded default' : 'the network is small'];
  }
  if (findNativePackage('gpu') !== undefined)
    return ['gpu', 'the network is large and the gpu backend is installed'];
  if (findNativePackage('native') !== undefined) {
    return ['native', 'the network is large and the native backend is installed'];
  }
  return ['wasm', `the network is large: \`${NATIVE_PACKAGES.native.setup}\` would install a faster backend`];
}

const START: Record<ChosenBackend['name'], () => Promise<string>> = {
  async wasm() {
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    if (tf.findBackend('wasm') === null) {
      // It knows three, and takes the second wherever this project's own kernels run.
      const url = sharedTfjsBinary();
      const names = [
        'tfjs-backend-wasm',
        'tfjs-backend-wasm-simd',
        'tfjs-backend-wasm-threaded-simd',
      ] as const;
      wasm.setWasmPaths(Object.fromEntries(names.map((name) => [`${name}.wasm`, url])), true);
      registerWasmOps();
    }
    await activate('wasm');
    const threads = threadCount();
    return `wasm: WebAssembly SIMD, ${threads === 1 ? 'one thread' : `up to ${threads} threads`}`;
  },
  async cpu() {
    await import('@tensorflow/tfjs-backend-cpu');
    await activate('cpu');
    return 'cpu: plain JavaScript, the reference for tests';
  },
  native: () => startTensorFlow('native', 'native: TensorFlow on the CPU'),
  gpu: () => startTensorFlow('gpu', 'gpu: TensorFlow on the GPU'),
};

/** Unless the environment says otherwise. */
const TENSORFLOW_SETTINGS = {
  /** Warnings and errors only. */
  TF_CPP_MIN_LOG_LEVEL: '1',
  /** Products on GPUs in whole single precision, of which TF32 would keep three digits. */
  NVIDIA_TF32_OVERRIDE: '0',
  /** The same numbers each time. */
  TF_DETERMINISTIC_OPS: '1',
  /** Memory of a GPU as it is needed, so that runs side by side share it. */
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
};

async function startTensorFlow(kind: NativeKind, description: string): Promise<string> {
  const { name, setup } = NATIVE_PACKAGES[kind];
  const path = findNativePackage(kind);
  if (path === undefined) throw new Error(`backend ${kind}: ${name} is not installed; run \`${setup}\``);
  // TensorFlow reads these when its library is loaded.
  for (const [setting, value] of Object.entries(TENSORFLOW_SETTINGS)) process.env[setting] ??= value;
  try {
    createRequire(import.meta.url)(path);
  } catch (error) {
    const cause = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(`backend ${kind}: ${name} at ${path} does not load (${cause}); run \`${setup}\``, {
      cause: error,
    });
  }
  await activate('tensorflow');
  // TensorFlow would go on in silence, on the CPU.
  if (kind === 'gpu' && !(tf.backend() as { readonly isUsingGpuDevice?: boolean }).isUsingGpuDevice) {
    throw new Error(
      'backend gpu: TensorFlow finds no GPU: it needs an NVIDIA one with its driver (`nvidia-smi` shows it), and CUDA 11 ' +
        'with cuDNN 8 unless `npm run setup:gpu` brought CUDA along; without it, use wasm or native',
    );
  }
  return description;
}

async function activate(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`backend: ${name} did not start`);
}
