"""Plays the demo's story against running processes; started by `sms_demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from example_project.demo.judge import Figure, compare
from example_project.demo.scene import prepare
from example_project.demo.screen import Screen
from example_project.demo.story import Story
from sms_marketing import reports


class Command(BaseCommand):
    """One evening in the shop, then the report; exit code 1 if a figure disagrees."""

    help = "Plays the story of sms_demo and compares the report with the carrier's log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--contacts", type=int, default=2000)

    def handle(self, *args: Any, **options: Any) -> None:
        screen = Screen()
        screen.act("A marketer sets the scene")
        screen.say("allowed hours of this brand are 00–24, so that the demo runs now")
        scene = prepare(
            customers=options["contacts"], shop_url=settings.SHOP_URL, screen=screen
        )
        screen.say(
            f"{scene.customers} customers, {scene.consenting} with consent on record"
        )
        story = Story(
            scene,
            shop=settings.SHOP_URL,
            carrier=settings.SMS_CARRIER_URL,
            screen=screen,
        )
        deeds = story.play()
        reports.attribute_new()
        scene.campaign.refresh_from_db()
        figures = list(compare(scene.campaign, deeds, _carrier_log()))
        _print_report(screen, reports.campaign_report(scene.campaign), figures)
        if not all(figure.agrees for figure in figures):
            raise SystemExit(1)


def _carrier_log() -> Path:
    return Path(settings.DATABASES["default"]["NAME"]).parent / "carrier.jsonl"


def _print_report(
    screen: Screen, report: reports.Report, figures: list[Figure]
) -> None:
    screen.act("Report of the campaign")
    rows = [(step.label, step.count, f"{step.share:.1%}") for step in report.funnel]
    screen.table(("step", "people", "of all"), rows)
    roi = "n/a" if report.roi is None else f"{report.roi:+.0%}"
    screen.say(
        f"cost {report.cost:.2f} {report.currency} for {report.parts} parts; "
        f"attributed {report.revenue:.2f} {report.currency} "
        f"from {report.orders} orders; ROI {roi}"
    )
    for reason in (*report.skipped, *report.failed):
        screen.say(f"{reason.count:5}  {reason.label}")
    screen.act("The same by the carrier's own log")
    marks = {True: "agrees", False: "DIFFERS"}
    screen.table(
        ("figure", "ours", "theirs", ""),
        [(f.name, f.ours, f.theirs, marks[f.agrees]) for f in figures],
    )
