import { storeContract } from '../contract/contract.ts';
import { makeFileStore } from './make-store.ts';

storeContract('mail in files', makeFileStore);
