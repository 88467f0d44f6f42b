export { Box } from './box.js';
export { Dict, Tuple } from './composite.js';
export { Discrete, MultiDiscrete } from './discrete.js';
export { spaceFromJSON } from './json.js';
export { MultiBinary } from './multi-binary.js';
export {
  type Leaf,
  type SampleMask,
  type SampleSource,
  Space,
  type SpaceJSON,
  type Value,
  type View,
} from './space.js';
export { Text } from './text.js';
