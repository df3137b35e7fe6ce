#!/usr/bin/env node
'use strict';
// Runs dist/dreamos.cjs with V8's code cache, which saves about 7 ms of a send (a tenth of starting Node). Node's own
// module.enableCompileCache() needs Node 22 and, measured there, saves less. The cache is only ever a help: whatever is
// wrong with it, the command runs without. NODE_DISABLE_COMPILE_CACHE=1 turns it off, as it does Node's own.
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const file = path.join(__dirname, '..', 'dist', 'dreamos.cjs');
const source = readSource();
// A cache holds the functions that the run before it used, so what is run often has one of its own.
const verb = ['send', 'read', 'ack', 'reply', 'peek', 'list'].find((word) => process.argv.includes(word)) ?? 'any';
// The first line is the source's hash: V8 itself would take a cache of another source of the same length.
const name = `${source.slice(9, 25)}-${process.version}-${process.arch}-${verb}.cache`;
const folder = cacheFolder();
const cachedData = folder && readCache(path.join(folder, name));
const script = new vm.Script(`(function (exports, require, module, __filename) {${source}\n})`, {
  filename: file,
  cachedData,
});
if (folder && (!cachedData || script.cachedDataRejected)) process.once('exit', writeCache);
const own = { exports: {} };
script.runInThisContext()(own.exports, require, own, file);

function readSource() {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    process.stderr.write('dreamos has not been built. Run: npm run build\n');
    return process.exit(1);
  }
}

function cacheFolder() {
  const { XDG_CACHE_HOME, HOME, NODE_DISABLE_COMPILE_CACHE } = process.env;
  if (NODE_DISABLE_COMPILE_CACHE || process.platform === 'win32') return undefined;
  const caches = XDG_CACHE_HOME || (HOME && path.join(HOME, '.cache'));
  return caches && path.isAbsolute(caches) ? path.join(caches, 'dreamos') : undefined;
}

// It is code that will run: only a file that nobody else can have written is taken.
function readCache(cache) {
  let fd;
  try {
    fd = fs.openSync(cache, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    const { uid, mode } = fs.fstatSync(fd);
    return uid === process.getuid() && (mode & 0o022) === 0 ? fs.readFileSync(fd) : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

// At the end of the first run, so that it also holds the functions which that run compiled.
function writeCache() {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const other of fs.readdirSync(folder)) {
      const month = 30 * 86_400_000;
      if (Date.now() - fs.statSync(path.join(folder, other)).mtimeMs > month) fs.unlinkSync(path.join(folder, other));
    }
    const fresh = path.join(folder, `${name}.${process.pid}`);
    fs.writeFileSync(fresh, script.createCachedData(), { flag: 'wx', mode: 0o600 });
    fs.renameSync(fresh, path.join(folder, name));
  } catch {
    // Without a cache the next run takes as long as this one.
  }
}
