/** How commands write what they tell. */

/** 1234567.8 as 1,234,568. */
export const thousands = (x: number): string => Math.round(x).toLocaleString('en');

/** Bytes as megabytes. */
export const megabytes = (bytes: number, digits = 0): string => `${(bytes / 2 ** 20).toFixed(digits)} MB`;

/** Rows of a table in Markdown. */
export const rowOf = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

/** What is under way, in the line below everything else while it is a terminal that shows it. */
export function tellProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}\x1b[K`);
}

export const endProgress = (): void => tellProgress('');
