/** What a plot shows, without a word on how it is drawn. */
export interface Figure {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Series of one name share a colour and an entry in the legend; entries are in the order of the names. */
  readonly series: readonly Series[];
}

export interface Axis {
  readonly label: string;
}

/** Points whose x or y is not finite are left out; in lines and bands they leave a gap. */
export type Series = LineSeries | PointSeries | BandSeries | LevelSeries;

export interface LineSeries {
  readonly kind: 'line';
  readonly name: string;
  readonly x: Numbers;
  readonly y: Numbers;
}

export interface PointSeries {
  readonly kind: 'points';
  readonly name: string;
  readonly x: Numbers;
  readonly y: Numbers;
  /** Small and translucent, for raw data behind its line. */
  readonly faint?: boolean;
}

/** The area between two curves, such as a confidence interval. */
export interface BandSeries {
  readonly kind: 'band';
  readonly name: string;
  readonly x: Numbers;
  readonly low: Numbers;
  readonly high: Numbers;
}

/** A dashed horizontal line, such as the return from which a task counts as solved. */
export interface LevelSeries {
  readonly kind: 'level';
  readonly name: string;
  readonly y: number;
}

export type Numbers = readonly number[] | Float64Array;
