/**
 * Whether a connection comes from where it may. Browsers say which page opens a WebSocket, and let any page open one to
 * any server, the one on the reader's own machine too; programs say nothing. Welcome are programs, pages of the loopback,
 * and those of `origins`, where `*` stands for all. That a page comes from the host that it connects to says nothing:
 * whoever has a name can have it lead here.
 */
export function isWelcomeOrigin(origin: string | undefined, origins: readonly string[]): boolean {
  if (origin === undefined || origins.includes('*') || origins.includes(origin)) return true;
  return URL.canParse(origin) && isLoopback(new URL(origin).hostname); // `null` is of a page without an origin
}

/** Whether nobody but this machine is behind the name of a host. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' ||
  hostname === '[::1]' ||
  hostname === '::1' ||
  /^127(\.\d{1,3}){3}$/.test(hostname);
