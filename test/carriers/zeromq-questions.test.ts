import { describe, expect, test } from 'vitest';
import * as zmq from 'zeromq';
import type { Ask, Told } from '../../src/carriers/port.ts';
import { createProofs, proofOf } from '../../src/carriers/zeromq/proof.ts';
import {
  isQuestion,
  nonceIn,
  questionIn,
  questionLine,
  saidIn,
  saidLine,
} from '../../src/carriers/zeromq/questions.ts';

const ask: Ask = { as: 'ann', patterns: ['build.>'], since: 'now', most: 0 };
const nothing: Told = { is: 'heard', messages: [], cursor: 'c1', more: false, warnings: [] };

describe('what is said', () => {
  test('is read as it was written', () => {
    const question = { n: 3, ask: { ...ask, from: 5 }, proof: 'ab' };
    const frame = Buffer.from(questionLine(question));
    expect(isQuestion(frame)).toBe(true);
    expect(questionIn(frame)).toEqual(question);
    const refused: Told = { is: 'refused', code: 'FORBIDDEN', reason: 'ä', hint: 'h' };
    for (const said of [{ told: nothing, bell: 5556 }, { told: refused }])
      expect(saidIn(saidLine(2, said))).toEqual({ n: 2, answer: said });
    expect(nonceIn('{"dreamos":"receive","v":1}')).toBeUndefined();
  });

  test.each([
    '{"listen":{"as":"ann","patterns":[],"since":"now","most":0},"n":1,"proof":"x"}',
    '{"listen":{"as":"ann","patterns":[1],"since":"now","most":0},"n":1,"proof":"x"}',
    '{"listen":{"as":"ann","patterns":["a"],"since":"now","most":0.5},"n":1,"proof":"x"}',
    '{"listen":{"as":"ann","patterns":["a"],"since":1,"most":0},"n":1,"proof":"x"}',
    '{"listen":{"as":"ann","patterns":["a"],"since":"now","most":0},"n":0,"proof":"x"}',
    '{"listen":{"as":"ann","patterns":["a"],"since":"now","most":0},"n":1}',
    '{"listen":null,"n":1,"proof":"x"}',
    '{"listen":',
  ])('%s is no question', (line) => {
    expect(questionIn(Buffer.from(line))).toBeUndefined();
  });

  test.each([
    '{"n":1,"is":"heard","messages":[{}],"cursor":"c","more":false,"warnings":[]}',
    '{"n":1,"is":"heard","messages":[],"more":false,"warnings":[]}',
    '{"n":1,"is":"refused","code":"X"}',
    '{"n":1,"is":"stored"}',
    '{"is":"refused","code":"X","reason":"x"}',
  ])('%s is no answer', (line) => {
    expect(saidIn(line)).toBeUndefined();
  });
});

test('who asks proves who he is by his own key, and by what this connection alone was given', () => {
  const [far, near, other] = [zmq.curveKeyPair(), zmq.curveKeyPair(), zmq.curveKeyPair()];
  const peers = new Map([
    ['host-a', near.publicKey],
    ['host-c', other.publicKey],
  ]);
  const proofs = createProofs({ secretKey: far.secretKey, peers });
  const connection = Buffer.from('1');
  const nonce = proofs.nonceFor(connection);
  const proof = proofOf(near, far.publicKey, nonce);
  expect(proofs.peerOf(connection, proof)).toBe('host-a');
  expect(proofs.peerOf(Buffer.from('2'), proof)).toBeUndefined();
  expect(createProofs({ secretKey: far.secretKey, peers }).peerOf(connection, proof)).toBeUndefined();
  expect(proofs.peerOf(connection, proofOf(zmq.curveKeyPair(), far.publicKey, nonce))).toBeUndefined();
  // Made for another root, which would bring it here.
  expect(proofs.peerOf(connection, proofOf(near, other.publicKey, nonce))).toBeUndefined();
  for (const none of ['', 'ä'.repeat(64), proof.toUpperCase()]) expect(proofs.peerOf(connection, none)).toBeUndefined();
});
