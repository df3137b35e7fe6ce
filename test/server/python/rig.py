"""A root of its own, its server as a process, and what stands between both and breaks."""
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any, Callable, List, Optional

import dreamos

COMMAND = [os.environ["DREAMOS_NODE"], os.environ["DREAMOS_COMMAND"]]


class Served(unittest.TestCase):
    agents = "planner reviewer"
    options = ""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="dreamos-python-")
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name).resolve()
        self.root = self.dir / "runtime" / "agent_comms"
        self.run_dreamos("init " + self.agents)
        self.server: Optional["subprocess.Popen[str]"] = None
        self.addCleanup(self.kill)
        self.serve()

    def run_dreamos(self, words: str, stdin: Optional[str] = None) -> str:
        done = subprocess.run([*COMMAND, *words.split()], cwd=self.dir, input=stdin, text=True, capture_output=True, env=self.env())
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def env(self) -> "dict[str, str]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DREAMOS_")}
        return {**kept, "DREAMOS_CONFIG_HOME": str(self.dir / "config")}

    def serve(self) -> None:
        self.kill()
        words = ["serve", "--json", *self.options.split()]
        self.server = subprocess.Popen([*COMMAND, *words], cwd=self.dir, stdout=subprocess.PIPE, text=True, env=self.env())
        assert self.server.stdout is not None
        self.about = json.loads(self.server.stdout.readline())

    def kill(self) -> None:
        """As a power cut would have it."""
        if self.server is None or self.server.stdout is None:
            return
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()

    def client(self, agent: Optional[str] = "planner", **how: Any) -> dreamos.Client:
        how.setdefault("server", f"unix:{self.root / 'server.sock'}")
        client = dreamos.connect(agent=agent, **how)
        self.addCleanup(client.close)
        return client

    def refused(self, work: Callable[[], Any]) -> dreamos.DreamosError:
        with self.assertRaises(dreamos.DreamosError) as caught:
            work()
        return caught.exception

    def until(self, what: str, holds: Callable[[], bool], seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), end, f"not: {what}")
            time.sleep(0.02)


class Between:
    """Hands requests on to a server, and of the first ones whose head has `path` keeps the answers to itself."""

    def __init__(self, served: Served, path: str, times: int = 1, before: Optional[Callable[[], None]] = None) -> None:
        self._to = str(served.root / "server.sock")
        self._path = path.encode()
        self._times = times
        self._before = before
        self.kept: List[bytes] = []
        self._listener = socket.socket(socket.AF_UNIX)
        at = str(served.dir / "between.sock")
        self._listener.bind(at)
        self._listener.listen(16)
        served.addCleanup(self._listener.close)
        self.server = f"unix:{at}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(one,), daemon=True).start()

    def _pass_on(self, one: socket.socket) -> None:
        with one, socket.socket(socket.AF_UNIX) as other:
            try:
                other.connect(self._to)
                while request := one.recv(1 << 20):
                    # A head and its body come one after the other.
                    while b"\r\n\r\n" not in request or not _is_whole(request):
                        request += one.recv(1 << 20)
                    breaks = len(self.kept) < self._times and self._path in request
                    if breaks and self._before is not None:
                        self._before()
                    other.sendall(request)
                    answer = other.recv(1 << 20)
                    while b"\r\n\r\n" not in answer or not _is_whole(answer):
                        more = other.recv(1 << 20)
                        if not more:
                            break
                        answer += more
                    if breaks:
                        self.kept.append(answer)
                        return
                    one.sendall(answer)
            except OSError:
                return


def _is_whole(text: bytes) -> bool:
    head, _, body = text.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(body) >= (lengths or [0])[0]
