"""An order: bought, told about at once, shipped, given back, and what counts of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from example_project.shop.consent import WORDINGS
from example_project.shop.models import Order
from sms_marketing import campaigns, contacts, reports
from sms_marketing.models import (
    Category,
    ConsentRecord,
    Message,
    MessageStatus,
    Purchase,
    PurchaseStatus,
    SkipReason,
)
from tests.factories import make_campaign, make_segment
from tests.stories.people import committed, workers_look

pytestmark = pytest.mark.django_db


def test_a_visitor_buys_and_is_told_how_far_the_order_has_come(anna, staff, soap):
    order = anna.buys(soap, pieces=2, consent=True)

    (thanks,) = anna.reads()
    assert order.number in thanks
    assert "13.00 EUR" in thanks
    assert order.public_url in thanks
    (message,) = anna.messages
    assert message.category == Category.TRANSACTIONAL
    assert message.status == MessageStatus.SENT
    assert (message.body, message.part_count) == (thanks, 1)

    staff.marks_shipped(order)

    (shipped,) = anna.reads()
    assert f"{order.number} dodas pie Tevis" in shipped

    staff.marks_delivered(order)
    order.save()
    workers_look()

    assert anna.reads() == []


def test_the_order_is_a_purchase_with_its_lines(anna, soap, mittens):
    anna.puts_in_basket(mittens)

    order = anna.buys(soap, pieces=2)

    purchase = Purchase.objects.get()
    assert purchase.contact == anna.contact
    assert (purchase.number, purchase.status) == (order.number, PurchaseStatus.PLACED)
    assert (purchase.amount, purchase.net_amount) == (Decimal("37.50"),) * 2
    assert list(purchase.lines.order_by("pk").values_list("product_id", "amount")) == [
        ("fishermans-mittens", Decimal("24.50")),
        ("sea-salt-soap", Decimal("13.00")),
    ]


def test_the_ticked_box_leaves_evidence_with_the_exact_words(brand, anna, soap):
    anna.buys(soap, consent=True)

    record = ConsentRecord.objects.get()
    assert record.wording == WORDINGS["lv-1"].text
    assert record.wording_language == "lv"
    assert record.evidence["form"] == "checkout"
    assert record.evidence["checkbox_default"] == "unticked"
    assert contacts.consent_status(anna.contact, brand=brand) == "opted_in"
    assert contacts.verify_ledger().ok


def test_without_the_box_the_order_is_told_about_and_nothing_is_advertised(
    brand, sender, anna, juris, soap
):
    anna.buys(soap, consent=True)
    order = juris.buys(soap, consent=False)

    (thanks,) = juris.reads()
    assert order.number in thanks
    assert contacts.consent_status(juris.contact, brand=brand) == "unknown"

    offer = make_campaign(sender=sender, segment=make_segment())
    with committed(execute=True):
        campaigns.launch(offer)
    workers_look()

    assert len(anna.reads()) == 2
    assert juris.reads() == []
    assert juris.messages[-1].campaign == offer
    assert juris.messages[-1].skip_reason == SkipReason.NO_CONSENT


def test_a_wrong_number_keeps_the_form_and_the_right_one_goes_through(anna, soap):
    anna.puts_in_basket(soap)

    answer = anna.checks_out(consent=True, phone="1234")

    assert list(answer.context["form"].errors) == ["phone"]
    assert 'value="Anna Liepa"' in answer.content.decode()
    assert not Order.objects.exists()
    assert not ConsentRecord.objects.exists()
    assert not Message.objects.exists()

    anna.checks_out(consent=True, phone="2000 0001")

    (thanks,) = anna.reads()
    assert Order.objects.get().number in thanks


def test_what_is_given_back_is_taken_off_the_purchase_and_the_report(
    carrier, sender, anna, staff, soap
):
    anna.buys(soap, consent=True)
    offer = make_campaign(sender=sender)
    with committed(execute=True):
        campaigns.launch(offer)
    carrier.reports(anna.messages[-1], "delivered")
    credited = anna.buys(soap, pieces=4)
    assert reports.campaign_report(offer).revenue == Decimal("26.00")

    staff.marks_paid(credited)
    staff.gives_back(credited, "6.50")

    purchase = Purchase.objects.get(number=credited.number)
    assert purchase.status == PurchaseStatus.REFUNDED
    assert purchase.net_amount == Decimal("19.50")
    assert reports.campaign_report(offer).revenue == Decimal("19.50")

    staff.cancels(credited)

    purchase.refresh_from_db()
    assert (purchase.status, purchase.net_amount) == (PurchaseStatus.CANCELED, 0)
    assert reports.campaign_report(offer).revenue == 0


def test_a_person_who_stopped_everything_but_codes_gets_no_order_sms(
    sender, anna, soap
):
    anna.buys(soap, consent=True)
    anna.answers("STOP VISI", to=sender.address)
    anna.reads()

    anna.buys(soap)

    assert anna.reads() == []
    assert anna.messages[-1].skip_reason == SkipReason.SUPPRESSED
