import { describe } from 'vitest';
import { type MakeStore, Rig } from './rig.ts';
import type { times } from './time.ts';
import { agentRules } from './agents.ts';
import { allowanceRules } from './allowances.ts';
import { claimRules } from './claiming.ts';
import { deadLetterRules } from './dead-letters.ts';
import { countingRules } from './counting.ts';
import { dedupeRules } from './dedupe.ts';
import { durationRules } from './durations.ts';
import { eventRules } from './events.ts';
import { handRules } from './by-hand.ts';
import { handOverRules } from './handing-over.ts';
import { keepingRules } from './keeping.ts';
import { lookingRules } from './looking.ts';
import { noticeRules } from './notices.ts';
import { orderingRules } from './ordering.ts';
import { presenceRules } from './presence.ts';
import { reachRules } from './reaching.ts';
import { recoveryRules } from './recovery.ts';
import { refusalRules } from './refusing.ts';
import { renameRules } from './renaming.ts';
import { replaceRules } from './replacing.ts';
import { requestRules } from './requests.ts';
import { sendRules } from './sending.ts';
import { settleRules } from './settling.ts';
import { topicRules } from './topics.ts';

/** Every rule of the storage port, for one implementation. On real time the tests wait, so they run several at a time. */
export function storeContract(name: string, makeStore: MakeStore, time: keyof typeof times = 'still'): void {
  describe(name, { concurrent: time === 'real' }, () => {
    const rig = new Rig(makeStore, time);
    describe('agents and settings', () => agentRules(rig));
    describe('sending', () => sendRules(rig));
    describe('sending under a dedupe key', () => dedupeRules(rig));
    describe('claiming', () => claimRules(rig));
    describe('ordering keys', () => orderingRules(rig));
    describe('replace keys', () => replaceRules(rig));
    describe('notices of deaths', () => noticeRules(rig));
    describe('counting refused sends', () => refusalRules(rig));
    describe('what an agent may still send', () => allowanceRules(rig));
    describe('settling', () => settleRules(rig));
    describe('recovering', () => recoveryRules(rig));
    describe('requests', () => requestRules(rig));
    describe('dead letters', () => deadLetterRules(rig));
    describe('looking', () => lookingRules(rig));
    describe('changes by hand', () => handRules(rig));
    describe('handing over', () => handOverRules(rig));
    describe('keeping what is finished', () => keepingRules(rig));
    describe('events', () => eventRules(rig));
    describe('counting', () => countingRules(rig));
    describe('waiting and holding', () => durationRules(rig));
    describe('another name', () => renameRules(rig));
    describe('reaching agents in their tools', () => reachRules(rig));
    describe('who is there', () => presenceRules(rig));
    describe('topics', () => topicRules(rig));
  });
}
