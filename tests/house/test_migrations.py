"""The schema in the migrations is the schema of the models."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from sms_marketing.models import Brand


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db
def test_a_new_site_has_its_default_brand() -> None:
    brand = Brand.objects.get_default()

    assert brand.zone == "Europe/Riga"
    assert brand.hours["sun"] is None


@pytest.mark.django_db
def test_conditional_indexes_exist_on_every_database() -> None:
    names: set[str] = set()
    with connection.cursor() as cursor:
        for table in ("message", "receiptrecord", "event"):
            constraints = connection.introspection.get_constraints(
                cursor, f"sms_marketing_{table}"
            )
            names |= set(constraints)

    assert names >= {
        "message_due_for_claim",
        "message_of_open_batch",
        "message_by_provider_id",
        "message_history_of_contact",
        "receipt_pending",
        "event_unprocessed",
    }
