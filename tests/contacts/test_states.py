from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing import contacts
from sms_marketing.contacts.states import OWN_ACTS
from sms_marketing.models import (
    Brand,
    ConsentMethod,
    ConsentRecord,
    ConsentState,
    ConsentStatus,
)
from tests.factories import make_contact

IN, OUT = ConsentStatus.OPTED_IN, ConsentStatus.OPTED_OUT
UNKNOWN, PENDING = ConsentStatus.UNKNOWN, ConsentStatus.PENDING
START = datetime(2026, 1, 1, tzinfo=UTC)

histories = st.lists(
    st.tuples(
        st.sampled_from([IN, IN, OUT, OUT, PENDING, UNKNOWN]),
        st.sampled_from(["sms", "sms", "rcs"]),
        st.sampled_from(["", "", "news", "sale"]),
        st.sampled_from(["web_form", "import", "keyword", "api"]),
    ),
    max_size=12,
)


def records(history):
    return [
        ConsentRecord(
            status=status,
            channel=channel,
            topic=topic,
            method=method,
            occurred_at=START + timedelta(days=day),
        )
        for day, (status, channel, topic, method) in enumerate(history)
    ]


def statuses(history):
    folded = contacts.fold(records(history))
    return {key: state.status for key, state in folded.items()}


def in_force(states, channel, topic):
    """What a message of a topic may rely on, from the folded rows."""
    own, general = states.get((channel, topic)), states.get((channel, ""))
    if own == OUT:
        return False
    return IN in (own, general)


def by_hand(history, channel, topic):
    """The same, told for this one topic alone, without any table of states."""
    own = general = None
    swept = False  # own was closed by a general withdrawal
    out_everywhere = False  # some channel's marketing as a whole was left
    generals = {}
    for status, where, what, method in history:
        here = where == channel
        machine = ConsentMethod(method) not in OWN_ACTS
        if status == UNKNOWN:
            own = None if own != OUT else own
            general = None if general != OUT else general
            generals = {k: v for k, v in generals.items() if v == OUT}
        elif status == OUT and what == "":
            generals = dict.fromkeys({*generals, where}, OUT)
            if own not in (None, OUT):
                own, swept = OUT, True
            general = generals.get(channel)
        elif status == OUT:
            if here and what == topic:
                own, swept = OUT, False
        elif status == PENDING:
            if here and what == topic and topic and own != IN:
                own, swept = PENDING, False
            if here and what == "" and general != IN:
                general = PENDING
            if what == "" and generals.get(where) != IN:
                generals[where] = PENDING
        else:
            out_everywhere = OUT in generals.values()
            if what == "":
                before = generals.get(where)
                if machine and (before == OUT or (before is None and out_everywhere)):
                    continue
                generals[where] = IN
                if here:
                    general = IN
                    if swept:
                        own, swept = None, False
            elif here and what == topic:
                if machine and (own == OUT or (own is None and out_everywhere)):
                    continue
                own, swept = IN, False
    if not topic:
        return general == IN
    return own != OUT and IN in (own, general)


@given(histories)
def test_consent_in_force_is_what_a_reader_of_the_ledger_would_say(history):
    states = statuses(history)

    for channel in ("sms", "rcs"):
        for topic in ("", "news", "sale"):
            assert in_force(states, channel, topic) == by_hand(history, channel, topic)


@given(histories)
def test_r1_nothing_is_in_force_after_a_withdrawal_of_everything(history):
    states = statuses([*history, (OUT, "sms", "", "keyword")])

    assert set(states.values()) == {OUT}


@given(histories)
def test_r11_what_others_write_never_opens_what_a_person_closed(history):
    before = statuses([*history, (OUT, "sms", "", "keyword")])

    for topic in ("", "news", "other"):
        for channel in ("sms", "rcs"):
            after = statuses(
                [
                    *history,
                    (OUT, "sms", "", "keyword"),
                    (IN, channel, topic, "import"),
                    (IN, channel, topic, "api"),
                ]
            )
            assert after == before


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], {}),
        ([(IN, "sms", "", "web_form")], {("sms", ""): IN}),
        (
            [
                (IN, "sms", "news", "web_form"),
                (OUT, "sms", "", "keyword"),
                (IN, "sms", "", "keyword"),
            ],
            {("sms", ""): IN},
        ),
        (
            [
                (IN, "sms", "", "web_form"),
                (OUT, "sms", "news", "link"),
                (OUT, "sms", "", "keyword"),
                (IN, "sms", "", "keyword"),
            ],
            {("sms", ""): IN, ("sms", "news"): OUT},
        ),
        (
            [(OUT, "sms", "", "keyword"), (IN, "sms", "news", "web_form")],
            {("sms", ""): OUT, ("sms", "news"): IN},
        ),
        (
            [(IN, "sms", "", "web_form"), (UNKNOWN, "sms", "", "api")],
            {},
        ),
        (
            [(OUT, "sms", "", "keyword"), (UNKNOWN, "sms", "", "api")],
            {("sms", ""): OUT},
        ),
        (
            [(IN, "sms", "", "web_form"), (PENDING, "sms", "", "web_form")],
            {("sms", ""): IN},
        ),
        ([(PENDING, "sms", "", "web_form")], {("sms", ""): PENDING}),
    ],
)
def test_fold_by_example(history, expected):
    assert statuses(history) == expected


def test_since_is_the_act_that_began_it():
    folded = contacts.fold(
        records([(IN, "sms", "", "web_form"), (IN, "sms", "", "keyword")])
    )

    assert folded["sms", ""].since == START


def rows(contact, brand):
    found = ConsentState.objects.filter(contact=contact, brand=brand)
    return {
        (row.channel, row.topic): contacts.State(status=row.status, since=row.since)
        for row in found
    }


@pytest.mark.parametrize("seed", range(6))
def test_r11_states_are_the_fold_of_the_ledger(brand, seed):
    other = Brand.objects.create(name="Other", code="other")
    contact = make_contact(consent=False)
    dice = random.Random(seed)
    for _ in range(12):
        choice = {
            "brand": dice.choice([brand, other]),
            "topic": dice.choice(["", "", "news", "sale"]),
            "method": dice.choice(["web_form", "keyword", "import"]),
        }
        if dice.random() < 0.6:
            channel = dice.choice(["sms", "sms", "rcs"])
            contacts.opt_in(contact.phone, wording="x", channel=channel, **choice)
        else:
            contacts.opt_out(contact.phone, **choice)

        for which in (brand, other):
            chain = ConsentRecord.objects.filter(brand=which).order_by("sequence")
            assert rows(contact, which) == contacts.fold(chain)


def test_rebuild_repairs_states(brand):
    contact = make_contact()
    contacts.opt_in(contact.phone, method="web_form", wording="x", topic="news")
    contacts.opt_out(contact.phone, method="link", topic="news")
    right = rows(contact, brand)
    ConsentState.objects.filter(topic="").delete()
    ConsentState.objects.update(status="pending")
    other = Brand.objects.create(name="Other", code="other")
    ConsentState.objects.create(
        contact=contact, brand=other, status="opted_in", since=START
    )

    contacts.rebuild(contact)

    assert rows(contact, brand) == right
    assert rows(contact, other) == {}
