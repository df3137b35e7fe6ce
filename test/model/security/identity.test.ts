import { describe, expect, test } from 'vitest';
import { keyText, newKey, privateKeyOf, publicText, signBytes, verifyText } from '../../../src/core/ed25519/ed25519.ts';
import { type AgentCard, agentCardSchema } from '../../../src/model/agent.ts';
import {
  type CardKey,
  judge,
  keyIdOf,
  type Judged,
  type Pin,
  pinAs,
  rotationText,
} from '../../../src/model/security/identity.ts';

const root = '01KAGZ0000000000000000000A';
const since = '2026-11-20T09:00:00.000Z';

interface Pair {
  readonly key: CardKey;
  sign(text: string): string;
}

function pair(seal?: string): Pair {
  const made = newKey();
  const publicKey = publicText(made);
  const secret = privateKeyOf(keyText(made))!.key;
  return {
    key: { id: keyIdOf(publicKey), public: publicKey, since, ...(seal !== undefined && { seal }) },
    sign: (text) => signBytes(secret, Buffer.from(text)).toString('base64'),
  };
}

/** A pair that the one before has signed for, as `identity rotate` makes it. */
function after(before: Pair, next = pair(), at = root): Pair {
  const said = { ...next.key, by: before.key.id };
  const text = rotationText(at, said);
  return { ...next, key: { ...said, proof: before.sign(text), accepts: next.sign(text) } };
}

const card = (...pairs: readonly (Pair | CardKey)[]): AgentCard => ({
  name: 'ann',
  createdAt: since,
  keys: pairs.map((one) => ('key' in one ? one.key : one)),
});
const pinned = (one: Pair, more: Partial<Pin> = {}): Pin => ({ ...pinAs(undefined, one.key, [])!, ...more });
const look = (of: AgentCard | undefined, pin?: Pin): Judged => judge(of, pin, root, verifyText);
const stateOf = (judged: Judged, one: Pair) => judged.keys.get(one.key.id)?.state;
const revoked = (one: Pair): CardKey => ({ ...one.key, revokedAt: since });

const [k1, stranger] = [pair(), pair()];
const k2 = after(k1);
const k3 = after(k2);

