/** Bytes from hex, in which blanks are free. */
export const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));

/** Bytes as hex. */
export const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
