const shells = /^-?(?:(?:ba|da|a|z|fi|mk|ya|c|tc|elvi)?sh|ksh\w*|busybox|nu|pwsh)$/;

/** @param program its name, without a folder; that of a login shell begins with a dash */
export function isShell(program: string): boolean {
  return shells.test(program);
}
