/** The process behind `startEmbeddedServer`: tells its url to the parent, answers `memory`, ends with the parent. */
import { Server } from '../server/index.js';
import { collectGarbage } from './gc.js';

const server = await Server.start();
process.send!({ url: server.url });
process.on('message', () => {
  collectGarbage();
  process.send!({ memory: process.memoryUsage().rss });
});
process.on('disconnect', () => void server.close(1000).then(() => process.exit(0)));
// Signals reach the whole group; it is the parent that decides when the server ends.
process.on('SIGINT', () => {}).on('SIGTERM', () => {});
