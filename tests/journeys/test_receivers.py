"""Who stops is on no marketing journey any more."""

from __future__ import annotations

import pytest

from sms_marketing import contacts, journeys
from sms_marketing.models import (
    Category,
    ConsentRecord,
    Enrollment,
    EnrollmentStatus,
    Message,
)
from tests import factories
from tests.journeys.paths import (
    enrollments,
    make_cart_journey,
    make_due,
    make_journey,
    order,
    touch,
)

pytestmark = pytest.mark.django_db
ACTIVE, COMPLETED, EXITED = EnrollmentStatus.values


def test_stop_ends_marketing_and_nothing_else(contact) -> None:
    make_cart_journey(exit_events=[])
    make_journey([60, "Paldies!"])
    touch(contact)
    order(contact)
    journeys.process_events()

    contacts.opt_out(contact.phone, method="keyword")

    assert enrollments() == {"shop.Cart:1": EXITED, "shop.Order:1": ACTIVE}
    assert Enrollment.objects.get(key="shop.Cart:1").exit_reason == "opted_out"


def test_leaving_a_topic_ends_what_is_about_it(contact) -> None:
    make_cart_journey(topic="carts")
    make_journey([60, "New!"], category=Category.MARKETING, topic="news")
    order(contact)
    journeys.process_events()
    touch(contact)
    journeys.process_events()

    contacts.opt_out(contact.phone, method="link", topic="carts")

    assert enrollments() == {"shop.Cart:1": EXITED, "shop.Order:1": ACTIVE}


def test_another_brand_goes_on(contact) -> None:
    other = factories.Brand.objects.create(name="Other", code="other")
    make_cart_journey(brand=other)
    touch(contact)
    journeys.process_events()

    contacts.opt_out(contact.phone, method="keyword")

    assert enrollments() == {"shop.Cart:1": ACTIVE}


def test_what_is_queued_is_left_out(contact) -> None:
    make_cart_journey([60, "One", 60, "Two"])
    touch(contact)
    journeys.process_events()
    make_due()
    journeys.run_due()

    contacts.opt_out(contact.phone, method="keyword")

    assert Message.objects.get().skip_reason == "journey_left"


def test_a_number_that_is_no_contact_is_on_no_journey() -> None:
    assert journeys.leave_marketing(contact=None, record=ConsentRecord()) is None
