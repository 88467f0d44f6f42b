/**
 * `npm run setup:native` and `npm run setup:gpu`: install the TensorFlow backend of tfjs into the user's cache.
 *
 * The normal way is the package's own installer, which downloads libtensorflow. Where its host cannot be reached, the
 * binding is built from the package's source against the libtensorflow inside PyPI's wheel of TensorFlow; for GPUs, NVIDIA's
 * wheels of CUDA and cuDNN are put where that library looks for them.
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

/** The first has the library and its headers. The others are those that it needs on GPUs, at one release of CUDA. */
const WHEELS: Record<NativeKind, readonly [string, ...string[]]> = {
  native: ['tensorflow-cpu==2.21.0'],
  gpu: [
    'tensorflow==2.21.0',
    'nvidia-cublas-cu12==12.9.1.4',
    'nvidia-cuda-cupti-cu12==12.9.79',
    'nvidia-cuda-nvrtc-cu12==12.9.86',
    'nvidia-cuda-runtime-cu12==12.9.79',
    'nvidia-cudnn-cu12==9.18.1.3',
    'nvidia-cufft-cu12==11.4.1.4',
    'nvidia-cusolver-cu12==11.7.5.82',
    'nvidia-cusparse-cu12==12.5.10.65',
    'nvidia-nccl-cu12==2.27.7',
    'nvidia-nvjitlink-cu12==12.9.86',
  ],
};
/** What of the wheels is unpacked. */
const WHEEL_PARTS = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/',
  'tensorflow/include/xla/tsl/',
  'nvidia/',
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
    console.log(`\nThe download failed; building the binding against ${WHEELS[kind][0]} from PyPI instead.`);
    buildAgainstWheels(kind, partial, packageFolder);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
}

/** Puts libtensorflow where the package expects it and compiles its binding. */
function buildAgainstWheels(kind: NativeKind, partial: string, packageFolder: string): void {
  const [tensorflow] = WHEELS[kind];
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `setup: ${tensorflow} is for Linux on x86-64, this is ${process.platform} on ${process.arch}`,
    );
  }
  const python = process.env.FARSTEP_PYTHON ?? 'python3';
  const downloads = join(partial, 'wheels');
  const download = ['-m', 'pip', 'download', '--no-deps', '--dest', downloads, ...WHEELS[kind]];
  need(run(python, download), `download ${WHEELS[kind].join(', ')} with pip`);
  for (const wheel of readdirSync(downloads).filter((file) => file.endsWith('.whl'))) {
    const archive = join(downloads, wheel);
    need(run(python, ['-c', UNPACK, archive, downloads, ...WHEEL_PARTS]), `unpack ${wheel}`);
    rmSync(archive);
  }

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
  if (kind === 'gpu') {
    // Where its run path points. That of the part which loads cuSOLVER leaves out cuSOLVER's own folder.
    const cuda = join(packageFolder, 'deps', 'nvidia');
    renameSync(join(downloads, 'nvidia'), cuda);
    const solver = 'libcusolver.so.11';
    symlinkSync(join('../../cusolver/lib', solver), join(cuda, 'cusparse/lib', solver));
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
  console.log(`\nInstalled into ${installFolder(kind)}`);
  console.log((await useBackend(kind)).reason);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
