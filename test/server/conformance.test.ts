import t from 'tap';
import { listEnvs } from '../../envs/index.js';
import { conforms } from '../envs/conformance.js';
import { makeOverWire } from './wire-driver.js';

for (const { spec } of listEnvs()) conforms(t, makeOverWire, { id: spec.id });
