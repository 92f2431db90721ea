"""Which results say how far a learner is: the later of them says what the earlier said, too."""

from __future__ import annotations

from passback.model import ResultKind

__all__ = ["END", "STATUS"]

END = frozenset({ResultKind.COMPLETED, ResultKind.PASSED, ResultKind.FAILED})
STATUS = END | {ResultKind.PROGRESSED}
