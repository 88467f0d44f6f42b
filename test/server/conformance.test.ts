import t from 'tap';
import { conforms } from '../envs/conformance.js';
import { TEST_ENVS } from './test-host.js';
import { makeOverWire } from './wire-driver.js';

for (const { spec } of TEST_ENVS) conforms(t, makeOverWire, { id: spec.id });
