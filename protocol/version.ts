/** The version of this package, as package.json has it: here too, because browsers cannot read that. */
export const VERSION = '0.1.0';
