import t from 'tap';
import { listEnvs } from '../../envs/index.js';
import { conforms } from './conformance.js';
import { makeInProcess } from './driver.js';

for (const { spec } of listEnvs()) conforms(t, makeInProcess, { id: spec.id });
