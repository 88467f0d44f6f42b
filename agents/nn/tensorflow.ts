import * as tf from '@tensorflow/tfjs-core';

/** What this project uses of the backend of @tensorflow/tfjs-node and @tensorflow/tfjs-node-gpu. */
interface NodeBackend {
  readonly binding: Readonly<
    Record<'TF_ATTR_BOOL' | 'TF_ATTR_INT' | 'TF_ATTR_STRING' | 'TF_ATTR_TYPE', number>
  >;
  executeSingleOutput(name: string, attrs: Attribute[], inputs: tf.Tensor[]): tf.Tensor;
  incRef(dataId: object): void;
}

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** TensorFlow's number of the type float. */
const DT_FLOAT = 1;

/**
 * TensorFlow operations without tfjs's engine in between, which costs as much again as a small operation. Nothing is
 * recorded for gradients. Run inside tf.tidy, which disposes what they return.
 */
export class TensorFlow {
  constructor(readonly backend: NodeBackend) {}

  #run(name: string, inputs: tf.Tensor[], attributes: Attribute[] = []): tf.Tensor {
    const type = { name: 'T', type: this.backend.binding.TF_ATTR_TYPE, value: DT_FLOAT };
    return this.backend.executeSingleOutput(name, [type, ...attributes], inputs);
  }

  #boolean(name: string, value: boolean): Attribute {
    return { name, type: this.backend.binding.TF_ATTR_BOOL, value };
  }

  /** Products of the last two axes. */
  matMul(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
    return a.rank === 2
      ? this.#run(
          'MatMul',
          [a, b],
          [this.#boolean('transpose_a', transposeA), this.#boolean('transpose_b', transposeB)],
        )
      : this.#run(
          'BatchMatMulV2',
          [a, b],
          [this.#boolean('adj_x', transposeA), this.#boolean('adj_y', transposeB)],
        );
  }

  /** x plus a bias along its last axis. */
  biasAdd(x: tf.Tensor, bias: tf.Tensor): tf.Tensor {
    return this.#run('BiasAdd', [x, bias]);
  }

  /** The gradient of that bias: dy summed over all axes but the last. */
  biasGradient(dy: tf.Tensor): tf.Tensor {
    return this.#run('BiasAddGrad', [dy]);
  }

  add(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return this.#run('AddV2', [a, b]);
  }

  /** The same numbers in another shape; -1 for what is left. */
  reshape(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
    const known = shape.reduce((product, length) => (length < 0 ? product : product * length), 1);
    const full = shape.map((length) => (length < 0 ? x.size / known : length));
    if (x.rank === full.length && x.shape.every((length, axis) => length === full[axis])) return x;
    return tf.reshape(x, full);
  }

  /** y = activation(z), and dL/dz of dL/dy through y. */
  activate(name: 'relu' | 'tanh' | 'sigmoid', z: tf.Tensor): tf.Tensor {
    return this.#run(ACTIVATIONS[name].op, [z]);
  }

  undoActivation(name: 'relu' | 'tanh' | 'sigmoid', dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
    const { gradient, outputFirst } = ACTIVATIONS[name];
    return this.#run(gradient, outputFirst ? [y, dy] : [dy, y]);
  }

  conv2d(x: tf.Tensor, filter: tf.Tensor, stride: number): tf.Tensor {
    return this.#run('Conv2D', [x, filter], this.#convolution(stride));
  }

  conv2dInputGradient(shape: number[], filter: tf.Tensor, dy: tf.Tensor, stride: number): tf.Tensor {
    const sizes = tf.tensor1d(shape, 'int32');
    return this.#run('Conv2DBackpropInput', [sizes, filter, dy], this.#convolution(stride));
  }

  conv2dFilterGradient(x: tf.Tensor, shape: number[], dy: tf.Tensor, stride: number): tf.Tensor {
    const sizes = tf.tensor1d(shape, 'int32');
    return this.#run('Conv2DBackpropFilter', [x, sizes, dy], this.#convolution(stride));
  }

  #convolution(stride: number): Attribute[] {
    const { binding } = this.backend;
    const string = (name: string, value: string): Attribute => ({
      name,
      type: binding.TF_ATTR_STRING,
      value,
    });
    return [
      { name: 'strides', type: binding.TF_ATTR_INT, value: [1, stride, stride, 1] },
      string('padding', 'VALID'),
      string('data_format', 'NHWC'),
      this.#boolean('use_cudnn_on_gpu', true),
      { name: 'dilations', type: binding.TF_ATTR_INT, value: [1, 1, 1, 1] },
    ];
  }
}

const ACTIVATIONS = {
  relu: { op: 'Relu', gradient: 'ReluGrad', outputFirst: false },
  tanh: { op: 'Tanh', gradient: 'TanhGrad', outputFirst: true },
  sigmoid: { op: 'Sigmoid', gradient: 'SigmoidGrad', outputFirst: true },
} as const;

let current: TensorFlow | undefined;

/** TensorFlow's operations while it is the backend, else undefined. */
export function tensorFlow(): TensorFlow | undefined {
  if (tf.getBackend() !== 'tensorflow') return undefined;
  const backend = tf.backend() as unknown as NodeBackend;
  if (current?.backend !== backend) current = new TensorFlow(backend);
  return current;
}
