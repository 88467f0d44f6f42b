/**
 * Cyclic redundancy checks over bytes, least significant bit first. Both continue from `crc`, the value for the bytes
 * before, so that data in pieces need not be joined.
 */
export type Crc = (bytes: Uint8Array, crc?: number) => number;

/** The CRC of PNG and gzip (ISO 3309, polynomial 0x04c11db7). uint32 */
export const crc32: Crc = checksum(0xedb88320);

/** The CRC of TFRecord and iSCSI (Castagnoli, RFC 3720 appendix B.4, polynomial 0x1edc6f41). uint32 */
export const crc32c: Crc = checksum(0x82f63b78);

/** `polynomial` has its bits reversed. */
function checksum(polynomial: number): Crc {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
  return (bytes, crc = 0) => {
    let rest = ~crc;
    for (let i = 0; i < bytes.length; i++) rest = table[(rest ^ bytes[i]!) & 0xff]! ^ (rest >>> 8);
    return ~rest >>> 0;
  };
}
