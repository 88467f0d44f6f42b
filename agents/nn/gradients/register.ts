import * as tf from '@tensorflow/tfjs-core';

/** What a gradient is made from: dL/doutput, the saved tensors by name (`y` is the output), and the op's attributes. */
export interface GradientArgs {
  readonly dy: tf.Tensor;
  readonly saved: Record<string, tf.Tensor>;
  // biome-ignore lint/suspicious/noExplicitAny: each op has attributes of its own.
  readonly attrs: any;
}

/** dL/dinput of each input, made only when asked for. */
export type InputGradients = (args: GradientArgs) => Record<string, () => tf.Tensor>;

/**
 * Registers the gradient of a tfjs kernel.
 * @param save names of the inputs that the gradient needs, and `y` for the output
 */
export function gradient(kernelName: string, save: readonly string[], inputs: InputGradients): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: save.filter((name) => name !== 'y'),
    outputsToSave: [save.includes('y')],
    gradFunc: (dy, saved, attrs) =>
      inputs({
        dy: dy as tf.Tensor,
        saved: Object.fromEntries(save.map((name, i) => [name, saved[i]!])),
        attrs,
      }),
  });
}

/** True while a gradient is computed that is itself to be differentiated: then it must be made of recorded ops. */
export function isHigherOrder(): boolean {
  return tf.engine().state.gradientDepth > 0;
}

/**
 * An op's output for use in its gradient: the saved one, or, where the gradient is to be differentiated too, the op
 * once more. (tfjs records the saved copy of an output before the op itself, and so takes it for a constant.)
 */
export function differentiableOutput(op: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return isHigherOrder() ? op(x) : y;
}

/** The sum of a gradient over the axes along which an input of `shape` was broadcast. */
export function unbroadcast(dy: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, dy.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(dy, axes) : dy, shape);
}

/** The axes of a reduction as non-negative numbers; all of them where none are named. */
export function reducedAxes(axis: number | number[] | undefined, x: tf.Tensor): number[] {
  return tf.util.parseAxisParam(axis as number[], x.shape);
}

/** The shape of x with the reduced axes as 1, which broadcasts against x. */
export function keptShape(x: tf.Tensor, axes: number[]): number[] {
  return x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
}
