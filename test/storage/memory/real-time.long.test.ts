import { storeContract } from '../contract/contract.ts';
import { makeMemoryStore } from './make-store.ts';

storeContract('mail in memory, on real time', makeMemoryStore, 'real');
