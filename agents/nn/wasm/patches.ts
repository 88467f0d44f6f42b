/** The patches under a convolution's filter as rows of a matrix, so that a convolution is a matrix product. */
import {
  type Code,
  f32,
  f32x4,
  forLoop,
  i32,
  type Local,
  type ModuleWriter,
  plus,
  v128,
} from './assembler.js';

const PARAMS = {
  image: 'i32',
  patches: 'i32',
  examples: 'i32',
  height: 'i32',
  width: 'i32',
  channels: 'i32',
  size: 'i32',
  stride: 'i32',
} as const;

/**
 * Adds `gatherPatches` and `scatterPatches`, both `(image, patches, examples, height, width, channels, size, stride)`.
 * image is [examples, height, width, channels]; patches is [examples · rows · columns, size · size · channels], one row
 * an output position, no padding. Gather copies image into patches (im2col); scatter adds patches into image (col2im,
 * its transpose).
 */
export function writePatches(module: ModuleWriter): void {
  writeWalk(module, 'gatherPatches', (image, patch) => ({
    vector: v128.store(patch, v128.load(image)),
    single: f32.store(patch, f32.load(image)),
  }));
  writeWalk(module, 'scatterPatches', (image, patch) => ({
    vector: v128.store(image, f32x4.add(v128.load(image), v128.load(patch))),
    single: f32.store(image, f32.add(f32.load(image), f32.load(patch))),
  }));
}

type Move = (image: Code, patch: Code) => { vector: Code; single: Code };

/** A filter's row of `size · channels` floats lies in one piece in both layouts; the walk moves one such run at a time. */
function writeWalk(module: ModuleWriter, name: string, move: Move): void {
  module.func(name, PARAMS, (p, f) => {
    const i32s = (): Local => f.local('i32');
    const [imageRow, run, step, bottom, right] = [i32s(), i32s(), i32s(), i32s(), i32s()];
    const [example, y, x, filterRow, i] = [i32s(), i32s(), i32s(), i32s(), i32s()];
    const [corner, from] = [i32s(), i32s()];
    const { vector, single } = move(from.get, p.patches.get);
    const forward = (bytes: number): Code => [
      plus(from, i32.const(bytes)),
      plus(p.patches, i32.const(bytes)),
    ];
    const moveRun = [
      i.set(i32.const(3)),
      forLoop(i, run.get, 4, [vector, forward(16)]),
      i.set(i32.sub(i.get, i32.const(3))),
      forLoop(i, run.get, 1, [single, forward(4)]),
    ];
    const atLeast = i32.sub(p.size.get, i32.const(1));
    return [
      run.set(i32.mul(p.size.get, p.channels.get)),
      imageRow.set(i32.shl(i32.mul(p.width.get, p.channels.get), 2)),
      step.set(i32.shl(i32.mul(p.stride.get, p.channels.get), 2)),
      bottom.set(i32.sub(p.height.get, atLeast)),
      right.set(i32.sub(p.width.get, atLeast)),
      forLoop(example, p.examples.get, 1, [
        y.set(i32.const(0)),
        forLoop(y, bottom.get, p.stride.get, [
          x.set(i32.const(0)),
          corner.set(i32.add(p.image.get, i32.mul(y.get, imageRow.get))),
          forLoop(x, right.get, p.stride.get, [
            filterRow.set(i32.const(0)),
            forLoop(filterRow, p.size.get, 1, [
              from.set(i32.add(corner.get, i32.mul(filterRow.get, imageRow.get))),
              moveRun,
            ]),
            plus(corner, step.get),
          ]),
        ]),
        plus(p.image, i32.mul(p.height.get, imageRow.get)),
      ]),
    ];
  });
}
