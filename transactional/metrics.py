"""What one process counts for Prometheus, in a registry of its own: requests, sales, gateways, notices, jobs.

Slices call the functions below; they never fail and never wait. What is asked of the database at a scrape is in
`transactional.gauges`. Each process counts for itself: scrape every one of them, sums are the scraper's.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
REGISTRY = CollectorRegistry()
CONTENT_TYPE = CONTENT_TYPE_LATEST

_requests = Counter(
    "mingsuan_http_requests_total", "Requests answered", ["method", "route", "status"], registry=REGISTRY
)
_request_seconds = Histogram(
    "mingsuan_http_request_seconds", "Time to the whole answer", ["method", "route"], buckets=SECONDS, registry=REGISTRY
)
_batch = Histogram(
    "mingsuan_intake_batch_size",
    "Purchases written by one transaction",
    buckets=(1, 2, 4, 8, 16, 32, 64),
    registry=REGISTRY,
)
_stock_outs = Counter("mingsuan_stock_out_refusals_total", "Purchases refused for want of codes", registry=REGISTRY)
_gateway_calls = Counter(
    "mingsuan_gateway_calls_total", "Calls to payment gateways", ["method", "operation", "outcome"], registry=REGISTRY
)
_notices = Counter(
    "mingsuan_payment_notices_total", "Notices from payment gateways", ["method", "verdict"], registry=REGISTRY
)
_jobs = Counter("mingsuan_jobs_run_total", "Jobs run by this worker", ["task", "outcome"], registry=REGISTRY)
_log_ins = Counter("mingsuan_log_in_attempts_total", "Attempts to log in", ["kind", "outcome"], registry=REGISTRY)
_job_seconds = Histogram(
    "mingsuan_job_seconds", "Time of one run of a job", ["task"], buckets=SECONDS, registry=REGISTRY
)


def request_answered(method: str, route: str, status: int, seconds: float) -> None:
    """`route` is the template, such as `/orders/{order_no}`: never an address, which would name people's orders."""
    _requests.labels(method, route, str(status)).inc()
    _request_seconds.labels(method, route).observe(seconds)


def batch_written(size: int) -> None:
    """One transaction of the intake wrote this many purchases."""
    _batch.observe(size)


def stock_out_refused(count: int = 1) -> None:
    """So many purchases were refused because there were not enough codes."""
    _stock_outs.inc(count)


def gateway_called(method: str, operation: str, outcome: str) -> None:
    """A call to a gateway ended, such as ("wechat", "query", "answered"); outcomes are a short fixed list."""
    _gateway_calls.labels(method, operation, outcome).inc()


def notice_received(method: str, verdict: str) -> None:
    """A notice was judged, such as ("alipay", "bad_signature")."""
    _notices.labels(method, verdict).inc()


def job_run(task: str, outcome: str, seconds: float) -> None:
    """A job was run once; `outcome` is "done" or "failed", a failed one may be tried again."""
    _jobs.labels(task, outcome).inc()
    _job_seconds.labels(task).observe(seconds)


def log_in_attempted(kind: str, outcome: str) -> None:
    """Somebody tried to come in, such as ("customer", "wrong"); outcomes are those of `accounts.entry_models`."""
    _log_ins.labels(kind, outcome).inc()


def exposition() -> bytes:
    """All of it in Prometheus' text format."""
    return generate_latest(REGISTRY)
