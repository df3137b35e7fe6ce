import { inProcess } from './engines.ts';
import { dumpContract } from './pairs.ts';

dumpContract(inProcess.flatMap((from) => inProcess.map((to) => ({ from, to }))));
