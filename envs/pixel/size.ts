/** The screen in pixels, as ALE's. */
export const WIDTH = 160;
export const HEIGHT = 210;
