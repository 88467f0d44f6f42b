import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The version of tfjs that everything here is written against. */
export const TFJS_VERSION = '4.22.0';

export const NATIVE_PACKAGES = {
  native: { name: '@tensorflow/tfjs-node', setup: 'npm run setup:native' },
  gpu: { name: '@tensorflow/tfjs-node-gpu', setup: 'npm run setup:gpu' },
} as const;

export type NativeKind = keyof typeof NATIVE_PACKAGES;

/** The folder, outside any project, that the setup commands install a native backend into. */
export function installFolder(kind: NativeKind): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'farstep', `${kind}-tfjs-${TFJS_VERSION}-node-${process.versions.modules}`);
}

/** The path of a native backend: the project's own where it has one, else what the setup command installed. */
export function findNativePackage(kind: NativeKind): string | undefined {
  const { name } = NATIVE_PACKAGES[kind];
  for (const folder of [import.meta.url, join(installFolder(kind), 'package.json')]) {
    try {
      const main = createRequire(folder).resolve(name);
      // An install without its binary, as npm leaves it where the download failed, is none.
      if (existsSync(join(main, '../../lib/napi-v8/tfjs_binding.node'))) return main;
    } catch {
      // Not here.
    }
  }
  return undefined;
}
