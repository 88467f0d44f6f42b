import type { Color } from '../raster.js';

/** The colours of the physics envs: distinct as colours, and as grays where it matters. */
export const TABLE: Color = [236, 240, 241];
export const FRAME: Color = [127, 140, 141];
export const HAND: Color = [52, 73, 94];
export const OBJECT: Color = [230, 126, 34];
export const GOAL: Color = [39, 174, 96];
export const METAL: Color = [149, 165, 166];
