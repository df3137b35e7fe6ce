import { inProcess } from './engines.ts';
import { historiesContract } from './histories.ts';

historiesContract(inProcess.map((from) => ({ from, to: inProcess })));
