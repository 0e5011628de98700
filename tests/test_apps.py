"""What happens after ``migrate``, however much of it was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

STEPS = """
import django
django.setup()
from django.core.management import call_command
from sms_marketing.models import Brand, Journey
call_command("migrate", "auth", verbosity=0)
call_command("migrate", "sms_marketing", verbosity=0)
print(Brand.objects.get_default().code, Journey.objects.count())
call_command("migrate", verbosity=0)
from django_q.models import Schedule
print(Schedule.objects.count())
call_command("migrate", "sms_marketing", "zero", verbosity=0)
print("gone")
"""


def test_one_app_alone_may_be_migrated_there_and_back(tmp_path):
    """In a process and a database of its own: the test run's has every table."""
    run = subprocess.run(
        [sys.executable, "-c", STEPS],
        cwd=Path(settings.BASE_DIR),
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "example_project.settings",
            "DATABASE_URL": f"sqlite:///{tmp_path / 'site.sqlite3'}",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stderr == ""
    assert run.stdout.split() == ["default", "3", "1", "gone"]
