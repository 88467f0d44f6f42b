/**
 * Operations of tfjs that its wasm backend lacks (the gradient of a convolution's filter, segment sums) or is slow at
 * (products of transposed matrices, the gradient of a convolution's input, the clones that the tape saves, which it
 * copies), on this project's kernels.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type TensorHeap, tensorHeap } from './heap.js';
import { zeros } from './init.js';
import { conv } from './layers/conv.js';
import { sizeOf } from './layers/layer.js';
import { multiply } from './multiply.js';

const FLOAT = 4;

type Op = (heap: TensorHeap, inputs: tf.NamedTensorInfoMap, attrs: never) => tf.TensorInfo;

function register(kernelName: string, op: Op): void {
  if (tf.getKernel(kernelName, 'wasm') !== undefined) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => op(tensorHeap()!, inputs, attrs as never),
  });
}

/** Replaces and adds the operations, once the wasm backend's own are registered. */
export function registerWasmOps(): void {
  register('Identity', (heap, { x }) => heap.share(x!));
  register('BatchMatMul', batchMatMul);
  register('Conv2DBackpropInput', conv2dInputGradient);
  register('Conv2DBackpropFilter', conv2dFilterGradient);
  register('UnsortedSegmentSum', unsortedSegmentSum);
}

/** Products of the last two axes; the axes before them broadcast. */
function batchMatMul(
  heap: TensorHeap,
  { a, b }: tf.NamedTensorInfoMap,
  { transposeA, transposeB }: { transposeA: boolean; transposeB: boolean },
): tf.TensorInfo {
  const last = (shape: number[], transposed: boolean): number[] =>
    transposed ? shape.slice(-2).reverse() : shape.slice(-2);
  const [m, k] = last(a!.shape, transposeA) as [number, number];
  const [inner, n] = last(b!.shape, transposeB) as [number, number];
  if (k !== inner || a!.dtype !== 'float32' || b!.dtype !== 'float32') {
    throw new Error(
      `matMul: ${a!.dtype} [${a!.shape.join(', ')}]${transposeA ? 'ᵀ' : ''} does not fit ` +
        `${b!.dtype} [${b!.shape.join(', ')}]${transposeB ? 'ᵀ' : ''}`,
    );
  }
  const [aOuter, bOuter] = [a!.shape.slice(0, -2), b!.shape.slice(0, -2)];
  const [aCount, bCount] = [sizeOf(aOuter), sizeOf(bOuter)];
  if (aCount !== bCount && aCount !== 1 && bCount !== 1) {
    throw new Error(`matMul: ${aCount} matrices against ${bCount}, expected as many or one`);
  }
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(aOuter, bOuter);
  const out = heap.output([...outer, m, n]);
  const [aStart, bStart, cStart] = [heap.pointer(a!), heap.pointer(b!), heap.pointer(out)];
  for (let i = 0; i < sizeOf(outer); i++) {
    const [at, from] = [aStart + FLOAT * (i % aCount) * m * k, bStart + FLOAT * (i % bCount) * k * n];
    const c = cStart + FLOAT * i * m * n;
    multiply(heap.kernels, { a: at, transposeA, b: from, transposeB, c, m, n, k });
  }
  return out;
}

interface ConvAttrs {
  readonly strides: number | [number, number];
  readonly pad: string | number;
}

/** The layer that computes this convolution. */
function layerOf(input: number[], filter: number[], { strides, pad }: ConvAttrs) {
  const [stride, across = stride] = [strides].flat() as [number, number?];
  const [rows, columns, , filters] = filter as [number, number, number, number];
  if (pad !== 'valid' || stride !== across || rows !== columns) {
    throw new Error(
      `conv2d: its gradient on wasm takes square filters, equal strides and no padding, ` +
        `not a filter of [${filter.join(', ')}], strides ${JSON.stringify(strides)} and padding '${pad}'`,
    );
  }
  return conv(input.slice(1) as [number, number, number], { filters, size: rows, stride }, 'linear', zeros);
}

function conv2dInputGradient(
  heap: TensorHeap,
  { dy, filter }: tf.NamedTensorInfoMap,
  attrs: ConvAttrs & { inputShape: number[] },
): tf.TensorInfo {
  const layer = layerOf(attrs.inputShape, filter!.shape, attrs);
  const batch = attrs.inputShape[0]!;
  const out = heap.output(attrs.inputShape);
  const scratch = heap.scratch(layer.scratch(batch));
  const [parameters, dz, dx] = [heap.pointer(filter!), heap.pointer(dy!), heap.pointer(out)];
  layer.inputGradient(heap, { batch, parameters, x: 0, dz, dx, scratch });
  return out;
}

function conv2dFilterGradient(
  heap: TensorHeap,
  { x, dy }: tf.NamedTensorInfoMap,
  attrs: ConvAttrs & { filterShape: number[] },
): tf.TensorInfo {
  const layer = layerOf(x!.shape, attrs.filterShape, attrs);
  const batch = x!.shape[0]!;
  const weights = sizeOf(attrs.filterShape);
  const out = heap.output(attrs.filterShape);
  // The layer's gradient has a bias behind the filter, which this op has not.
  const own = layer.scratch(batch);
  const scratch = heap.scratch(own + weights + layer.outputs[2]!);
  const gradient = scratch + FLOAT * own;
  const [from, dz] = [heap.pointer(x!), heap.pointer(dy!)];
  layer.parameterGradient(heap, { batch, parameters: 0, x: from, dz, gradient, scratch });
  heap.copy(gradient, heap.pointer(out), weights);
  return out;
}

/** out [numSegments, ...] = the sum of the rows of x with each segment's id. Rows with a negative id are left out. */
function unsortedSegmentSum(
  heap: TensorHeap,
  { x, segmentIds }: tf.NamedTensorInfoMap,
  { numSegments }: { numSegments: number },
): tf.TensorInfo {
  const width = sizeOf(x!.shape.slice(1));
  const out = heap.output([numSegments, ...x!.shape.slice(1)]);
  const { floats } = heap;
  const [from, to] = [heap.pointer(x!) / FLOAT, heap.pointer(out) / FLOAT];
  const ids = new Int32Array(floats.buffer, heap.pointer(segmentIds!), x!.shape[0]!);
  floats.fill(0, to, to + numSegments * width);
  for (const [row, id] of ids.entries()) {
    if (id < 0) continue;
    for (let i = 0; i < width; i++) floats[to + id * width + i]! += floats[from + row * width + i]!;
  }
  return out;
}
