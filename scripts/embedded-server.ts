import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A farstep server in a process of its own, so that envs step on another core than the agent learns on. */
export interface EmbeddedServer {
  readonly url: string;
  /** Resident memory of the server's process, bytes, after a garbage collection. */
  memory(): Promise<number>;
  close(): Promise<void>;
}

const PROCESS = fileURLToPath(new URL('./server-process.js', import.meta.url));

/** Starts a server on a free port of the loopback. It ends with this process, however this one ends. */
export async function startEmbeddedServer(): Promise<EmbeddedServer> {
  const child = fork(PROCESS, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  const { url } = (await reply(child, 'the server')) as { url: string };
  child.unref();
  child.channel?.unref();
  return {
    url,
    memory: async () => {
      child.channel?.ref();
      child.send('memory');
      const { memory } = (await reply(child, 'the server')) as { memory: number };
      child.channel?.unref();
      return memory;
    },
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      const exited = new Promise((resolve) => child.once('exit', resolve));
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** The child's next message; rejects if it ends instead. */
export function reply(child: ChildProcess, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`${name} ended with exit code ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}
