"""Run in Ralph's environment: write statements by its LRS back end."""

import json
import sys
import time
from pathlib import Path

from ralph.backends.data.base import BaseOperationType
from ralph.backends.data.lrs import LRSDataBackend, LRSDataBackendSettings

ready, url, batch = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
given = json.loads(ready.read_text("utf-8"))
backend = LRSDataBackend(
    LRSDataBackendSettings(BASE_URL=url, USERNAME="k", PASSWORD="s", WRITE_CHUNK_SIZE=batch)  # noqa: S106 - of the sink
)
wall, cpu = time.perf_counter(), time.process_time()
sent = backend.write(given, chunk_size=batch, operation_type=BaseOperationType.CREATE)
rate, spent = len(given) / (time.perf_counter() - wall), time.process_time() - cpu
if sent != len(given):
    sys.exit(f"{sent} of {len(given)} were sent")
print(json.dumps({"rate": rate, "cpu": spent / len(given) * 1e6}))
