/** `amqp://user@one:5672,two:5672/vhost`, as one address each. @returns `undefined`: it names none, or something else */
export function brokersIn(address: string): readonly URL[] | undefined {
  const [, before = '', hosts = '', behind = ''] = /^(amqps?:\/\/(?:[^/?#]*@)?)([^/?#@]*)(.*)$/is.exec(address) ?? [];
  const all = hosts.split(',').map((host) => `${before}${host}${behind}`);
  const urls = all.flatMap((one) => (URL.canParse(one) ? [new URL(one)] : []));
  // The second address of two whole ones; or a password with a "/", which would be told as a host with its vhost.
  if (/^\/\/[^/]|@/.test(behind)) return undefined;
  return urls.length === all.length && urls.every(({ hostname }) => hostname !== '') ? urls : undefined;
}
