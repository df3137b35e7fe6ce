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

/** @param secrets `AGE-SECRET-KEY-1…`, at least one @throws Error: none of them opens it, or it was changed */
export async function decryptBy(armored: string, secrets: Iterable<string>): Promise<string> {
  const decrypter = new Decrypter();
  for (const secret of secrets) decrypter.addIdentity(secret);
  const bytes = await decrypter.decrypt(armor.decode(armored));
  // Its author's own decoder takes what is no UTF-8.
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}
