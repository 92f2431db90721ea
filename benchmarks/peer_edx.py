"""Run in the environment of edX's tincan: post statements as event-routing-backends' client does."""

import json
import sys
import time
from pathlib import Path

from tincan import RemoteLRS, Statement
from tincan.statement_list import StatementList

ready, url, batch = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
given = json.loads(ready.read_text("utf-8"))
lrs = RemoteLRS(version="1.0.1", endpoint=url, username="k", password="s")  # noqa: S106 - of the sink, which takes any
wall, cpu = time.perf_counter(), time.process_time()
for start in range(0, len(given), batch):
    statements = StatementList([Statement(each) for each in given[start : start + batch]])
    answer = lrs.save_statements(statements)
    if not answer.success:
        sys.exit(f"the sink refused: {answer.data}")
rate, spent = len(given) / (time.perf_counter() - wall), time.process_time() - cpu
print(json.dumps({"rate": rate, "cpu": spent / len(given) * 1e6}))
