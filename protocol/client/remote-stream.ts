import { FarstepError } from '../errors.js';
import { layOutLeaf } from '../frames.js';
import type { AutoresetMode, Contract, Subscribed } from '../messages.js';
import { decodeSample, type Sample, type SampleLayout } from '../samples.js';
import type { Space } from '../spaces/index.js';
import type { EnvSpec } from '../spec.js';
import type { Connection, StreamEvents } from './connection.js';
import { contractLayout } from './contract-layout.js';

/** A sample, and how many before it this subscriber did not get. */
export type StreamSample = Sample & { readonly lost: number };

/**
 * What happens to somebody else's vector env, sample by sample, for one loop to read:
 *
 *     for await (const sample of stream) ...
 *
 * A loop that is slower than the stepper loses samples, which `lost` counts, and never slows it. The loop ends when the
 * vector env is closed. A lost connection costs samples, no more.
 */
export class RemoteStream implements AsyncIterable<StreamSample>, StreamEvents {
  readonly spec: EnvSpec;
  readonly numEnvs: number;
  /** Space of one env's observation. */
  readonly observationSpace: Space;
  /** Space of one env's action. */
  readonly actionSpace: Space;
  readonly autoreset: AutoresetMode;
  readonly contract: Contract;
  readonly #connection: Connection;
  readonly #number: number;
  readonly #layout: SampleLayout;
  /** Samples that nobody has read yet, at most as many as there were credits. */
  readonly #queue: StreamSample[] = [];
  /** Samples given credit for, at first and as they are read. */
  readonly #window: number;
  /** Samples read since credit was last given. */
  #read = 0;
  /** Samples that came, and those that are known to have been sent to a connection that was lost. */
  #received = 0;
  #astray = 0;
  #sequence: number;
  #lost = 0;
  /** Why no more samples come: an error, or null where the stream is over. */
  #end: FarstepError | null | undefined;
  /** Wakes the reader that waits. */
  #wake = (): void => {};

  constructor(connection: Connection, { stream, sequence, contract }: Subscribed, window: number) {
    this.#connection = connection;
    this.#number = stream;
    this.#sequence = sequence;
    this.#window = window;
    this.contract = contract;
    this.spec = contract.spec;
    this.numEnvs = contract.numEnvs;
    this.autoreset = contract.autoreset;
    const { observationSpace, actionSpace, layout } = contractLayout(contract);
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.#layout = { ...layout, actions: actionSpace.leaves.map(layOutLeaf) };
  }

  /** Samples that this subscriber did not get so far. */
  get lost(): number {
    return this.#lost;
  }

  onSample(frame: Uint8Array): void {
    const sample = decodeSample(frame, this.#layout, this.numEnvs);
    const lost = sample.sequence - this.#sequence - 1;
    if (lost < 0)
      throw new FarstepError('bad_reply', `sample ${sample.sequence} came behind ${this.#sequence}`);
    this.#sequence = sample.sequence;
    this.#lost += lost;
    this.#received++;
    this.#queue.push({ ...sample, lost });
    this.#wake();
  }

  onEnd(error: FarstepError | null): void {
    this.#end ??= error;
    this.#wake();
  }

  onResumed(): void {
    // What was on its way has used up credit.
    this.#credit(0).then((sent) => {
      const astray = sent - this.#received - this.#astray;
      this.#astray += astray;
      return astray > 0 ? this.#credit(astray) : sent;
    }, this.#onRefused);
  }

  /** The samples from here on. There is one reader: who reads twice shares them out. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamSample, void, void> {
    try {
      for (;;) {
        const sample = this.#queue.shift();
        if (sample) {
          this.#give();
          yield sample;
        } else if (this.#end === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        } else if (this.#end === null) {
          return;
        } else {
          throw this.#end;
        }
      }
    } finally {
      await this.close();
    }
  }

  /** Ends the subscription: the loop reads what has come, and ends. */
  async close(): Promise<void> {
    if (this.#end !== undefined) return;
    this.onEnd(null);
    this.#connection.unlisten(this.#number);
    await this.#connection
      .request<'unsubscribe'>({ type: 'unsubscribe', stream: this.#number })
      .catch((error: FarstepError) => {
        if (error.recoverable) return; // it was over before
        throw error;
      });
  }

  /** Credit for what is read, a good deal at a time. */
  #give(): void {
    this.#read++;
    if (this.#read < this.#window / 2) return;
    this.#credit(this.#read).catch(this.#onRefused);
    this.#read = 0;
  }

  async #credit(credits: number): Promise<number> {
    const { sent } = await this.#connection.request<'credit'>({
      type: 'credit',
      stream: this.#number,
      credits,
    });
    return sent;
  }

  readonly #onRefused = (error: FarstepError): void => {
    this.onEnd(error.code === 'no_such_stream' ? null : error);
  };
}
