/** An env without trouble, for servers that load it as one of their users'. */
import type { EnvDefinition } from '../../envs/env.js';
import { envs as troubled } from './troubled-envs.js';

const [definition] = troubled as [EnvDefinition];

export const envs = [{ ...definition, spec: { ...definition.spec, id: 'Test/Own-v0' } }];
