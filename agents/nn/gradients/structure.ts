/** Gradients of reductions, products, convolutions and of operations that only move numbers. */
import * as tf from '@tensorflow/tfjs-core';
import { differentiableOutput, gradient, keptShape, reducedAxes, unbroadcast } from './register.js';

export function registerStructureGradients(): void {
  registerReductions();
  registerProducts();
  registerMoves();
}

function registerReductions(): void {
  gradient('Sum', ['x'], ({ dy, saved: { x }, attrs }) => ({
    x: () => tf.mul(tf.reshape(dy, keptShape(x!, reducedAxes(attrs.axis, x!))), tf.onesLike(x!)),
  }));
  gradient('Mean', ['x'], ({ dy, saved: { x }, attrs }) => ({
    x: () => {
      const axes = reducedAxes(attrs.axis, x!);
      const count = axes.reduce((product, axis) => product * x!.shape[axis]!, 1);
      return tf.mul(tf.reshape(tf.div(dy, count), keptShape(x!, axes)), tf.onesLike(x!));
    },
  }));
  // Among equal extremes each takes the whole gradient, as in TensorFlow.js. The mask is flat in x and y.
  for (const kernelName of ['Max', 'Min']) {
    gradient(kernelName, ['x', 'y'], ({ dy, saved: { x, y }, attrs }) => ({
      x: () => {
        const shape = keptShape(x!, reducedAxes(attrs.reductionIndices ?? attrs.axis, x!));
        return tf.mul(tf.reshape(dy, shape), tf.cast(tf.equal(x!, tf.reshape(y!, shape)), 'float32'));
      },
    }));
  }
  gradient('Cumsum', [], ({ dy, attrs }) => ({
    x: () => tf.cumsum(dy, attrs.axis, attrs.exclusive, !attrs.reverse),
  }));
  gradient('Softmax', ['logits', 'y'], ({ dy, saved: { logits, y }, attrs }) => ({
    logits: () => {
      const softmax = differentiableOutput((x) => tf.softmax(x, attrs.dim), logits!, y!);
      const weighted = tf.mul(dy, softmax);
      return tf.sub(weighted, tf.mul(tf.sum(weighted, attrs.dim, true), softmax));
    },
  }));
}

function registerProducts(): void {
  gradient('BatchMatMul', ['a', 'b'], ({ dy, saved: { a, b }, attrs: { transposeA, transposeB } }) => ({
    // A·B, with either read transposed: the gradient of what was read, transposed back where it has to be.
    a: () =>
      unbroadcast(
        transposeA ? tf.matMul(b!, dy, transposeB, true) : tf.matMul(dy, b!, false, !transposeB),
        a!.shape,
      ),
    b: () =>
      unbroadcast(
        transposeB ? tf.matMul(dy, a!, true, transposeA) : tf.matMul(a!, dy, !transposeA, false),
        b!.shape,
      ),
  }));
  type Shape4D = [number, number, number, number];
  const t4 = (tensor: tf.Tensor | undefined): tf.Tensor4D => tensor as tf.Tensor4D;
  const inputOf = (
    shape: number[],
    dy: tf.Tensor,
    filter: tf.Tensor,
    strides: number,
    pad: 'valid',
  ): tf.Tensor =>
    tf
      .engine()
      .runKernel('Conv2DBackpropInput', { dy, filter }, convAttrs(strides, pad, { inputShape: shape }));
  const filterOf = (shape: number[], x: tf.Tensor, dy: tf.Tensor, strides: number, pad: 'valid'): tf.Tensor =>
    tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, convAttrs(strides, pad, { filterShape: shape }));
  // A convolution is linear in both arguments, so these three are made of each other, to any order.
  gradient('Conv2D', ['x', 'filter'], ({ dy, saved: { x, filter }, attrs: { strides, pad } }) => ({
    x: () => inputOf(x!.shape, dy, filter!, strides, pad),
    filter: () => filterOf(filter!.shape, x!, dy, strides, pad),
  }));
  gradient('Conv2DBackpropInput', ['dy', 'filter'], ({ dy: ddx, saved: { dy, filter }, attrs }) => ({
    dy: () => tf.conv2d(t4(ddx), t4(filter), attrs.strides as [number, number], attrs.pad),
    filter: () => filterOf(filter!.shape as Shape4D, ddx, dy!, attrs.strides, attrs.pad),
  }));
  gradient('Conv2DBackpropFilter', ['x', 'dy'], ({ dy: dFilter, saved: { x, dy }, attrs }) => ({
    x: () => inputOf(x!.shape, dy!, dFilter, attrs.strides, attrs.pad),
    dy: () => tf.conv2d(t4(x), t4(dFilter), attrs.strides as [number, number], attrs.pad),
  }));
}

