"""Metrics of the server in Prometheus' format, in a registry of its own per application."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class ServerMetrics:
    """Counters and gauges of one application.

    Args:
        lanes: Name of a lane to a function that returns its number of calls.
        jobs: Returns the number of jobs that wait or run.
    """

    def __init__(self, lanes: Mapping[str, Callable[[], int]], jobs: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "kb_requests_total", "Requests by route and status.", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "kb_request_seconds",
            "Time to the end of the response.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._tokens = Counter("kb_tokens_total", "Tokens read and written.", ("kind",), registry=self._registry)
        self._refused = Counter("kb_refused_total", "Requests refused.", ("reason",), registry=self._registry)
        calls = Gauge("kb_lane_calls", "Calls that run or wait.", ("lane",), registry=self._registry)
        for name, count in lanes.items():
            calls.labels(name).set_function(count)
        Gauge("kb_jobs", "Jobs that wait or run.", registry=self._registry).set_function(jobs)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a finished request; `route` is the pattern of its path."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def tokens(self, prompt: int, completion: int) -> None:
        """Count tokens."""
        self._tokens.labels("prompt").inc(prompt)
        self._tokens.labels("completion").inc(completion)

    def refused(self, reason: str) -> None:
        """Count a refusal: `host`, `origin`, `key`, `rate`, `queue`, `size` or `time`."""
        self._refused.labels(reason).inc()

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)
