/** A page that connects to a server, steps an env with random actions, and draws it. */
import { type Client, connect, type Image } from '../index.js';
import { play } from './play.js';

const find = <T extends Element>(selector: string): T => document.querySelector<T>(selector)!;
const form = find<HTMLFormElement>('form');
const canvas = find<HTMLCanvasElement>('canvas');
const button = find<HTMLButtonElement>('button');
const status = find<HTMLElement>('[role=status]');
const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;

function draw({ width, height, data }: Image): void {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels.data[to] = data[from]!;
    pixels.data[to + 1] = data[from + 1]!;
    pixels.data[to + 2] = data[from + 2]!;
    pixels.data[to + 3] = 255;
  }
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
}

/** Lists the envs of the server that have a picture. */
async function listEnvs(client: Client, chosen: string | null): Promise<void> {
  const specs = (await client.list()).filter(
    ({ players, renderModes }) => players === 1 && renderModes.length > 0,
  );
  field('env').replaceChildren(...specs.map(({ id }) => new Option(id, id, false, id === chosen)));
}

let client: Client | undefined;

async function show(): Promise<void> {
  button.disabled = true;
  document.body.dataset.state = 'playing';
  try {
    const url = field('url').value;
    if (client?.url !== url) {
      client?.close();
      client = undefined;
      client = await connect(url, { client: 'farstep-browser' });
      await listEnvs(client, new URLSearchParams(location.search).get('env'));
    }
    const game = play(client, field('env').value, Number(field('seed').value), Number(field('steps').value));
    for await (const { step, picture, reward, returns } of game) {
      draw(picture);
      const past = returns.map((x) => x.toFixed(1)).join(', ') || 'none';
      status.textContent = `Step ${step}, return so far ${reward.toFixed(1)}; returns of past episodes: ${past}`;
      await new Promise(requestAnimationFrame);
    }
    document.body.dataset.state = 'done';
  } catch (error) {
    status.textContent = (error as Error).message;
    document.body.dataset.state = 'failed';
  } finally {
    button.disabled = false;
  }
}

const parameters = new URLSearchParams(location.search);
for (const name of ['url', 'seed', 'steps']) {
  const value = parameters.get(name) ?? (name === 'url' ? 'ws://127.0.0.1:7447' : null);
  if (value !== null) field(name).value = value;
}
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void show();
});
if (parameters.has('env')) void show();
