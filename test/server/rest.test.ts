/** How long a connection is left alone after a message that took long, in exact numbers. */
import t from 'tap';
import { restMs } from '../../server/rest.js';

t.test('a rest', async (t) => {
  t.equal(restMs(0.99, 0, 50), 0, 'what is short holds nobody up');
  t.equal(restMs(1, 0, 50), 100, 'twice its time for each of the others');
  t.equal(restMs(20, 0, 1), 40);
  t.equal(restMs(20, 0, 0), 0, 'who is alone never rests');
  t.equal(restMs(0, 16e6, 1), 96, 'putting 16 MB together and unmasking it takes 48 ms');
  t.equal(restMs(2, 16e6, 1), 100, 'and handling it comes on top');
  t.equal(restMs(100, 0, 50), 10_000, 'ten seconds at most');
  t.equal(restMs(100, 0, 49), 9800);
});
