"""Starts the local carrier: ``python -m example_project.carrier --help``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from example_project.carrier.carrier import Carrier, Setup
from example_project.carrier.server import CarrierServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; the first line of output is the address."""
    given = _parser().parse_args(arguments)
    try:
        carrier = Carrier(
            Setup(
                log=given.log,
                inbound_url=given.callback_base.rstrip("/") + given.inbound_path,
                secret=given.secret,
                receipt_delay=given.receipt_delay_ms / 1000,
                answer_delay=given.delay_ms / 1000,
            )
        )
        server = CarrierServer(carrier, host=given.host, port=given.port)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"The carrier cannot start: {error}\n")
        return 2
    # Being ended from outside is as good an end as Ctrl-C.
    # Both, because a shell's background job starts with Ctrl-C ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.server_close()
        carrier.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m example_project.carrier",
        description="A mobile carrier with virtual phones, on this machine only.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--log", type=Path, required=True, help="its log, appended to")
    parser.add_argument(
        "--callback-base", required=True, help="where the product is reached"
    )
    parser.add_argument(
        "--inbound-path",
        default="/sms/webhooks/default/inbound",
        help="added to --callback-base for what people answer",
    )
    parser.add_argument(
        "--secret", required=True, help="opens the API, signs callbacks"
    )
    parser.add_argument(
        "--delay-ms", type=float, default=0, help="how long each API call takes"
    )
    parser.add_argument(
        "--receipt-delay-ms", type=float, default=300, help="from message to receipt"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