function convAttrs(strides: number, pad: string, shape: Record<string, number[]>): tf.NamedAttrMap {
  return { strides, pad, dataFormat: 'NHWC', dimRoundingMode: undefined as never, ...shape };
}

function registerMoves(): void {
  gradient('Reshape', ['x'], ({ dy, saved: { x } }) => ({ x: () => tf.reshape(dy, x!.shape) }));
  gradient('ExpandDims', ['input'], ({ dy, saved: { input } }) => ({
    input: () => tf.reshape(dy, input!.shape),
  }));
  gradient('Transpose', [], ({ dy, attrs }) => ({
    x: () => tf.transpose(dy, tf.backend_util.getUndoAxesPermutation(attrs.perm)),
  }));
  gradient('Slice', ['x'], ({ dy, saved: { x }, attrs }) => ({
    x: () => {
      const [begin] = tf.slice_util.parseSliceParams(x!, attrs.begin, attrs.size);
      return tf.pad(
        dy,
        begin!.map((start, axis) => [start, x!.shape[axis]! - start - dy.shape[axis]!]),
      );
    },
  }));
  gradient('PadV2', ['x'], ({ dy, saved: { x }, attrs }) => ({
    x: () =>
      tf.slice(
        dy,
        attrs.paddings.map(([before]: [number]) => before),
        x!.shape,
      ),
  }));
  gradient('Tile', ['x'], ({ dy, saved: { x }, attrs }) => ({
    // [r0, n0, r1, n1, …] summed over the repeats.
    x: () => {
      const split = x!.shape.flatMap((length, axis) => [attrs.reps[axis] as number, length]);
      return tf.sum(
        tf.reshape(dy, split),
        x!.shape.map((_, axis) => 2 * axis),
      );
    },
  }));
  gradient('GatherV2', ['x', 'indices'], ({ dy, saved: { x, indices }, attrs }) => ({
    x: () => scatterRows(dy, x!, indices!, attrs.axis),
    indices: () => tf.zeros(indices!.shape),
  }));
  gradient('UnsortedSegmentSum', ['segmentIds'], ({ dy, saved: { segmentIds } }) => ({
    // Rows of no segment took part in nothing.
    x: () => {
      const rows = tf.gather(dy, tf.maximum(segmentIds!, tf.scalar(0, 'int32')) as tf.Tensor1D);
      const taken = tf.cast(tf.greaterEqual(segmentIds!, tf.scalar(0, 'int32')), 'float32');
      return tf.mul(rows, tf.reshape(taken, [-1, ...dy.shape.slice(1).map(() => 1)]));
    },
  }));
  gradient('OneHot', ['indices'], ({ saved: { indices } }) => ({ indices: () => tf.zeros(indices!.shape) }));
  gradient('SplitV', [], ({ dy, attrs }) => ({ x: () => tf.concat(dy as never, attrs.axis) }));
  gradient('Unpack', [], ({ dy, attrs }) => ({ value: () => tf.stack(dy as never, attrs.axis) }));
  registerList('Concat', (dy, inputs, { axis }) => {
    const along = tf.util.parseAxisParam(axis, inputs[0]!.shape)[0]!;
    return tf.split(
      dy,
      inputs.map((input) => input.shape[along]!),
      along,
    );
  });
  registerList('Pack', (dy, _, { axis }) => tf.unstack(dy, axis));
}

/** An op of a list of inputs, whose gradients come as a list. */
function registerList(
  kernelName: string,
  gradients: (dy: tf.Tensor, inputs: tf.Tensor[], attrs: { axis: number }) => tf.Tensor[],
): void {
  tf.registerGradient({
    kernelName,
    saveAllInputs: true,
    gradFunc: (dy, saved, attrs) => {
      const parts = gradients(dy as tf.Tensor, saved, attrs as unknown as { axis: number });
      return Object.fromEntries(parts.map((part, i) => [i, () => part]));
    },
  });
}

/** The gradient of x where dy is that of x's slices at `indices` along `axis`: equal indices add up. */
function scatterRows(dy: tf.Tensor, x: tf.Tensor, indices: tf.Tensor, axis: number): tf.Tensor {
  const before = x.shape.slice(0, axis);
  const after = x.shape.slice(axis + 1);
  const flat = tf.reshape(dy, [...before, indices.size, ...after]);
  const front = [axis, ...before.keys(), ...after.map((_, i) => axis + 1 + i)];
  const rows = tf.unsortedSegmentSum(
    tf.transpose(flat, front),
    tf.reshape(indices, [indices.size]) as tf.Tensor1D,
    x.shape[axis]!,
  );
  return tf.transpose(rows, tf.backend_util.getUndoAxesPermutation(front));
}
