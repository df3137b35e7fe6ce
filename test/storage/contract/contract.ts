import { describe } from 'vitest';
import type { MakeStore } from './rig.ts';
import { agentRules } from './agents.ts';
import { claimRules } from './claiming.ts';
import { deadLetterRules } from './dead-letters.ts';
import { dedupeRules } from './dedupe.ts';
import { eventRules } from './events.ts';
import { handRules } from './by-hand.ts';
import { keepingRules } from './keeping.ts';
import { lookingRules } from './looking.ts';
import { orderingRules } from './ordering.ts';
import { recoveryRules } from './recovery.ts';
import { requestRules } from './requests.ts';
import { sendRules } from './sending.ts';
import { settleRules } from './settling.ts';
import { topicRules } from './topics.ts';

/** Every rule of the storage port, for one implementation. */
export function storeContract(name: string, makeStore: MakeStore): void {
  describe(name, () => {
    describe('agents and settings', () => agentRules(makeStore));
    describe('sending', () => sendRules(makeStore));
    describe('sending under a dedupe key', () => dedupeRules(makeStore));
    describe('claiming', () => claimRules(makeStore));
    describe('ordering keys', () => orderingRules(makeStore));
    describe('settling', () => settleRules(makeStore));
    describe('recovering', () => recoveryRules(makeStore));
    describe('requests', () => requestRules(makeStore));
    describe('dead letters', () => deadLetterRules(makeStore));
    describe('looking', () => lookingRules(makeStore));
    describe('changes by hand', () => handRules(makeStore));
    describe('keeping what is finished', () => keepingRules(makeStore));
    describe('events', () => eventRules(makeStore));
    describe('topics', () => topicRules(makeStore));
  });
}
