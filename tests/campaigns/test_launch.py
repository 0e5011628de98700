"""A launch writes one row for every member, once, whatever happens (R4)."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, connection
from django.test import override_settings

from sms_marketing import campaigns, contacts
from sms_marketing.campaigns import splitting
from sms_marketing.campaigns.launch import (
    _complete,
    _next_ids,
    _next_size,
    _take,
    _write,
)
from sms_marketing.conf import settings as sms_settings
from sms_marketing.core import clock
from sms_marketing.exceptions import InvalidTransition, NotSendable
from sms_marketing.models import (
    Campaign,
    CampaignStatus,
    Contact,
    Message,
    MessageStatus,
    Sender,
    SkipReason,
    Variant,
    VariantBody,
)
from tests.factories import (
    make_campaign,
    make_contact,
    make_segment,
    make_sender,
)

pytestmark = pytest.mark.usefixtures("no_worker")


def chunks_of(size: int):
    return override_settings(
        SMS_MARKETING={**django_settings.SMS_MARKETING, "LAUNCH_CHUNK": size}
    )


def begin(campaign: Campaign) -> Campaign:
    """Launch without a worker that works at once."""
    campaigns.launch(campaign)
    return campaign


def launch_all(campaign: Campaign) -> Campaign:
    begin(campaign)
    assert campaigns.run_launch(campaign.pk)
    campaign.refresh_from_db()
    return campaign


def reasons(campaign: Campaign) -> dict[int, str]:
    return dict(campaign.messages.values_list("contact", "skip_reason"))


def assert_adds_up(campaign: Campaign) -> None:
    campaign.refresh_from_db()
    assert campaign.messages.count() == campaign.audience_count


class Fault(Exception):
    """What a test breaks a launch with."""


def breaking_insert(number: int, *, act):
    """Do something right before the n-th INSERT of message rows."""
    seen = Counter[str]()

    def wrapper(execute, sql, params, many, context):
        if sql.startswith("INSERT INTO") and "sms_marketing_message" in sql[:40]:
            seen["inserts"] += 1
            if seen["inserts"] == number:
                act()
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)


def fail() -> None:
    raise Fault


def expire_lease(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(
        launch_lease_until=clock.now() - timedelta(seconds=1)
    )


def test_r4_every_member_has_a_row_and_says_why_it_gets_nothing(campaign) -> None:
    fine = make_contact()
    silent = make_contact(consent=False)
    stopped = make_contact()
    contacts.opt_out(stopped.phone, method="keyword")
    carrier = make_contact()
    contacts.suppress(
        carrier.phone,
        scope="everything",
        reason="carrier",
        brand=campaign.brand,
        sender=campaign.sender,
    )
    restricted = make_contact()
    Contact.objects.filter(pk=restricted.pk).update(is_restricted=True)
    erased = make_contact()
    contacts.erase(erased)  # is a member of nothing any more
    lost = make_contact(zone="Mars/Olympus")
    no_phone = make_contact()
    Contact.objects.filter(pk=no_phone.pk).update(phone=None)

    launch_all(campaign)

    assert campaign.status == CampaignStatus.SENDING
    assert reasons(campaign) == {
        fine.pk: "",
        silent.pk: SkipReason.NO_CONSENT,
        stopped.pk: SkipReason.NO_CONSENT,
        carrier.pk: SkipReason.SUPPRESSED,
        restricted.pk: SkipReason.RESTRICTED,
        lost.pk: SkipReason.BAD_ZONE,
        no_phone.pk: SkipReason.NO_PHONE,
    }
    assert campaign.audience_count == 7
    assert campaign.messages.filter(status=MessageStatus.QUEUED).count() == 1


def test_a_row_carries_what_the_sender_needs(campaign) -> None:
    contact = make_contact(language="ru")
    Campaign.objects.filter(pk=campaign.pk).update(topic="sale")
    campaign.refresh_from_db()

    launch_all(campaign)

    row = campaign.messages.get()
    assert row.contact == contact
    assert row.to_phone == contact.phone
    assert row.language == "ru"
    assert row.category == "marketing"
    assert row.topic == "sale"
    assert row.brand == campaign.brand
    assert row.sender == campaign.sender
    assert row.variant == campaign.variants.get()
    assert row.bucket == splitting.bucket_of(campaign.salt, contact.pk)
    assert row.is_test is False
    assert row.attempt == 0
    assert row.body == ""
    assert abs(row.due_at - clock.now()) < timedelta(seconds=20)
    assert abs(row.created_at - clock.now()) < timedelta(seconds=20)


def test_segments_are_added_up_and_excluded_ones_taken_away(sender) -> None:
    people = [make_contact() for _ in range(5)]
    lists = []
    for members in (people[:3], people[2:4], people[1:2]):
        segment = make_segment(kind="static")
        segment.members.set(members)
        lists.append(segment)
    campaign = make_campaign(sender=sender, segment=lists[0])
    campaign.segments.add(lists[1])
    campaign.excluded_segments.add(lists[2])

    with chunks_of(2):
        launch_all(campaign)

    assert set(reasons(campaign)) == {people[i].pk for i in (0, 2, 3)}
    assert_adds_up(campaign)


def test_funnel_counts_are_what_the_launch_then_writes(sender) -> None:
    campaign = make_campaign(sender=sender, holdout_percent=50)
    for _ in range(30):
        make_contact()
    make_contact(consent=False)
    out = make_contact()
    contacts.suppress(
        out.phone, scope="everything", reason="staff", brand=campaign.brand
    )

    counts = campaigns.funnel_counts(campaign)
    launch_all(campaign)

    assert (counts.in_segment, counts.with_consent, counts.not_suppressed) == (
        32,
        31,
        30,
    )
    rows = campaign.messages
    assert counts.in_segment == campaign.audience_count
    assert counts.will_receive == rows.filter(status="queued").count()
    assert 0 < counts.will_receive < 30
    held = rows.filter(skip_reason=SkipReason.HOLDOUT)
    assert held.count() == 30 - counts.will_receive
    assert all(row.bucket < "80000000" for row in held)


def test_variants_get_their_shares_by_bucket(campaign) -> None:
    other = Variant.objects.create(campaign=campaign, name="B", weight=100)
    VariantBody.objects.create(variant=other, language="lv", text="Čau!")
    for _ in range(40):
        make_contact()

    launch_all(campaign)

    first = campaign.variants.first()
    for row in campaign.messages.all():
        assert row.variant_id == (first if row.bucket < "80000000" else other).pk
    assert len(set(campaign.messages.values_list("variant", flat=True))) == 2


def test_a_launch_that_is_called_again_goes_on_where_it_was(campaign) -> None:
    for _ in range(7):
        make_contact()
    begin(campaign)

    with chunks_of(3):
        finished = [campaigns.run_launch(campaign.pk, seconds=0) for _ in range(4)]
        assert_adds_up(campaign)

    assert finished == [False, False, False, True]
    assert campaign.audience_count == 7
    assert campaign.status == CampaignStatus.SENDING


def test_r4_while_launching_rows_are_never_more_than_the_audience(campaign) -> None:
    for _ in range(4):
        make_contact()
    begin(campaign)

    with chunks_of(2):
        assert campaigns.run_launch(campaign.pk, seconds=0) is False

    assert_adds_up(campaign)
    assert campaign.status == CampaignStatus.LAUNCHING
    assert campaign.audience_count == 2


def test_r2_a_launch_killed_in_a_chunk_resumes_after_its_lease(campaign) -> None:
    for number in range(6):
        make_contact(consent=number == 0)
    begin(campaign)

    with (
        chunks_of(2),
        pytest.raises(Fault),
        breaking_insert(4, act=fail),
    ):
        campaigns.run_launch(campaign.pk)

    # The first range stands; of the second, half was written and is gone.
    assert_adds_up(campaign)
    assert campaign.audience_count == 2
    assert campaigns.run_launch(campaign.pk) is True  # its lease still runs
    assert_adds_up(campaign)
    assert campaign.status == CampaignStatus.LAUNCHING

    expire_lease(campaign)
    with chunks_of(2):
        assert campaigns.run_launch(campaign.pk) is True
    assert_adds_up(campaign)
    assert campaign.status == CampaignStatus.SENDING
    assert campaign.audience_count == 6


def test_ranges_grow_where_members_are_few_and_shrink_where_they_are_many() -> None:
    with chunks_of(1_000):
        sizes = [1_000]
        for rows in (0, 0, 10, 5, 0, 0, 16_000, 900):
            sizes.append(_next_size(sizes[-1], rows))

    assert sizes == [1000, 2000, 4000, 8000, 16000, 16000, 16000, 1000, 1000]


def test_the_tick_finds_launches_that_nobody_works_on(campaign) -> None:
    make_contact()
    begin(campaign)
    assert campaigns.resume_launches() == 1

    Campaign.objects.update(launch_lease_until=clock.now() + timedelta(minutes=1))
    assert campaigns.resume_launches() == 0

    expire_lease(campaign)
    assert campaigns.resume_launches() == 1


def test_a_launcher_that_lost_its_lease_writes_nothing_more(campaign) -> None:
    for _ in range(4):
        make_contact()
    begin(campaign)
    zombie = _take(campaign.pk)
    expire_lease(campaign)
    assert campaigns.run_launch(campaign.pk) is True

    ids = _next_ids(zombie, 2)

    assert _write(zombie, ids) is None
    assert_adds_up(campaign)


def test_a_canceled_launch_stops_at_its_next_chunk_and_adds_up(campaign) -> None:
    for _ in range(6):
        make_contact()
    begin(campaign)

    with chunks_of(2):
        campaigns.run_launch(campaign.pk, seconds=0)
        assert campaigns.cancel(campaign) == 2
        assert campaigns.run_launch(campaign.pk) is True

    assert_adds_up(campaign)
    assert campaign.status == CampaignStatus.CANCELED
    assert set(campaign.messages.values_list("status", flat=True)) == {"canceled"}
    assert campaign.audience_count == 2


def test_cancel_between_two_chunks_ends_the_run(campaign) -> None:
    for _ in range(6):
        make_contact()
    begin(campaign)
    mine = _take(campaign.pk)
    assert _write(mine, _next_ids(mine, 2)) == 2
    campaigns.cancel(Campaign.objects.get(pk=campaign.pk))

    assert _write(mine, _next_ids(mine, 2)) is None
    assert_adds_up(campaign)


def test_a_run_that_is_canceled_in_the_middle_leaves(campaign) -> None:
    for _ in range(6):
        make_contact()
    begin(campaign)
    fences = []
    column = connection.ops.quote_name("launch_checkpoint")

    def wrapper(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and f"{column} = " in sql[:90]:
            fences.append(sql)
            if len(fences) == 2:
                campaigns.cancel(Campaign.objects.get(pk=campaign.pk))
        return execute(sql, params, many, context)

    with chunks_of(2), connection.execute_wrapper(wrapper):
        assert campaigns.run_launch(campaign.pk) is True

    assert_adds_up(campaign)
    assert campaign.status == CampaignStatus.CANCELED
    assert campaign.audience_count == 2


def test_a_launch_canceled_at_its_very_end_stays_canceled(campaign) -> None:
    make_contact()
    begin(campaign)
    mine = _take(campaign.pk)
    _write(mine, _next_ids(mine, 10))
    campaigns.cancel(campaign)

    _complete(mine)

    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.CANCELED
    assert_adds_up(campaign)


def test_r4_a_segment_that_changes_under_the_launch_still_adds_up(sender) -> None:
    people = [make_contact() for _ in range(8)]
    segment = make_segment(kind="static")
    segment.members.set(people)
    campaign = make_campaign(sender=sender, segment=segment)
    begin(campaign)

    def leave() -> None:
        segment.members.remove(people[0])

    with chunks_of(100), breaking_insert(1, act=leave):
        assert campaigns.run_launch(campaign.pk) is True

    # The change was rolled back with the range here; the range was then tried anew.
    assert_adds_up(campaign)
    assert campaign.status == CampaignStatus.SENDING


def test_rows_that_never_add_up_are_a_fault_and_leave_nothing(campaign) -> None:
    make_contact()
    begin(campaign)

    def wrapper(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.startswith("INSERT INTO") and "sms_marketing_message" in sql[:40]:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM sms_marketing_message")
        return result

    with connection.execute_wrapper(wrapper), pytest.raises(campaigns.Miscount):
        campaigns.run_launch(campaign.pk)

    assert_adds_up(campaign)
    assert campaign.audience_count == 0
    assert campaign.status == CampaignStatus.LAUNCHING


def test_r2_the_database_refuses_a_second_row_for_a_contact(campaign) -> None:
    make_contact()
    launch_all(campaign)
    row = campaign.messages.get()
    row.pk = None

    with pytest.raises(IntegrityError):
        row.save(force_insert=True)


def test_a_second_launch_is_refused(campaign) -> None:
    make_contact()
    begin(campaign)

    with pytest.raises(InvalidTransition):
        campaigns.launch(Campaign.objects.get(pk=campaign.pk))


def test_a_launch_with_an_error_is_refused_and_says_what_to_do(campaign) -> None:
    make_contact()
    Sender.objects.update(is_enabled=False)
    campaign.refresh_from_db()

    with pytest.raises(NotSendable, match="not in use for marketing"):
        campaigns.launch(campaign)

    assert Campaign.objects.get(pk=campaign.pk).status == CampaignStatus.DRAFT


def test_a_launch_of_no_campaign_ends_at_once(db) -> None:
    assert campaigns.run_launch(4_711) is True


def test_an_audience_that_emptied_meanwhile_is_sent_to_nobody(sender) -> None:
    member = make_contact()
    segment = make_segment(kind="static")
    segment.members.add(member)
    campaign = begin(make_campaign(sender=sender, segment=segment))
    segment.members.clear()

    assert campaigns.run_launch(campaign.pk) is True
    assert campaigns.finish_ready() == 1
    assert_adds_up(campaign)
    assert campaign.audience_count == 0


def test_a_launch_of_a_thousand_asks_as_often_as_one_of_ten(
    campaign, django_assert_num_queries
) -> None:
    def people(count: int, first: int) -> None:
        Contact.objects.bulk_create(
            Contact(phone=f"+37128{first + n:06d}", zone=zone)
            for n, zone in zip(range(count), ZONES * count, strict=False)
        )

    people(10, 0)
    make_contact()
    again = campaigns.duplicate(campaign, name="Again")
    begin(campaign)
    begin(again)
    with django_assert_num_queries(QUERIES):
        campaigns.run_launch(campaign.pk)

    people(990, 10)
    with django_assert_num_queries(QUERIES):
        campaigns.run_launch(again.pk)

    assert_adds_up(again)
    assert again.audience_count == 1001


ZONES = ["Europe/Riga", "", "Nowhere/At_all", "America/New_York"]
#: Take 8 (lease, campaign and what it says), one range 10, the end 6.
QUERIES = 22


@pytest.mark.real_database
@pytest.mark.django_db(transaction=True)
def test_r2_two_launches_at_once_write_each_row_once() -> None:
    campaign = make_campaign()
    for _ in range(30):
        make_contact()
    begin(campaign)
    barrier = threading.Barrier(2)
    results = []

    def run() -> None:
        barrier.wait(timeout=10)
        try:
            results.append(campaigns.run_launch(campaign.pk))
        finally:
            connection.close()

    with chunks_of(3):
        sms_settings()
        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

    assert results == [True, True]
    assert_adds_up(campaign)
    assert campaign.audience_count == 30
    assert campaign.status == CampaignStatus.SENDING
    assert Message.objects.values("contact").distinct().count() == 30


@pytest.mark.real_database
@pytest.mark.django_db(transaction=True)
def test_r2_two_launches_pressed_at_once_begin_one() -> None:
    campaign = make_campaign(sender=make_sender())
    make_contact()
    barrier = threading.Barrier(2)
    outcomes = []

    def press() -> None:
        copy = Campaign.objects.get(pk=campaign.pk)
        barrier.wait(timeout=10)
        try:
            campaigns.launch(copy)
            outcomes.append("launched")
        except InvalidTransition:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert sorted(outcomes) == ["launched", "told"]
