"""`manage.py sms_demo`: the whole product on this machine, from an empty folder."""

from __future__ import annotations

import fcntl
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from example_project.demo.processes import (
    Household,
    Places,
    environment,
    free_port,
)

ADMIN = ("admin", "admin")
#: Fewer people than this and there are not enough readers for the story.
FEWEST = 300


class Command(BaseCommand):
    """Starts shop, workers and carrier, plays the story, then keeps serving."""

    help = (
        "Runs an example shop with a local carrier, plays orders, carts and a campaign "
        "through them and prints the report. Nothing leaves this machine."
    )
    # The processes that it starts check and migrate a database of their own.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--exit", action="store_true", help="end after the report")
        parser.add_argument(
            "--contacts",
            type=int,
            default=2000,
            help=f"customers of the shop, {FEWEST} at least",
        )
        parser.add_argument(
            "--port", type=int, default=8000, help="wanted port of the shop"
        )
        parser.add_argument(
            "--folder",
            type=Path,
            default=settings.BASE_DIR / ".demo",
            help="where the demo keeps its database and logs; emptied at each start",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # kill ends us like Ctrl-C does, so that the children end too; set for both,
        # because a shell's background job starts with Ctrl-C ignored.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)
        if options["contacts"] < FEWEST:
            raise CommandError(f"The story needs --contacts {FEWEST} at least.")
        with _own(options["folder"]) as folder:
            code = self._run(_places(folder, wanted=options["port"]), options)
        if code:
            raise CommandError("The story or its figures went wrong; see above.")

    def _run(self, places: Places, options: dict[str, Any]) -> int:
        code = 0
        with Household(environment(places), places.folder) as household:
            try:
                code = self._play(household, places, contacts=options["contacts"])
                if not options["exit"]:
                    self._serve(places)
            except KeyboardInterrupt:
                self._say("\nEnding all processes …")
        self._say("Ended.")
        return code

    def _play(self, household: Household, places: Places, *, contacts: int) -> int:
        self._say("Preparing the database …")
        if household.run("migrate", "--verbosity", "0"):
            raise CommandError("The database could not be prepared; see above.")
        carrier = [
            *("-m", "example_project.carrier", "--port", str(places.carrier_port)),
            *("--log", str(places.carrier_log), "--callback-base", places.shop_url),
            *("--secret", household.environment["SMS_CARRIER_SECRET"]),
            *("--inbound-path", "/sms/webhooks/default/inbound"),
        ]
        household.start("carrier", carrier, port=places.carrier_port)
        address = f"127.0.0.1:{places.web_port}"
        web = ["manage.py", "runserver", "--noreload", "--insecure", address]
        household.start("shop", web, port=places.web_port)
        household.start("workers", ["manage.py", "qcluster"])
        self._say(self._addresses(places))
        return household.run("sms_demo_story", "--contacts", str(contacts))

    def _serve(self, places: Places) -> None:
        self._say(self._addresses(places))
        self._say("Serving until Ctrl-C. The next start begins with an empty shop.")
        signal.pause()

    def _say(self, text: str) -> None:
        # At once, also into a pipe: the addresses are wanted while the story plays.
        self.stdout.write(text)
        self.stdout.flush()

    def _addresses(self, places: Places) -> str:
        user, password = ADMIN
        return (
            f"\n  Shop    {places.shop_url}/"
            f"\n  Admin   {places.shop_url}/admin/   ({user} / {password})"
            f"\n  Phones  {places.carrier_url}/"
            f"\n  Files   {places.folder}\n"
        )


@contextmanager
def _own(folder: Path) -> Iterator[Path]:
    """The folder, emptied, and for as long as this demo runs its alone."""
    marker = folder / ".sms-demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise CommandError(f"{folder} is not a folder of the demo; choose another one.")
    folder.mkdir(parents=True, exist_ok=True)
    with marker.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"A demo is running in {folder}. End it, or give this one a --folder."
            ) from None
        for path in folder.iterdir():
            if path != marker:
                path.unlink()
        yield folder.resolve()


def _places(folder: Path, *, wanted: int) -> Places:
    """Two free ports."""
    web = free_port(wanted)
    return Places(folder=folder, web_port=web, carrier_port=free_port(web + 1))
