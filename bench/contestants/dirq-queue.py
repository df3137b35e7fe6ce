"""Sends texts into a dirq queue, or takes all that are there; the request is JSON on stdin, the answer on stdout."""
import json
import sys
import time

from dirq.QueueSimple import QueueSimple

request = json.load(sys.stdin)
queue = QueueSimple(request["dir"])
texts = []
start = time.perf_counter()
if "send" in request:
    for text in request["send"]:
        queue.add(text)
else:
    for name in queue:
        if queue.lock(name):
            texts.append(queue.get(name))
            queue.remove(name)
seconds = time.perf_counter() - start
json.dump({"seconds": seconds, "texts": [t.decode() if isinstance(t, bytes) else t for t in texts]}, sys.stdout)
