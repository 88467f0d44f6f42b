import type { Scenario } from '../stage.js';
import { disabled, nextStep, sameStep } from './autoreset.js';
import { hello, helloRefused } from './connection.js';
import { make, spaces } from './contract.js';
import { close, goals, render, snapshots, table } from './features.js';
import { badFrames, encodings } from './frames.js';
import { reset } from './reset.js';
import { resume } from './resume.js';
import { deadline, seats, turnSeats } from './seats.js';
import {
  crowded,
  failures,
  forgetful,
  frameTimeout,
  helloTimeout,
  idleTimeout,
  keys,
  type StagedScenario,
  shuttingDown,
} from './staged.js';
import { pipelined, step, stepRefused } from './step.js';
import { streams } from './streams.js';
import { parallel, turns } from './worlds.js';

/** What any server can be tried by. */
export const SCENARIOS: readonly Scenario[] = [
  hello,
  helloRefused,
  badFrames,
  encodings,
  make,
  spaces,
  reset,
  step,
  stepRefused,
  pipelined,
  disabled,
  nextStep,
  sameStep,
  snapshots,
  render,
  close,
  goals,
  table,
  turns,
  parallel,
  seats,
  turnSeats,
  deadline,
  resume,
  streams,
];

/** What a server of our own can be brought to. */
export const STAGED: readonly StagedScenario[] = [
  helloTimeout,
  frameTimeout,
  idleTimeout,
  keys,
  shuttingDown,
  crowded,
  forgetful,
  failures,
];
