import { sigmoid, tanh } from '../activations.js';
import type { Pointwise } from '../pointwise.js';

/**
 * One step of the recurrent cells, element by element, and the way back through it. Gates come before activation; those
 * of one sequence lie behind each other.
 */
export const CELL_FORMULAS = {
  /** c = f · c₋₁ + i · g, h = o · tanh(c); the gates are overwritten with their activations. */
  lstmCell: {
    reads: ['input', 'forget', 'candidate', 'output', 'previous'],
    scalars: [],
    writes: ['input', 'forget', 'candidate', 'output', 'cell', 'squashed', 'hidden'],
    gapped: ['input', 'forget', 'candidate', 'output'],
    formula: (o, v) => {
      const input = o.once(sigmoid(o, v.input!));
      const forget = o.once(sigmoid(o, v.forget!));
      const candidate = o.once(tanh(o, v.candidate!));
      const output = o.once(sigmoid(o, v.output!));
      const cell = o.once(o.add(o.mul(forget, v.previous!), o.mul(input, candidate)));
      const squashed = o.once(tanh(o, cell));
      return { input, forget, candidate, output, cell, squashed, hidden: o.mul(output, squashed) };
    },
  },
  /** The gates' gradients before activation; dCell becomes that of c₋₁. */
  lstmCellGradient: {
    reads: ['input', 'forget', 'candidate', 'output', 'squashed', 'previous', 'dHidden', 'dCell'],
    scalars: [],
    writes: ['dInput', 'dForget', 'dCandidate', 'dOutput', 'dCell'],
    gapped: ['input', 'forget', 'candidate', 'output', 'dInput', 'dForget', 'dCandidate', 'dOutput'],
    formula: (o, v) => {
      const one = o.constant(1);
      const slope = o.sub(one, o.mul(v.squashed!, v.squashed!));
      const dCell = o.once(o.add(o.mul(o.mul(v.dHidden!, v.output!), slope), v.dCell!));
      const flat = o.sub(one, o.mul(v.candidate!, v.candidate!));
      return {
        dInput: o.mul(o.mul(dCell, v.candidate!), o.mul(v.input!, o.sub(one, v.input!))),
        dForget: o.mul(o.mul(dCell, v.previous!), o.mul(v.forget!, o.sub(one, v.forget!))),
        dCandidate: o.mul(o.mul(dCell, v.input!), flat),
        dOutput: o.mul(o.mul(v.dHidden!, v.squashed!), o.mul(v.output!, o.sub(one, v.output!))),
        dCell: o.mul(dCell, v.forget!),
      };
    },
  },
  /**
   * n = tanh(candidate + r · hiddenCandidate), h = (1 − z) · n + z · h₋₁; `reset`, `update` and `candidate` are
   * overwritten with r, z and n.
   */
  gruCell: {
    reads: ['reset', 'update', 'candidate', 'hiddenReset', 'hiddenUpdate', 'hiddenCandidate', 'previous'],
    scalars: [],
    writes: ['reset', 'update', 'candidate', 'hidden'],
    gapped: ['reset', 'update', 'candidate', 'hiddenReset', 'hiddenUpdate', 'hiddenCandidate'],
    formula: (o, v) => {
      const reset = o.once(sigmoid(o, o.add(v.reset!, v.hiddenReset!)));
      const update = o.once(sigmoid(o, o.add(v.update!, v.hiddenUpdate!)));
      const candidate = o.once(tanh(o, o.add(v.candidate!, o.mul(reset, v.hiddenCandidate!))));
      return {
        reset,
        update,
        candidate,
        hidden: o.add(candidate, o.mul(update, o.sub(v.previous!, candidate))),
      };
    },
  },
  /** The gradients of both parts of the gates; dHidden becomes the part of that of h₋₁ that does not go through them. */
  gruCellGradient: {
    reads: ['reset', 'update', 'candidate', 'hiddenCandidate', 'previous', 'dHidden'],
    scalars: [],
    writes: [
      'dReset',
      'dUpdate',
      'dCandidate',
      'dHiddenReset',
      'dHiddenUpdate',
      'dHiddenCandidate',
      'dHidden',
    ],
    gapped: [
      ...['reset', 'update', 'candidate', 'hiddenCandidate'],
      ...['dReset', 'dUpdate', 'dCandidate', 'dHiddenReset', 'dHiddenUpdate', 'dHiddenCandidate'],
    ],
    formula: (o, v) => {
      const one = o.constant(1);
      const open = o.once(o.sub(one, v.update!));
      const flat = o.sub(one, o.mul(v.candidate!, v.candidate!));
      const dCandidate = o.once(o.mul(o.mul(v.dHidden!, open), flat));
      const dReset = o.once(
        o.mul(o.mul(dCandidate, v.hiddenCandidate!), o.mul(v.reset!, o.sub(one, v.reset!))),
      );
      const difference = o.sub(v.previous!, v.candidate!);
      const dUpdate = o.once(o.mul(o.mul(v.dHidden!, difference), o.mul(v.update!, open)));
      return {
        ...{ dReset, dUpdate, dCandidate, dHiddenReset: dReset, dHiddenUpdate: dUpdate },
        dHiddenCandidate: o.mul(dCandidate, v.reset!),
        dHidden: o.mul(v.dHidden!, v.update!),
      };
    },
  },
} as const satisfies Record<string, Pointwise>;
