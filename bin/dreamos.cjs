#!/usr/bin/env node
'use strict';
// Runs the build in dist/ with V8's code cache: compiling it anew would take 15 ms of a send. The cache holds the functions
// that were used until it was written, at the end of the first run. So that this first run does not decide for all, a run
// that finds it twice as old as it was when it was written adds what it used itself: the second run, then ever more seldom,
// thirty times in the first year. (All functions from the start would be 7 ms more to read and set up for each send.) It
// is only ever a help: whatever is wrong with it, the command runs without. NODE_COMPILE_CACHE=<folder> says where it is, and
// NODE_DISABLE_COMPILE_CACHE=1 turns it off, as they do for Node's own, which is 10 ms slower and not in every version.
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const dist = path.join(__dirname, '..', 'dist');
const folder = cacheFolder();
const loaded = new Map();
const ours = /^[0-9a-f]{16}-v\d[\w.-]*\.cache(\.\d+)?$/;
load(path.join(dist, 'dreamos.cjs'));

/** Runs a file of the build. @returns what it exports */
function load(file) {
  const source = readSource(file);
  // The first line is the source's hash: V8 itself would take a cache of another source of the same length.
  const name = `${source.slice(9, 25)}-${process.version}-${process.arch}.cache`;
  let cache = folder && readCache(path.join(folder, name));
  const script = new vm.Script(source, { filename: file, cachedData: cache?.data });
  if (script.cachedDataRejected) cache = undefined;
  if (folder && (!cache || Date.now() - cache.firstMs > 2 * cache.ageMs))
    process.once('exit', () => writeCache(name, script, cache));
  const own = { exports: {} };
  script.runInThisContext()(own.exports, requireOrLoad, own, file);
  return own.exports;
}

/** What the build has for require(): its own files have a code cache too. */
function requireOrLoad(name) {
  if (!name.startsWith('../dist/')) return require(name);
  if (!loaded.has(name)) loaded.set(name, load(path.join(__dirname, name)));
  return loaded.get(name);
}

function readSource(file) {
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
// same. V8 does not look for itself, and dies of a single flipped bit. Behind them is when the first one was written.
function readCache(from) {
  let fd;
  try {
    fd = fs.openSync(from, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    const { uid, mode, mtimeMs } = fs.fstatSync(fd);
    if (uid !== process.getuid() || (mode & 0o022) !== 0) return undefined;
    const bytes = fs.readFileSync(fd);
    const data = bytes.subarray(0, (bytes.length - 8) / 2);
    if (!bytes.subarray(data.length, -8).equals(data)) return undefined;
    const firstMs = bytes.readDoubleLE(bytes.length - 8);
    return { data, firstMs, ageMs: mtimeMs - firstMs };
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

function writeCache(name, script, cache) {
  try {
    makeFolder(path.dirname(folder));
    makeFolder(folder);
    let data = script.createCachedData();
    // A process that ran for hours has dropped what it did not need for a while.
    if (cache && cache.data.length > data.length) data = cache.data;
    const first = Buffer.alloc(8);
    first.writeDoubleLE(cache ? cache.firstMs : Date.now());
    const fresh = path.join(folder, `${name}.${process.pid}`);
    // Synced, because a power cut could leave the same zeros in both halves.
    fs.writeFileSync(fresh, Buffer.concat([data, data, first]), { flag: 'wx', mode: 0o600, flush: true });
    fs.renameSync(fresh, path.join(folder, name));
    // Every build and every version of Node has its own; some 20 MB of the newest are enough.
    const caches = fs.readdirSync(folder).filter((other) => ours.test(other));
    const ages = new Map(caches.map((other) => [other, fs.lstatSync(path.join(folder, other)).mtimeMs]));
    for (const old of caches.sort((a, b) => ages.get(b) - ages.get(a)).slice(30)) fs.unlinkSync(path.join(folder, old));
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
