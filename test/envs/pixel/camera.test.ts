import t from 'tap';
import { createRng } from '../../../envs/index.js';
import { Camera, type CameraSettings } from '../../../envs/pixel/camera.js';
import { palette } from '../../../envs/pixel/palette.js';
import { Screen } from '../../../envs/pixel/screen.js';
import { WIDTH } from '../../../envs/pixel/size.js';
import { sprite } from '../../../envs/pixel/sprite.js';

const COLORS = palette([0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 100, 50]);
const GRAY: CameraSettings = { channels: [COLORS.gray], size: null, maxPool: false };

t.test('gray has the weights of ALE', async (t) => {
  // round(0.2989 r + 0.587 g + 0.114 b)
  t.same([...COLORS.gray.brightness.subarray(0, 6)], [0, 76, 150, 29, 124, 0]);
});

t.test('pictures: gray, and colours side by side', async (t) => {
  const screen = new Screen();
  screen.paintRect(0, 0, 1, 1, 4);
  const gray = new Camera(screen, GRAY);
  gray.shoot();
  t.same(gray.shape, [210, 160]);
  t.equal(gray.picture[0], 124);
  screen.touched.fill();
  const rgb = new Camera(screen, { ...GRAY, channels: COLORS.rgb, size: 84 });
  rgb.shoot();
  t.same(rgb.shape, [84, 84, 3]);
  // The pixel is 42 of the 200 parts of the first one of the picture.
  t.same([...rgb.picture.subarray(0, 6)], [42, 21, 10, 0, 0, 0]);
});

t.test('a pooled picture is the brighter of two frames, pixel by pixel and channel by channel', async (t) => {
  const screen = new Screen();
  const gray = new Camera(screen, { ...GRAY, maxPool: true });
  screen.drawRect(0, 0, 2, 1, 3);
  gray.remember();
  screen.clear();
  screen.drawRect(1, 0, 2, 1, 2);
  gray.shoot();
  t.same([...gray.picture.subarray(0, 4)], [29, 150, 150, 0]);
  gray.remember();
  gray.shoot();
  t.same([...gray.picture.subarray(0, 4)], [0, 150, 150, 0], 'the frame before the last is forgotten');

  const rgb = new Camera(screen, { ...GRAY, channels: COLORS.rgb, maxPool: true });
  screen.touched.fill();
  rgb.remember();
  screen.clear();
  screen.drawRect(1, 0, 1, 1, 4);
  rgb.shoot();
  t.same([...rgb.picture.subarray(3, 9)], [200, 255, 50, 0, 255, 0]);
});

t.test('what is computed of the changes is the same as computed of everything', async (t) => {
  const rng = createRng('pcg64', 1);
  const arrow = sprite(['.1.', '111', '.1.'], { 1: 1 });
  for (const settings of [
    GRAY,
    { ...GRAY, maxPool: true },
    { ...GRAY, size: 84, maxPool: true },
    { channels: COLORS.rgb, size: 50, maxPool: true },
  ]) {
    const screen = new Screen();
    const other = new Screen();
    const camera = new Camera(screen, settings);
    const scene = () => {
      screen.clear();
      if (rng.integers(0, 3) === 0) screen.paintRect(rng.integers(-9, 160), rng.integers(-9, 210), 7, 5, 2);
      if (rng.integers(0, 3) === 0) screen.paintSprite(arrow, rng.integers(-3, 160), rng.integers(-3, 210));
      screen.drawRect(rng.integers(-20, 170), rng.integers(-20, 220), 12, 3, rng.integers(1, 5));
      screen.drawSprite(arrow, rng.integers(-3, 163), rng.integers(-3, 213));
    };
    let mismatches = 0;
    for (let i = 0; i < 60; i++) {
      scene();
      camera.remember();
      const before = screen.pixels.slice();
      scene();
      camera.shoot();
      other.pixels.set(screen.pixels);
      const fresh = new Camera(other, settings);
      fresh.retake(settings.maxPool ? before : undefined);
      if (Buffer.compare(fresh.picture, camera.picture) !== 0) mismatches++;
    }
    t.equal(mismatches, 0, `${settings.channels.length} channels, size ${settings.size}`);
  }
});

t.test('figures leave the background as it was', async (t) => {
  const screen = new Screen();
  screen.paintRect(10, 10, 20, 20, 2);
  screen.paintText('7', 40, 10, 3, 2);
  const before = screen.pixels.slice();
  screen.drawRect(5, 5, 15, 15, 4);
  screen.drawSprite(sprite(['##'], { '#': 1 }), 12, 12);
  t.equal(screen.pixels[12 * WIDTH + 13], 1);
  screen.clear();
  t.same(screen.pixels, before);
});
