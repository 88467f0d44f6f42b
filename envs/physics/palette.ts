import type { Color } from '../raster.js';

/** The colours of the physics envs, which tell apart in gray too what stands side by side. */
export const TABLE: Color = [236, 240, 241];
export const FRAME: Color = [127, 140, 141];
export const HAND: Color = [44, 62, 80];
export const OBJECT: Color = [230, 126, 34];
export const GOAL: Color = [39, 174, 96];
export const METAL: Color = [160, 170, 175];
export const FIELD: Color = [170, 210, 150];
export const LINE: Color = [245, 248, 245];
export const MATE: Color = [41, 128, 185];
