#!/bin/sh
# bin/dreamos of the package that is published: the native program where the package for this machine was installed with it,
# else the script by Node. So nothing has to run at the install, and it is the same under each package manager. Only builtins:
# another process would cost more than the program.

# Where a link to this lies: beside the package, in node_modules/.bin or in bin/ of a prefix; else readlink looks. A folder that
# only has the name is not taken: -ef is true of one and the same file.
here=${0%/*}
for package in "$here/.." "$here/../dreamos" "$here/../lib/node_modules/dreamos" ''; do
  [ "$package/bin/dreamos" -ef "$0" ] && [ -f "$package/bin/dreamos.cjs" ] && break
done
if [ -z "$package" ]; then
  package=$(readlink -f "$0")
  package=${package%/bin/*}
fi

for platform in PLATFORMS; do
  for modules in "$package/node_modules" "$package/.."; do
    native=$modules/@dreamos/native-$platform/dreamos
    [ -x "$native" ] && exec "$native" "$@"
  done
done
exec node "$package/bin/dreamos.cjs" "$@"
