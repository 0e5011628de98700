"""Where a request may go: https anywhere, plain http only to this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult


def is_loopback(host: str) -> bool:
    """Whether this host can only be the machine itself."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_fault(
    parts: SplitResult, *, allow_http: bool = False, loopback_only: bool = False
) -> str:
    """Say why nothing may be sent to this address; "" if it is in order."""
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        return "the address must begin with https:// and a host"
    if parts.username or parts.password:
        return "write credentials into auth, not into the address"
    if loopback_only and not is_loopback(host):
        return "only this machine (127.0.0.1, ::1, localhost) may be called here"
    if parts.scheme == "http" and not (allow_http or is_loopback(host)):
        return "plain http leaves this machine only with allow_http"
    return ""
