/**
 * `npm run setup:native` and `npm run setup:gpu`: install the TensorFlow backend of tfjs into the user's cache.
 *
 * The normal way is the package's own installer, which downloads libtensorflow. Where its host cannot be reached, the
 * binding for the CPU is built from the package's source against the libtensorflow inside PyPI's tensorflow-cpu wheel.
 */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { useBackend } from '../agents/nn/backend.js';
import {
  installFolder,
  NATIVE_PACKAGES,
  type NativeKind,
  TFJS_VERSION,
} from '../agents/nn/native-package.js';

const WHEEL = 'tensorflow-cpu==2.21.0';
/** What the binding needs of the wheel. */
const WHEEL_PARTS = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/',
  'tensorflow/include/xla/tsl/',
];
const UNPACK = `
import sys, zipfile
archive, target, *parts = sys.argv[1:]
with zipfile.ZipFile(archive) as wheel:
    wheel.extractall(target, [name for name in wheel.namelist() if name.startswith(tuple(parts))])
`;
const BINDING = 'lib/napi-v8/tfjs_binding.node';

/** Runs a command to its end; false where it failed. */
function run(command: string, args: readonly string[], options: SpawnSyncOptions = {}): boolean {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  return status === 0;
}

function need(done: boolean, what: string): void {
  if (!done) throw new Error(`setup: could not ${what}; its own words are above`);
}

function setup(kind: NativeKind): void {
  const { name } = NATIVE_PACKAGES[kind];
  const folder = installFolder(kind);
  const partial = `${folder}.partial`;
  const packageFolder = join(partial, 'node_modules', name);
  mkdirSync(partial, { recursive: true });
  writeFileSync(
    join(partial, 'package.json'),
    JSON.stringify({ private: true, dependencies: { [name]: TFJS_VERSION } }),
  );

  console.log(`Installing ${name} ${TFJS_VERSION} into ${folder}`);
  need(
    run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: partial }),
    `fetch ${name} from npm`,
  );
  const arguments_ = kind === 'gpu' ? ['gpu', 'download'] : [];
  const installed =
    run(process.execPath, ['scripts/install.js', ...arguments_], { cwd: packageFolder }) &&
    existsSync(join(packageFolder, BINDING));
  if (!installed) {
    if (kind === 'gpu') {
      throw new Error(
        'setup: the download of libtensorflow for GPUs failed. It comes from storage.googleapis.com, needs Linux or ' +
          'Windows on x86-64, and runs with an NVIDIA driver, CUDA 11 and cuDNN 8',
      );
    }
    console.log(`\nThe download failed; building the binding against ${WHEEL} from PyPI instead.`);
    buildAgainstWheel(partial, packageFolder);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
}

/** Puts libtensorflow where the package expects it and compiles its binding. */
function buildAgainstWheel(partial: string, packageFolder: string): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`setup: ${WHEEL} is for Linux on x86-64, this is ${process.platform} on ${process.arch}`);
  }
  const python = process.env.FARSTEP_PYTHON ?? 'python3';
  const downloads = join(partial, 'wheel');
  const download = ['-m', 'pip', 'download', '--no-deps', '--dest', downloads, WHEEL];
  need(run(python, download), `download ${WHEEL} with pip`);
  const wheel = readdirSync(downloads).find((file) => file.endsWith('.whl'))!;
  need(run(python, ['-c', UNPACK, join(downloads, wheel), downloads, ...WHEEL_PARTS]), 'unpack the wheel');

  const library = join(packageFolder, 'deps', 'lib');
  rmSync(join(packageFolder, 'deps'), { recursive: true, force: true });
  mkdirSync(library, { recursive: true });
  cpSync(join(downloads, 'tensorflow/include'), join(packageFolder, 'deps', 'include'), { recursive: true });
  for (const [file, plain] of [
    ['libtensorflow_cc.so.2', 'libtensorflow.so'],
    ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
  ] as const) {
    renameSync(join(downloads, 'tensorflow', file), join(library, file));
    symlinkSync(file, join(library, plain));
  }
  const build = [
    'rebuild',
    '--module_name=tfjs_binding',
    `--module_path=${join(packageFolder, dirname(BINDING))}`,
  ];
  const napi = [`--napi_version=${process.versions.napi}`, '--napi_build_version=8'];
  need(run(process.execPath, [nodeGyp(), ...build, ...napi], { cwd: packageFolder }), 'compile the binding');
  for (const rest of [downloads, join(packageFolder, 'build')])
    rmSync(rest, { recursive: true, force: true });
}

/** The node-gyp that comes with npm. */
function nodeGyp(): string {
  const fromNpm = process.env.npm_config_node_gyp;
  if (fromNpm !== undefined && existsSync(fromNpm)) return fromNpm;
  const { stdout } = spawnSync('npm', ['root', '--global'], { encoding: 'utf8' });
  const path = join(stdout.trim(), 'npm/node_modules/node-gyp/bin/node-gyp.js');
  if (!existsSync(path)) throw new Error('setup: npm has no node-gyp; run this through `npm run`');
  return path;
}

const kind: NativeKind = process.argv[2] === 'gpu' ? 'gpu' : 'native';
try {
  setup(kind);
  console.log(`\nInstalled. ${(await useBackend(kind)).reason}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
