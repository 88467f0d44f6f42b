/** Envs by where they step: a process of their own, a thread of the server, its main thread. */
export const OWN = 'Soak/Own-v0';
export const COSTLY = 'Soak/Costly-v0';
export const CHEAP = 'Soak/Cheap-v0';