describe('a key of a card', () => {
  test('is trusted at first sight, and is the pin then', () => {
    const judged = look(card(k1));
    expect([judged.state, stateOf(judged, k1), judged.pin]).toEqual([
      'new',
      'good',
      { key: k1.key.id, public: k1.key.public, since },
    ]);
    const again = look(card(k1), judged.pin);
    expect([again.state, again.pin]).toEqual(['good', judged.pin]);
    expect(again.pin).toBe(judged.pin);
  });

  test('is changed where nobody who is known has signed for it, and the pinned one stays good', () => {
    for (const keys of [[stranger], [stranger, k1], [after(stranger, pair()), stranger, k1]]) {
      const judged = look(card(...keys), pinned(k1));
      expect(judged.state).toBe('changed');
      for (const one of keys) expect(stateOf(judged, one)).toBe(one === k1 ? 'good' : 'changed');
      expect(stateOf(judged, k1)).toBe('good');
      expect(judged.pin).toEqual(pinned(k1));
    }
    expect(look(card(), pinned(k1)).state).toBe('changed');
    expect(look(undefined, pinned(k1)).state).toBe('changed');
  });

  test('is followed over rotations, each signed by the key before', () => {
    for (const [keys, pin] of [
      [[k2, k1], pinned(k1)],
      [[k3, k2, k1], pinned(k1)],
      [[k3, k2, k1], pinned(k2)],
      // The pinned one is no more on the card.
      [[k2], pinned(k1)],
    ] as const) {
      const judged = look(card(...keys), pin);
      expect(judged.state).toBe('good');
      for (const one of keys) expect(stateOf(judged, one)).toBe('good');
      expect(judged.pin?.key).toBe(keys[0].key.id);
    }
  });

  test('is not followed by a signature of another, for another root, or over another field', () => {
    const other = pair();
    const wrong: CardKey[] = [
      { ...k2.key, proof: k2.sign(rotationText(root, k2.key)) },
      { ...k2.key, proof: '' },
      { ...k2.key, seal: 'age1stranger' },
      { ...k2.key, since: '2026-11-21T09:00:00.000Z' },
      { ...k2.key, id: other.key.id, public: other.key.public },
      { ...after(k1, pair(), '01KAGZ0000000000000000000B').key },
    ];
    for (const key of wrong) expect(look(card(key, k1), pinned(k1)).state, JSON.stringify(key)).toBe('changed');
    const { proof: _, ...unsigned } = k2.key;
    expect(look(card(unsigned, k1), pinned(k1)).state).toBe('changed');
  });

  test('does not lead over a revoked one, forward or back', () => {
    const judged = look(card(k3.key, revoked(k2), k1.key), pinned(k1));
    expect(judged.state).toBe('changed');
    expect(stateOf(judged, k2)).toBe('revoked');
    // Who stole the second key could sign for any third one, and have any first one sign for him.
    const back = look(card(k3.key, revoked(k2), k1.key), pinned(k3));
    expect([back.state, stateOf(back, k3), stateOf(back, k2), stateOf(back, k1)]).toEqual([
      'good',
      'good',
      'revoked',
      'unknown',
    ]);
  });

  test('of earlier days is good only where the later one says so as well', () => {
    const judged = look(card(k3, k2, k1));
    for (const one of [k1, k2, k3]) expect(stateOf(judged, one)).toBe('good');
    // Anybody can make a key that signs for a known one.
    const text = rotationText(root, { ...k1.key, by: stranger.key.id });
    const claimed: CardKey = {
      ...k1.key,
      by: stranger.key.id,
      proof: stranger.sign(text),
      accepts: stranger.sign(text),
    };
    for (const pin of [undefined, pinned(k1)]) {
      const told = look(card(claimed, stranger), pin);
      expect([stateOf(told, k1), stateOf(told, stranger)]).toEqual(['good', 'unknown']);
    }
  });

  test('that was seen to be revoked stays so, whatever the card says later', () => {
    const first = look(card(revoked(k1)), pinned(k1));
    expect([first.state, stateOf(first, k1), first.pin]).toEqual([
      'revoked',
      'revoked',
      pinned(k1, { revoked: [k1.key.id] }),
    ]);
    const later = look(card(k1), first.pin);
    expect([later.state, stateOf(later, k1)]).toEqual(['revoked', 'revoked']);
    expect(look(card(k2, k1), first.pin).state).toBe('changed');
    // At first sight it is not trusted at all.
    const unseen = look(card(revoked(k1)));
    expect([unseen.state, unseen.pin?.key]).toEqual(['revoked', undefined]);
  });

  test('goes with what is sealed for it: another recipient under the same key is a change', () => {
    const sealed = pair('age1mine');
    const other: CardKey = { ...sealed.key, seal: 'age1theirs' };
    expect(look(card(sealed), pinned(sealed)).state).toBe('good');
    expect(look(card(other), pinned(sealed)).state).toBe('changed');
    const { seal: _, ...without } = sealed.key;
    expect(look(card(without), pinned(sealed)).state).toBe('changed');
  });

  test('is none where its id is not its hash, or a field could be two lines of what is signed', () => {
    for (const key of [
      { ...stranger.key, id: k1.key.id },
      { ...stranger.key, since: `${since}\n` },
      { ...stranger.key, seal: 'age1a\nb' },
      { ...stranger.key, public: `${stranger.key.public}=` },
    ]) {
      expect(look(card(key)).state).toBe('none');
      const judged = look(card(key, k1), pinned(k1));
      expect([judged.state, judged.current?.id]).toEqual(['good', k1.key.id]);
    }
  });

  test('with any bit of the card or of the pin flipped is no other key that is good', () => {
    const genuine = new Map([k1, k2, k3].map(({ key }) => [key.id, key.public]));
    const spoilt = (text: string, of: (value: unknown) => Judged | undefined): number => {
      let looked = 0;
      for (let i = 0; i < text.length; i++) {
        const bytes = Buffer.from(text);
        bytes[i] = (bytes[i] ?? 0) ^ (1 << (i % 7));
        let value: unknown;
        try {
          value = JSON.parse(bytes.toString());
        } catch {
          continue;
        }
        const judged = of(value);
        if (!judged) continue;
        looked++;
        for (const [id, key] of judged.keys)
          if (key.state === 'good') expect([id, key.public]).toEqual([id, genuine.get(id)]);
      }
      return looked;
    };
    const whole = card(k3, k2, k1);
    const ofCard = spoilt(JSON.stringify(whole), (value) => {
      const parsed = agentCardSchema.safeParse(value);
      return parsed.success ? look(parsed.data, pinned(k1)) : undefined;
    });
    const ofPin = spoilt(JSON.stringify(pinned(k2)), (value) => {
      const pin = value as Pin;
      // What is trusted is what the file says: only its id and its key have to be of one another.
      return pin.public === k2.key.public && pin.key === k2.key.id ? look(whole, pin) : undefined;
    });
    expect([ofCard > 300, ofPin > 10]).toEqual([true, true]);
  });

  test('ends also where keys name one another in a circle', () => {
    const [a, b] = [pair(), pair()];
    const said = (one: Pair, by: Pair): CardKey => {
      const key = { ...one.key, by: by.key.id };
      const text = rotationText(root, key);
      return { ...key, proof: by.sign(text), accepts: one.sign(text) };
    };
    const circle = card(said(a, b), said(b, a));
    expect(look(circle).state).toBe('new');
    expect(look(circle, pinned(k1)).state).toBe('changed');
    expect(look(circle, pinned(b)).state).toBe('good');
  });
});
