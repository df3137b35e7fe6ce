"""Runs command lines, each under a terminal of its own, and tells how each ended.

stdin: JSON, {"argv": [...], "env": {...}, "cwd": "...", "limitMs": n, "interruptMs": n?} a line.
stdout: JSON, {"code": n | null, "ms": n, "output": base64} a line, in the same order.
"""
import base64
import json
import os
import pty
import select
import signal
import sys
import time


def run(job):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(job["cwd"])
        os.execvpe(job["argv"][0], job["argv"], job["env"])
    began = time.monotonic()
    ends = began + job["limitMs"] / 1000
    interrupt = began + job["interruptMs"] / 1000 if job.get("interruptMs") else None
    output = b""
    late = False
    while True:
        now = time.monotonic()
        if now >= ends:
            late = True
            os.kill(pid, signal.SIGKILL)
            break
        if interrupt is not None and now >= interrupt:
            os.write(terminal, b"\x03")
            interrupt = None
        wake = ends if interrupt is None else min(ends, interrupt)
        ready, _, _ = select.select([terminal], [], [], max(0, wake - now))
        if not ready:
            continue
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        output += chunk
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    code = None if late else os.waitstatus_to_exitcode(status)
    took = round((time.monotonic() - began) * 1000)
    return {"code": code, "ms": took, "output": base64.b64encode(output).decode()}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
