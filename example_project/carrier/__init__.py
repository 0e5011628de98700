"""A mobile carrier on this machine: takes SMS over HTTP, reports, and shows the phones.

    python -m example_project.carrier --port 8900 --log carrier.jsonl \\
        --callback-base http://127.0.0.1:8000 --secret …

It knows nothing of the product: standard library only, a process of its own, and its
append-only log is the judge of what was really sent. What happens to a message
depends on the last two digits of its number, see ``fates.py``.
"""

from __future__ import annotations
