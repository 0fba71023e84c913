"""Fetches a document by URL, within limits, and never from a private address unless allowed.

Every hop of a redirect is resolved, checked and then connected to by the very address that was checked, so a name
that changes its answer in between gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from core.errors import DataError
from core.files import atomic_write
from core.settings import IngestSettings

# Content types worth reading, with the suffix a file gets whose name has none that fits.
TYPES = {
    "application/pdf": ".pdf",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/rtf": ".rtf",
    "application/rtf": ".rtf",
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/yaml": ".yaml",
    "application/epub+zip": ".epub",
    "message/rfc822": ".eml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
}
# IPv6 networks whose addresses end in an IPv4 one: compatible, NAT64, translated.
_IPV4_AT_THE_END = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "::ffff:0:0:0/96")))
_ISATAP = (bytes.fromhex("00005efe"), bytes.fromhex("02005efe"))
# All that IANA has assigned for global unicast (RFC 4291, 2.4); site-local and reserved addresses lie outside.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# For documentation (RFC 9637); older Pythons take it for public.
_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")
_ALIKE = {".htm": ".html", ".xhtml": ".html", ".markdown": ".md", ".text": ".txt", ".yml": ".yaml"}


def is_url(text: str) -> bool:
    """Tell whether an argument is a URL rather than a path."""
    return re.match(r"(?i)[a-z][a-z0-9+.-]+://", text) is not None


def fetch(url: str, folder: Path, limits: IngestSettings, *, allow_private: bool = False) -> Path:
    """Download a document.

    Args:
        url: `http` or `https`.
        folder: Where the file is put, under a name taken from the URL.
        limits: Size, time and redirects.
        allow_private: Also connect to loopback, private and link-local addresses.

    Returns:
        The file.

    Raises:
        DataError: Refused address, type, size, status, or no answer in time.
    """
    deadline = time.monotonic() + limits.url_timeout_s
    current_url = url
    try:
        for _ in range(limits.max_redirects + 1):
            target = _get(current_url, url, folder, limits, deadline, allow_private=allow_private)
            if isinstance(target, Path):
                return target
            current_url = urljoin(current_url, target)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # the standard library's parser raises ValueError
        if time.monotonic() > deadline:
            raise _too_slow(url, limits) from error
        raise DataError(f"cannot be fetched: {error or type(error).__name__}", path=url) from error
    raise DataError(f"redirects more than {limits.max_redirects} times", path=url)


def _get(
    url: str, given_url: str, folder: Path, limits: IngestSettings, deadline: float, *, allow_private: bool
) -> Path | str:
    """Return the downloaded file, or the location a redirect points to."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise DataError(
            f"{parts.scheme or 'that'} is no address to fetch from", path=given_url, hint="kb ingest https://..."
        )
    address = _checked_address(parts.hostname, given_url, allow_private=allow_private)
    left_s = max(0.1, deadline - time.monotonic())
    pinned = httpx.URL(url).copy_with(host=address)
    headers = {"Host": parts.netloc.rpartition("@")[2], "Accept": ", ".join(TYPES), "User-Agent": "kb"}
    with (
        _connection_until(left_s) as trace,
        httpx.Client(timeout=min(30.0, left_s), trust_env=False, follow_redirects=False) as client,
        client.stream(
            "GET", pinned, headers=headers, extensions={"sni_hostname": parts.hostname, "trace": trace}
        ) as response,
    ):
        if response.is_redirect:
            return response.headers["location"]
        if response.status_code != httpx.codes.OK:
            raise DataError(f"the server answered {response.status_code} {response.reason_phrase}", path=given_url)
        target = folder / _name(url, response.headers.get("content-type", ""), given_url)
        _save(response, target, limits, deadline, given_url)
        return target


@contextmanager
def _connection_until(left_s: float) -> Iterator[Callable[[str, Mapping[str, Any]], None]]:
    """Yield a trace function for httpx; connections that it sees are shut down after so many seconds.

    The client's own timeouts begin anew with every byte, so a server could send one header for ever.
    """
    sockets: list[socket.socket] = []

    def trace(event: str, info: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            sockets.append(info["return_value"].get_extra_info("socket"))

    def shut_down() -> None:
        for connection in sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(left_s, shut_down)
    timer.daemon = True
    timer.start()
    try:
        yield trace
    finally:
        timer.cancel()


def _too_slow(given_url: str, limits: IngestSettings) -> DataError:
    return DataError(f"took longer than {limits.url_timeout_s:.0f} s", path=given_url)


def _checked_address(host: str, given_url: str, *, allow_private: bool) -> str:
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise DataError(f"{host} cannot be resolved", path=given_url) from error
    for address in sorted(map(str, addresses)):
        if not allow_private and not _is_public(address):
            raise DataError(
                f"{host} is a private address ({address})",
                path=given_url,
                hint=f"kb ingest --allow-private {given_url}",
            )
    return sorted(map(str, addresses))[0]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner: tuple[ipaddress.IPv4Address, ...] = ()
    if isinstance(ip, ipaddress.IPv6Address):
        inner = embedded_ipv4(ip)
        is_wrapper = bool(inner) and ip.packed[8:12] not in _ISATAP
        if not is_wrapper and (ip not in _GLOBAL_UNICAST or ip in _DOCUMENTATION or not ip.is_global):
            return False
    return all(each.is_global and not each.is_multicast for each in inner or (ip,))


def embedded_ipv4(ip: ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...]:
    """Return the IPv4 addresses that an IPv6 address stands for; it is judged as what it reaches.

    Mapped and compatible addresses (RFC 4291, 2.5.5), 6to4 (RFC 3056), Teredo's server and client (RFC 4380), NAT64's
    well-known prefix (RFC 6052), IPv4-translated (RFC 2765) and ISATAP (RFC 5214), whose prefix counts too. The places
    of IPv4 in NAT64's local prefix (RFC 8215) are the operator's choice, so none of its addresses is public.
    """
    if ip.ipv4_mapped:
        return (ip.ipv4_mapped,)
    if ip.sixtofour:
        return (ip.sixtofour,)
    if ip.teredo:
        return ip.teredo
    packed = ip.packed
    ends_in_ipv4 = any(ip in network for network in _IPV4_AT_THE_END) or packed[8:12] in _ISATAP
    return (ipaddress.IPv4Address(packed[12:]),) if ends_in_ipv4 else ()


def _name(url: str, content_type: str, given_url: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in TYPES and kind != "application/octet-stream":
        raise DataError(f"is {kind or 'of no stated type'}, not a document kb reads", path=given_url)
    last = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    stem = re.sub(r"[^\w.() -]+", "_", last).strip(" .")[:120] or urlsplit(url).hostname or "page"
    suffix = Path(stem).suffix.lower()
    stated = TYPES.get(kind, suffix)
    return stem if _ALIKE.get(suffix, suffix) == stated else stem + stated


def _save(response: httpx.Response, target: Path, limits: IngestSettings, deadline: float, given_url: str) -> None:
    limit_bytes = limits.max_file_mb << 20
    size_bytes = 0
    with atomic_write(target) as handle:
        for block in response.iter_bytes(1 << 16):
            size_bytes += len(block)
            if size_bytes > limit_bytes:
                raise DataError(f"is larger than {limits.max_file_mb} MiB", path=given_url)
            if time.monotonic() > deadline:
                raise _too_slow(given_url, limits)
            handle.write(block)
        if time.monotonic() >= deadline:
            # A connection that was shut down then looks like the end of a file whose length nobody gave.
            raise _too_slow(given_url, limits)
