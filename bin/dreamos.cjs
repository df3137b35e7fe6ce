#!/usr/bin/env node
'use strict';
// Runs the build in dist/ with V8's code cache. Processor time, medians of 50 pairs with `node -e 0`: a send takes 12 ms more
// than that with Node 20 (1.51 times its 23 ms), 11 with Node 22 (1.39 times its 27 ms) and 16 with Node 24 (1.52 times
// 30); an ack 7, 8 and 10. Of a send's 11, reading this file and the build takes 1 ms, reading and deserialising the cache
// 2.5, setting up the build 1, commander 1.5, fsyncs 1, the end of the process 0.5; the rest is spread over its work.
// Node's own module.enableCompileCache(), of Node 22 and later, makes it 10 more; a startup snapshot would, too, and needs
// a flag. The cache is only ever a help: whatever is wrong with it, the command runs without. NODE_COMPILE_CACHE=<folder>
// says where it is, and NODE_DISABLE_COMPILE_CACHE=1 turns it off, as they do for Node's own.
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

// What is called often has a small build (scripts/build.mjs), and a cache of its own, since a cache holds the functions
// that the run before it used.
const words = process.argv.slice(2);
const first = words.find((word, i) => !word.startsWith('-') && !['--root', '--as'].includes(words[i - 1]));
const often = ['send', 'reply', 'read', 'peek', 'ack', 'nack', 'renew', 'list'].find((verb) => verb === first);
const file = path.join(__dirname, '..', 'dist', often ? 'dreamos-often.cjs' : 'dreamos.cjs');
const source = readSource();
// The first line is the source's hash: V8 itself would take a cache of another source of the same length.
const name = `${source.slice(9, 25)}-${process.version}-${process.arch}-${often ?? 'any'}.cache`;
const folder = cacheFolder();
const cachedData = folder && readCache(path.join(folder, name));
const script = new vm.Script(source, { filename: file, cachedData });
if (folder && (!cachedData || script.cachedDataRejected)) process.once('exit', writeCache);
const own = { exports: {} };
script.runInThisContext()(own.exports, require, own, file);

function readSource() {
  try {
    // The build is plain ASCII, and this is a millisecond faster than UTF-8.
    return fs.readFileSync(file, 'latin1');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    process.stderr.write('dreamos has not been built. Run: npm run build\n');
    return process.exit(1);
  }
}

function cacheFolder() {
  const { XDG_CACHE_HOME, HOME, NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE } = process.env;
  if (NODE_DISABLE_COMPILE_CACHE || process.platform === 'win32') return undefined;
  if (NODE_COMPILE_CACHE) return path.resolve(NODE_COMPILE_CACHE, 'dreamos');
  const caches = XDG_CACHE_HOME || (HOME && path.join(HOME, '.cache'));
  return caches && path.isAbsolute(caches) ? path.join(caches, 'dreamos') : undefined;
}

// It is code that will run: only a file that nobody else can have written is taken, and only if both of its halves are the
// same. V8 does not look for itself, and dies of a single flipped bit. (Comparing takes 0.3 ms; a digest would be loading
// node:crypto, 3 to 5 ms.)
function readCache(cache) {
  let fd;
  try {
    fd = fs.openSync(cache, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    const { uid, mode } = fs.fstatSync(fd);
    if (uid !== process.getuid() || (mode & 0o022) !== 0) return undefined;
    const bytes = fs.readFileSync(fd);
    const data = bytes.subarray(0, bytes.length / 2);
    return bytes.subarray(data.length).equals(data) ? data : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

// At the end of the first run, so that it also holds the functions which that run compiled.
function writeCache() {
  try {
    makeFolder(path.dirname(folder));
    makeFolder(folder);
    const data = script.createCachedData();
    const fresh = path.join(folder, `${name}.${process.pid}`);
    // Synced, because a power cut could leave the same zeros in both halves.
    fs.writeFileSync(fresh, Buffer.concat([data, data]), { flag: 'wx', mode: 0o600, flush: true });
    fs.renameSync(fresh, path.join(folder, name));
    // Every build and every version of Node has its own; some 20 MB of the newest are enough.
    const others = fs.readdirSync(folder).map((other) => path.join(folder, other));
    const ages = new Map(others.map((other) => [other, fs.statSync(other).mtimeMs]));
    for (const old of others.sort((a, b) => ages.get(b) - ages.get(a)).slice(30)) fs.unlinkSync(old);
  } catch {
    // Without a cache the next run takes as long as this one.
  }
}

// Not { recursive: true }: below /proc it never comes back.
function makeFolder(dir) {
  try {
    fs.mkdirSync(dir, 0o700);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}
