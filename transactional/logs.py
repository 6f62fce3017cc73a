"""How shop and worker write their log: one JSON object a line (or text), without personal data or secrets.

Exceptions are told by kind and place, never by their words: those quote rows, addresses and bodies.
"""

import contextvars
import logging
import sys
import traceback
from types import TracebackType
from typing import Any, Literal

from pythonjsonlogger.json import JsonFormatter

request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)
job_id: contextvars.ContextVar[int | None] = contextvars.ContextVar("job_id", default=None)

FIELDS = ["levelname", "name", "message", "request_id", "job_id"]
NAMES = {"levelname": "level", "name": "logger", "exc_info": "exception"}
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
TALKATIVE = (
    *("sqlalchemy", "psycopg", "httpx", "httpcore", "urllib3", "multipart", "python_multipart"),
    *("alipay", "wechatpayv3", "redis", "cashews"),
)
"""Libraries whose lower levels quote rows, addresses and bodies."""
MAX_FRAMES = 30
ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


def configure(log_format: Literal["json", "text"], level: int = logging.INFO) -> None:
    """Everything that this process logs goes to standard output in one form. Called once, when a process starts."""
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_name_context)
    handler.setFormatter(_Json(FIELDS, rename_fields=NAMES, timestamp="at") if log_format == "json" else _Text(TEXT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "procrastinate"):
        own = logging.getLogger(name)
        own.handlers.clear()
        own.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # it writes addresses with their query strings
    logging.getLogger("procrastinate").setLevel(logging.WARNING)  # each run has a line of the worker's own


def _name_context(record: logging.LogRecord) -> bool:
    """Which request or job the line belongs to."""
    record.request_id = getattr(record, "request_id", None) or request_id.get()
    record.job_id = getattr(record, "job_id", None) or job_id.get()
    return True


def told(error: BaseException) -> str:
    """Kind and place of an exception and of what caused it, innermost last, without their words."""
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(parts) < 5:
        frames = traceback.extract_tb(seen.__traceback__)[-MAX_FRAMES:]
        places = "".join(f"\n  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        parts.append(f"{type(seen).__module__}.{type(seen).__qualname__}{_facts(seen)}{places}")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\ncaused by ".join(parts)


def _facts(error: BaseException) -> str:
    """What the database says in names of its own, never in values."""
    diagnosis = getattr(error, "diag", None)
    facts = (
        getattr(error, "sqlstate", None),
        getattr(diagnosis, "constraint_name", None),
        getattr(error, "errno", None),
    )
    known = [str(fact) for fact in facts if fact]
    return f" ({', '.join(known)})" if known else ""


class _Json(JsonFormatter):
    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        return told(ei[1]) if ei[1] else ""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Without empty fields."""
        return {name: value for name, value in log_data.items() if value is not None}


class _Text(logging.Formatter):
    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        return told(ei[1]) if ei[1] else ""
