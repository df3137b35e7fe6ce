"""Takes what there is and says it, a line each, until nothing has come for five seconds."""
import sys

import dreamos

for delivery in dreamos.connect(sys.argv[1], agent="reviewer").deliveries(wait=5):
    with delivery:
        print(delivery.body, flush=True)
