import { type Palette, palette } from '../palette.js';
import { sprite, turned } from '../sprite.js';
import { HALF_WIDTH, THEMES } from './road.js';

export const PANEL = 0;
const CAR = 1;
const GLASS = 2;
const TIRE = 3;
export const ASPHALT = 4;
const LINE = 5;
const KERB_RED = 6;
const KERB_WHITE = 7;
export const GAUGE = 8;
export const CLOCK = 9;
/** Each theme has three colours of its own: land, and two of what stands on it. */
const FIRST_THEME = 10;

export const COLORS: Palette = palette(
  [20, 20, 28],
  [244, 208, 60],
  [40, 60, 90],
  [24, 24, 28],
  [92, 94, 102],
  [226, 226, 214],
  [206, 58, 52],
  [238, 236, 228],
  [120, 220, 130],
  [240, 150, 90],
  // Meadow, desert, snow, dusk.
  ...([
    [84, 150, 70],
    [36, 92, 48],
    [150, 150, 140],
    [208, 176, 116],
    [96, 140, 72],
    [168, 118, 78],
    [206, 214, 226],
    [70, 110, 96],
    [150, 160, 178],
    [62, 58, 98],
    [34, 36, 72],
    [104, 92, 140],
  ] as const),
);

export const landOf = (theme: number): number => FIRST_THEME + 3 * theme;

/** How wide a row of the road is, kerbs and all. */
const KERB = 3;
export const ROAD_WIDTH = 2 * (HALF_WIDTH + KERB);
/** The middle line begins or ends every so many pixels along the road, and kerbs change their colour twice as rarely. */
export const PATTERN = 8;

/** The four rows that the road consists of, in the order of its pattern. */
export const ROAD_ROWS: readonly Uint8Array[] = [KERB_RED, KERB_WHITE].flatMap((kerb) =>
  [ASPHALT, LINE].map((line) => {
    const row = new Uint8Array(ROAD_WIDTH).fill(ASPHALT);
    row.fill(kerb, 0, KERB);
    row.fill(kerb, ROAD_WIDTH - KERB);
    row.fill(line, ROAD_WIDTH / 2 - 1, ROAD_WIDTH / 2 + 1);
    return row;
  }),
);

const UPRIGHT_CAR = sprite(
  [
    '...............',
    '.....#####.....',
    '...t#######t...',
    '...t#######t...',
    '...t#######t...',
    '....#ooooo#....',
    '....#ooooo#....',
    '....#######....',
    '....#######....',
    '....#######....',
    '....#ooooo#....',
    '...t#######t...',
    '...t#######t...',
    '...t#######t...',
    '....#######....',
  ],
  { '#': CAR, o: GLASS, t: TIRE },
);

/** The car turned by -HEADINGS to HEADINGS times a 64th of a turn. */
export const HEADINGS = 12;
export const CARS = turned(
  UPRIGHT_CAR,
  Array.from({ length: 2 * HEADINGS + 1 }, (_, i) => (i - HEADINGS) / 64),
);

const TREE = [
  '....####....',
  '..########..',
  '.##########.',
  '############',
  '############',
  '############',
  '.##########.',
  '..########..',
  '....####....',
  '.....oo.....',
  '.....oo.....',
];
const STONE = [
  '............',
  '...oooo.....',
  '..oooooooo..',
  '.oooooooooo.',
  '.oooooooooo.',
  '..oooooooo..',
];

/** What stands beside the road, by theme and kind. */
export const OBJECTS = Array.from({ length: THEMES }, (_, theme) =>
  [TREE, STONE].map((rows) => sprite(rows, { '#': landOf(theme) + 1, o: landOf(theme) + 2 })),
);
