import type { ActivationName } from './activations.js';
import { fanInUniform, type Initializer } from './init.js';
import { conv, type FilterOptions, type ImageShape } from './layers/conv.js';
import { convTranspose } from './layers/conv-transpose.js';
import { dense } from './layers/dense.js';
import type { Layer } from './layers/layer.js';
import { Sequential } from './sequential.js';

export interface Autoencoder {
  /** Inputs to their reconstructions, flat. Its parameters are the encoder's and, behind them, the decoder's. */
  readonly network: Sequential;
  /** Inputs to codes. */
  readonly encoder: Sequential;
  /** Codes to reconstructions, flat. */
  readonly decoder: Sequential;
}

export interface AutoencoderOptions {
  readonly inputs: number | ImageShape;
  /** Convolutions of the encoder, whose transposes the decoder ends with. */
  readonly conv?: readonly FilterOptions[];
  /** Widths of the encoder's dense layers; the decoder has them in reverse. */
  readonly hidden: readonly number[];
  /** Numbers of a code. */
  readonly code: number;
  /** After each layer but the code and the reconstruction; relu unless told. */
  readonly activation?: ActivationName;
  /** After the reconstruction: sigmoid for inputs in [0, 1]; linear unless told. */
  readonly outputActivation?: ActivationName;
  readonly inputScale?: number;
  readonly init?: Initializer;
}

/**
 * A network that squeezes its inputs through a code and restores them (Hinton and Salakhutdinov 2006).
 * @throws Error where a filter does not tile its input: its transpose would restore another size
 */
export function autoencoder(options: AutoencoderOptions): Autoencoder {
  const { conv: filters = [], hidden, code, activation = 'relu', outputActivation = 'linear' } = options;
  const { init = fanInUniform, inputScale } = options;
  const inputs = [options.inputs].flat() as number[];

  const images: (readonly number[])[] = [inputs];
  const encoder: Layer[] = filters.map((filter) => {
    const [height, width] = images.at(-1)! as ImageShape;
    const { size, stride } = filter;
    if ((height - size) % stride !== 0 || (width - size) % stride !== 0) {
      throw new Error(`autoencoder: a filter of ${size}×${size}/${stride} does not tile ${height}×${width}`);
    }
    const layer = conv(images.at(-1)! as ImageShape, filter, activation, init);
    images.push(layer.outputs);
    return layer;
  });
  const flat = images.at(-1)!.reduce((size, length) => size * length, 1);
  const widths = [flat, ...hidden, code];
  for (const [i, units] of widths.slice(1).entries()) {
    encoder.push(dense([widths[i]!], units, i === hidden.length ? 'linear' : activation, init));
  }

  const decoder: Layer[] = [];
  const after = (isLast: boolean): ActivationName => (isLast ? outputActivation : activation);
  for (let i = widths.length - 1; i > 0; i--) {
    decoder.push(dense([widths[i]!], widths[i - 1]!, after(i === 1 && filters.length === 0), init));
  }
  for (let i = filters.length; i > 0; i--) {
    const filter = { ...filters[i - 1]!, filters: images[i - 1]![2]! };
    decoder.push(convTranspose(images[i]! as ImageShape, filter, after(i === 1), init));
  }
  return {
    network: new Sequential(inputs, [...encoder, ...decoder], inputScale),
    encoder: new Sequential(inputs, encoder, inputScale),
    decoder: new Sequential([code], decoder),
  };
}
