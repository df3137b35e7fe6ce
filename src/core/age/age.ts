/** age, by its author's own library: encryption to X25519 keys, and armor. It is 140 KB, so what uses it is asked for with import(). */
import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';

/** A key pair as age(1) writes it: `AGE-SECRET-KEY-1…` and `age1…`. */
export async function makeSealKey(): Promise<{ readonly secret: string; readonly recipient: string }> {
  const secret = await generateX25519Identity();
  return { secret, recipient: await identityToRecipient(secret) };
}

/** @param recipients `age1…`, at least one @returns armored, so that it is text in JSON and on a terminal */
export async function encryptTo(text: string, recipients: Iterable<string>): Promise<string> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(text));
}

/** Whether somebody can be sealed to: `age1…`, whole, and a point that a secret can be shared with. */
export async function isRecipient(recipient: string): Promise<boolean> {
  try {
    await encryptTo('', [recipient]);
    return true;
  } catch {
    return false;
  }
}

/** Whether it is `AGE-SECRET-KEY-1…`, whole. What the library says of one that is not has the key in it. */
export function isSecret(secret: string): boolean {
  try {
    new Decrypter().addIdentity(secret);
    return true;
  } catch {
    return false;
  }
}

/** @param secrets that `isSecret`, at least one @throws Error: none of them opens it, or it was changed */
export async function decryptBy(armored: string, secrets: Iterable<string>): Promise<string> {
  const decrypter = new Decrypter();
  for (const secret of secrets) decrypter.addIdentity(secret);
  const bytes = await decrypter.decrypt(armor.decode(armored));
  // Its author's own decoder takes what is no UTF-8.
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}
