/** Gradients of operations that work element by element. */
import * as tf from '@tensorflow/tfjs-core';
import { differentiableOutput, gradient, unbroadcast } from './register.js';

type Binary = (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** An op of inputs a and b that broadcast: `da` and `db` give the gradients before the broadcast is summed up. */
function binary(kernelName: string, da: Binary, db: Binary): void {
  gradient(kernelName, ['a', 'b'], ({ dy, saved: { a, b } }) => ({
    a: () => unbroadcast(da(dy, a!, b!), a!.shape),
    b: () => unbroadcast(db(dy, a!, b!), b!.shape),
  }));
}

/** An op of one input x whose derivative is written through x. */
function unary(kernelName: string, dx: (dy: tf.Tensor, x: tf.Tensor) => tf.Tensor): void {
  gradient(kernelName, ['x'], ({ dy, saved: { x } }) => ({ x: () => dx(dy, x!) }));
}

/** An op of one input x whose derivative is written through its output y. */
function throughOutput(
  kernelName: string,
  op: (x: tf.Tensor) => tf.Tensor,
  dx: (dy: tf.Tensor, y: tf.Tensor) => tf.Tensor,
): void {
  gradient(kernelName, ['x', 'y'], ({ dy, saved: { x, y } }) => ({
    x: () => dx(dy, differentiableOutput(op, x!, y!)),
  }));
}

const where = (condition: tf.Tensor, dy: tf.Tensor): tf.Tensor => tf.mul(dy, tf.cast(condition, 'float32'));

export function registerElementwiseGradients(): void {
  binary(
    'Add',
    (dy) => dy,
    (dy) => dy,
  );
  binary(
    'Sub',
    (dy) => dy,
    (dy) => tf.neg(dy),
  );
  binary(
    'Multiply',
    (dy, _, b) => tf.mul(dy, b),
    (dy, a) => tf.mul(dy, a),
  );
  binary(
    'RealDiv',
    (dy, _, b) => tf.div(dy, b),
    (dy, a, b) => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
  );
  binary(
    'Maximum',
    (dy, a, b) => where(tf.greaterEqual(a, b), dy),
    (dy, a, b) => where(tf.less(a, b), dy),
  );
  binary(
    'Minimum',
    (dy, a, b) => where(tf.lessEqual(a, b), dy),
    (dy, a, b) => where(tf.greater(a, b), dy),
  );
  binary(
    'SquaredDifference',
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
  );
  binary(
    'Pow',
    (dy, a, b) => tf.mul(dy, tf.mul(b, tf.pow(a, tf.sub(b, 1)))),
    // The logarithm of a base that is not positive is taken as 0, as TensorFlow does.
    (dy, a, b) => tf.mul(dy, tf.mul(tf.pow(a, b), tf.where(tf.greater(a, 0), tf.log(a), tf.zerosLike(a)))),
  );
  // AddN has inputs by number, each with the gradient of the sum.
  tf.registerGradient({
    kernelName: 'AddN',
    saveAllInputs: true,
    gradFunc: (dy, saved) => Object.fromEntries(saved.map((_, i) => [i, () => tf.clone(dy as tf.Tensor)])),
  });

  unary('Neg', (dy) => tf.neg(dy));
  unary('Abs', (dy, x) => tf.mul(dy, tf.sign(x)));
  unary('Square', (dy, x) => tf.mul(dy, tf.mul(2, x)));
  throughOutput('Sqrt', tf.sqrt, (dy, y) => tf.div(dy, tf.mul(2, y)));
  throughOutput('Rsqrt', tf.rsqrt, (dy, y) => tf.mul(dy, tf.mul(-0.5, tf.mul(y, tf.square(y)))));
  throughOutput('Reciprocal', tf.reciprocal, (dy, y) => tf.neg(tf.mul(dy, tf.square(y))));
  throughOutput('Exp', tf.exp, (dy, y) => tf.mul(dy, y));
  throughOutput('Expm1', tf.expm1, (dy, y) => tf.mul(dy, tf.add(y, 1)));
  unary('Log', (dy, x) => tf.div(dy, x));
  unary('Log1p', (dy, x) => tf.div(dy, tf.add(x, 1)));
  unary('Sin', (dy, x) => tf.mul(dy, tf.cos(x)));
  unary('Cos', (dy, x) => tf.neg(tf.mul(dy, tf.sin(x))));
  throughOutput('Tanh', tf.tanh, (dy, y) => tf.mul(dy, tf.sub(1, tf.square(y))));
  throughOutput('Sigmoid', tf.sigmoid, (dy, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y))));
  unary('Softplus', (dy, x) => tf.mul(dy, tf.sigmoid(x)));
  unary('Relu', (dy, x) => where(tf.greater(x, 0), dy));
  throughOutput('Elu', tf.elu, (dy, y) =>
    tf.mul(dy, tf.where(tf.greater(y, 0), tf.onesLike(y), tf.add(y, 1))),
  );
  gradient('ClipByValue', ['x'], ({ dy, saved: { x }, attrs }) => ({
    x: () =>
      where(tf.logicalAnd(tf.greaterEqual(x!, attrs.clipValueMin), tf.lessEqual(x!, attrs.clipValueMax)), dy),
  }));
  gradient('Select', ['condition'], ({ dy, saved: { condition } }) => ({
    condition: () => tf.zeros(condition!.shape),
    t: () => where(condition!, dy),
    e: () => where(tf.logicalNot(condition!), dy),
  }));
  gradient('Identity', [], ({ dy }) => ({ x: () => tf.cast(dy, 'float32') }));
  gradient('Cast', [], ({ dy }) => ({ x: () => tf.clone(dy) }));

  // Steps and constants: flat wherever they have a derivative.
  for (const kernelName of ['Sign', 'Floor', 'Round', 'Ceil', 'ZerosLike', 'OnesLike', 'LogicalNot']) {
    unary(kernelName, (_, x) => tf.zeros(x.shape));
  }
  for (const kernelName of [
    ...['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual', 'LogicalAnd', 'LogicalOr'],
  ]) {
    binary(
      kernelName,
      (_, a) => tf.zeros(a.shape),
      (_, __, b) => tf.zeros(b.shape),
    );
  }
}
