"""A marketer writes a campaign, sees it, sends it, watches it; others may not."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sms_marketing import campaigns, contacts, sending
from sms_marketing.core import clock
from sms_marketing.models import (
    Campaign,
    CampaignStatus,
    Conversion,
    Message,
    MessageStatus,
    Variant,
    VariantBody,
)
from sms_marketing.providers import get_provider
from tests.admin.people import EDITOR, SENDER, VIEWER, make_user, signed_in
from tests.factories import (
    make_campaign,
    make_contact,
    make_message,
    make_purchase,
    make_segment,
    make_sender,
)

LIST = reverse("admin:sms_marketing_campaign_changelist")
ADD = reverse("admin:sms_marketing_campaign_add")


def at(name: str, campaign: Campaign) -> str:
    return reverse(f"admin:sms_marketing_campaign_{name}", args=[campaign.pk])


def posted(campaign: Campaign, **over: Any) -> dict[str, Any]:
    """The form of a campaign as a browser sends it."""
    return {
        "name": campaign.name,
        "brand": campaign.brand_id,
        "sender": campaign.sender_id or "",
        "segments": [segment.pk for segment in campaign.segments.all()],
        "schedule": campaign.schedule,
        "late_policy": campaign.late_policy,
        "encoding_policy": campaign.encoding_policy,
        "holdout_percent": campaign.holdout_percent,
        "text_lv": "Sveiki, {{ first_name }}!",
        **over,
    }


def texts_of(campaign: Campaign) -> dict[str, str]:
    bodies = VariantBody.objects.filter(variant__campaign=campaign)
    return dict(bodies.values_list("language", "text"))


def told(page: Any) -> list[str]:
    return [str(message) for message in page.context["messages"]]


@pytest.fixture
def no_worker(settings) -> None:
    settings.SMS_MARKETING = {
        **settings.SMS_MARKETING,
        "QUEUE": "tests.campaigns.conftest.swallow",
    }


@pytest.fixture
def editor(db) -> Client:
    return signed_in(*EDITOR, name="editor")


@pytest.fixture
def sender_person(db) -> Client:
    return signed_in(*SENDER, name="sender")


# Writing


def test_a_campaign_is_written_on_one_page(editor) -> None:
    sender, segment = make_sender(), make_segment()
    blank = Campaign(name="Rudens", brand=sender.brand, sender=sender)

    blank_form = {**posted_new(blank), "segments": [segment.pk]}
    answer = editor.post(ADD, {**blank_form, "text_ru": "Привет!", "text_en": " "})

    campaign = Campaign.objects.get()
    bodies = texts_of(campaign)
    assert answer.status_code == 302
    assert bodies == {"lv": "Sveiki, {{ first_name }}!", "ru": "Привет!"}
    assert list(campaign.segments.all()) == [segment]
    assert campaign.created_by_name == "editor"
    assert campaign.status == CampaignStatus.DRAFT


def posted_new(blank: Campaign) -> dict[str, Any]:
    return {
        "name": blank.name,
        "brand": blank.brand_id,
        "sender": blank.sender_id,
        "schedule": "now",
        "late_policy": "next_day",
        "encoding_policy": "punctuation",
        "holdout_percent": 0,
        "text_lv": "Sveiki, {{ first_name }}!",
    }


def test_the_usual_brand_and_sender_are_chosen_already(editor) -> None:
    sender = make_sender()

    form = editor.get(ADD).context["adminform"].form

    assert form["brand"].value() == sender.brand_id
    assert form["sender"].value() in (sender.pk, sender)
    assert [field.name for field in form.text_fields] == [
        "text_lv",
        "text_en",
        "text_ru",
    ]


def test_segments_tell_how_many_they_are(editor, campaign) -> None:
    make_segment(name="Big", last_count=1234)

    page = editor.get(at("change", campaign))

    assert "Big (1,234 people)" in page.text


def test_a_language_unknown_to_django_is_called_by_its_code(editor, campaign) -> None:
    campaign.brand.languages = ["lv", "ltg"]
    campaign.brand.save()

    form = editor.get(at("change", campaign)).context["adminform"].form

    assert [field.label for field in form.text_fields] == ["Latvian", "ltg"]


def test_a_text_in_a_language_that_the_brand_gave_up_is_not_lost(
    editor, campaign
) -> None:
    campaign.brand.languages = ["en"]
    campaign.brand.save()

    editor.post(at("change", campaign), posted(campaign, text_en="Hi"))

    assert texts_of(campaign) == {"lv": "Sveiki, {{ first_name }}!", "en": "Hi"}


def test_a_text_that_cannot_be_sent_is_told_at_its_language_and_kept(
    editor, campaign
) -> None:
    typed = posted(campaign, text_lv="Sveiki, {{ frst_name }}!", text_en="Hi", name="N")

    page = editor.post(at("change", campaign), typed)

    form = page.context["adminform"].form
    assert "first_name" in form.errors["text_lv"][0]
    assert form["text_lv"].value() == "Sveiki, {{ frst_name }}!"
    assert form["text_en"].value() == "Hi"
    assert form["name"].value() == "N"
    campaign.refresh_from_db()
    assert campaign.name == "Spring"
    assert texts_of(campaign) == {"lv": "Sveiki, {{ first_name }}!"}


def test_an_emptied_text_is_taken_away(editor, campaign) -> None:
    editor.post(at("change", campaign), posted(campaign, text_lv="", text_en="Hi"))

    assert texts_of(campaign) == {"en": "Hi"}


def test_a_sender_of_another_brand_is_refused(editor, campaign) -> None:
    other = type(campaign.brand).objects.create(name="Other", code="other")
    stranger = make_sender(brand=other, address="Other", kind="name")

    page = editor.post(at("change", campaign), posted(campaign, sender=stranger.pk))

    assert "another brand" in page.context["adminform"].form.errors["sender"][0]


def test_a_change_takes_a_scheduled_campaign_off_the_schedule(editor, campaign) -> None:
    make_contact()
    campaigns.schedule(campaign)

    same = editor.post(at("change", campaign), posted(campaign), follow=True)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.SCHEDULED, told(same)

    page = editor.post(
        at("change", campaign), posted(campaign, text_lv="Cits"), follow=True
    )

    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.DRAFT
    assert any("draft again" in message for message in told(page))


@pytest.mark.parametrize("status", ["launching", "sending", "paused", "finished"])
def test_what_is_under_way_is_not_edited(editor, campaign, status) -> None:
    Campaign.objects.update(status=status, audience_count=1)

    page = editor.get(at("change", campaign))
    answer = editor.post(at("change", campaign), posted(campaign, name="Other"))

    assert page.status_code == 200
    assert "<textarea" not in page.text
    assert "Sveiki, {{ first_name }}!" in page.text
    assert answer.status_code == 403
    assert Campaign.objects.get().name == "Spring"


def test_only_a_draft_is_deleted(campaign) -> None:
    admin = signed_in(*EDITOR, "delete_campaign", name="admin")
    assert admin.get(at("delete", campaign)).status_code == 200

    Campaign.objects.update(status="finished", audience_count=1)

    assert admin.get(at("delete", campaign)).status_code == 403


# Preview


def test_r9_the_preview_is_the_text_the_parts_and_the_price_that_are_sent(
    editor, campaign, no_worker
) -> None:
    contact = make_contact(first_name="Līga")
    words = "Sveiki, {{ first_name }}! Rīt viss par pusi: https://shop.test/a?b=1"
    piece = editor.post(at("preview", campaign), posted(campaign, text_lv=words))
    tab = piece.context["message"].tabs[0]
    editor.post(at("change", campaign), posted(campaign, text_lv=words))

    campaigns.launch(Campaign.objects.get())
    campaigns.run_launch(campaign.pk)
    sending.dispatch(seconds=5)

    message = Message.objects.get(contact=contact)
    sent = get_provider("default").outbox[-1].text
    token = re.compile(r"(?<=shop\.test/sms/)\w{12}")
    assert message.status == MessageStatus.SENT
    assert token.sub("", tab.shown.text) == token.sub("", sent)
    assert len(tab.shown.text) == len(sent)
    assert tab.shown.part_count == message.part_count
    assert tab.shown.price == message.price
    assert "".join(run.text for part in tab.parts for run in part) == tab.shown.text


def test_an_unsaved_campaign_is_previewed(editor) -> None:
    sender, segment = make_sender(), make_segment()
    make_contact(first_name="Zane")
    make_contact(first_name="Jo", consent=False)
    blank = Campaign(name="", brand=sender.brand, sender=sender)
    url = reverse("admin:sms_marketing_campaign_preview")

    piece = editor.post(url, {**posted_new(blank), "segments": [segment.pk]})

    counts = piece.context["reach"].counts
    assert "Sveiki, Zane!" in piece.text
    assert (counts.in_segment, counts.with_consent, counts.will_receive) == (2, 1, 1)
    assert piece.context["reach"].price_of_all == "0.05 EUR"
    assert not Campaign.objects.exists()


def test_without_brand_and_sender_the_next_step_is_told(editor) -> None:
    make_contact()
    url = reverse("admin:sms_marketing_campaign_preview")

    piece = editor.post(url, {"text_lv": "Sveiki!"})

    assert "Choose a sender" in piece.text


def test_letters_that_cost_money_are_marked_with_what_could_be_saved(
    editor, campaign
) -> None:
    make_contact()
    words = "Sveiki! " + "Jaunā preču līnija. " * 5

    piece = editor.post(at("preview", campaign), posted(campaign, text_lv=words))

    tab = piece.context["message"].tabs[0]
    assert tab.is_unicode
    assert tab.shown.part_count == 2
    assert "1 instead of 2" in tab.saving
    assert "<mark>ā</mark>" in piece.text


def test_an_alphabet_of_its_own_is_no_list_of_faults(editor, campaign) -> None:
    make_contact(language="ru")

    piece = editor.post(at("preview", campaign), posted(campaign, text_ru="Привет!"))

    tab = piece.context["message"].tabs[1]
    assert tab.is_other_alphabet
    assert not any(run.is_costly for part in tab.parts for run in part)
    assert "70 letters to a part" in piece.text


def test_the_next_recipient_is_shown_on_request(editor, campaign) -> None:
    first = make_contact(first_name="Maksimiliāns")
    second = make_contact(first_name="Jo")
    url = at("preview", campaign)

    shown = editor.post(url, posted(campaign))
    after = editor.post(
        url, posted(campaign, preview_contact=first.pk, _preview="next")
    )
    again = editor.post(
        url, posted(campaign, preview_contact=second.pk, _preview="next")
    )

    def text(page: Any) -> str:
        return page.context["message"].tabs[0].shown.text

    assert "Sveiki, Maksimiliāns!" in text(shown)
    assert "Sveiki, Jo!" in text(after)
    assert "Sveiki, Maksimiliāns!" in text(again)


def test_each_language_has_its_message_and_theirs_is_open(editor, campaign) -> None:
    make_contact(language="ru", first_name="Ольга")
    form = posted(campaign, text_ru="Привет, {{ first_name }}!")

    message = editor.post(at("preview", campaign), form).context["message"]
    other = editor.post(
        at("preview", campaign), {**form, "preview_language": "lv"}
    ).context["message"]

    assert [tab.language for tab in message.tabs] == ["lv", "ru"]
    assert [tab.is_theirs for tab in message.tabs] == [False, True]
    assert (message.language, other.language) == ("ru", "lv")
    assert "Ольга" in message.tabs[1].shown.text


def test_another_recipient_is_shown_in_their_own_language(editor, campaign) -> None:
    anna, olga = make_contact(), make_contact(language="ru", first_name="Ольга Павлова")
    form = posted(campaign, text_ru="Привет!", text_en="Hi!", preview_language="en")

    def opened(**over: Any) -> str:
        page = editor.post(at("preview", campaign), {**form, **over})
        shown = next(s.pk for s in page.context["message"].samples if s.is_shown)
        assert f'name="preview_shown" value="{shown}"' in page.text
        return page.context["message"].language

    same = {"preview_shown": olga.pk, "preview_contact": olga.pk}
    assert opened(**same) == "en"
    assert opened(**same, _preview="next") == "lv"
    assert opened(**{**same, "preview_contact": anna.pk}) == "lv"
    assert opened(preview_shown=anna.pk, preview_contact=olga.pk) == "ru"
    # Whoever was shown is not in the audience any more: so another one is.
    assert opened(preview_shown=0, preview_contact=0) == "ru"


def test_different_prices_are_a_range(editor, campaign) -> None:
    make_contact()
    form = posted(campaign, text_ru="Привет, " * 12)

    reach = editor.post(at("preview", campaign), form).context["reach"]

    assert reach.price_of_all == "0.05 EUR – 0.10 EUR"


def test_problems_are_told_beside_the_preview(editor, campaign) -> None:
    make_contact()
    url = at("preview", campaign)

    fine = editor.post(url, posted(campaign)).context["reach"]
    wrong = editor.post(url, posted(campaign, text_lv="{{ nonsense }}"))
    nobody = editor.post(url, posted(campaign, segments=[])).context["reach"]

    assert fine.problems == []
    assert "nonsense" in wrong.context["reach"].problems[0].message
    assert wrong.context["reach"].has_errors
    assert [problem.code for problem in nobody.problems] == ["no_segment"]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"text_lv": "ļ" * 600}, "Latvian: 10 parts"),
        ({"text_lv": "{{ frst_name }}"}, "frst_name"),
        ({"text_lv": ""}, "Write a text."),
        ({"text_lv": "", "text_en": "Hi"}, "Latvian: No text yet."),
        ({"text_lv": "ļ" * 600, "segments": []}, "Latvian: 10 parts are too many"),
    ],
)
def test_what_is_wrong_with_a_text_is_told_while_it_is_typed(
    editor, campaign, texts, words
) -> None:
    make_contact()

    piece = editor.post(at("preview", campaign), posted(campaign, **texts))

    reach = piece.context["reach"]
    assert any(words in problem.message for problem in reach.problems)
    assert reach.has_errors
    assert "Nothing is wrong" not in piece.text
    assert "will receive it" not in piece.text
    assert "Variant" not in piece.text


def test_a_segment_whose_rules_broke_is_told_not_raised(editor, campaign) -> None:
    make_contact()
    campaign.segments.set([make_segment({"kind": "gone", "op": "is"})])

    reach = editor.post(at("preview", campaign), posted(campaign)).context["reach"]

    assert reach.counts is None
    assert reach.problems[0].code == "bad_rules"


def test_typing_refreshes_the_message_alone(editor, campaign) -> None:
    make_contact()

    piece = editor.post(at("preview", campaign), posted(campaign, only="message"))

    assert 'data-piece="message"' in piece.text
    assert 'data-piece="reach"' not in piece.text


def test_typing_keeps_the_recipients_and_takes_no_strangers(editor, campaign) -> None:
    campaign.segments.set([make_segment({"kind": "city", "op": "is", "value": "Rīga"})])
    kept, longer = make_contact(first_name="Jo"), make_contact(first_name="Elizabete")
    stranger = make_contact(city="Cēsis")
    asked = [str(stranger.pk), "x", str(kept.pk)]

    def samples(**over: Any) -> list[int]:
        form = posted(campaign, only="message", **over)
        look = editor.post(at("preview", campaign), form).context["message"]
        return [sample.pk for sample in look.samples]

    assert samples(preview_sample=asked) == [kept.pk]
    assert samples() == [longer.pk, kept.pk]
    campaign.segments.set([make_segment({"kind": "gone", "op": "is"})])
    assert set(samples(preview_sample=asked)) == {kept.pk, longer.pk, stranger.pk}


def test_a_preview_saves_nothing_and_shows_no_whole_number(editor, campaign) -> None:
    contact = make_contact()
    before = everything()

    page = editor.post(
        at("change", campaign), posted(campaign, text_lv="Cits", _preview="1")
    )
    editor.post(at("preview", campaign), posted(campaign, text_lv="Cits"))

    assert page.status_code == 200
    assert "VSTe: Cits" in page.text
    assert contact.phone not in page.text
    assert everything() == before


def test_without_contacts_the_preview_says_so(editor, campaign) -> None:
    piece = editor.post(at("preview", campaign), posted(campaign))

    assert "There is no contact yet" in piece.text


def everything() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (Campaign, Variant, VariantBody, Message)
    ]


# Sending


def test_a_launch_asks_first_and_then_sends(
    sender_person, campaign, django_capture_on_commit_callbacks
) -> None:
    make_contact()
    make_contact(consent=False)

    question = sender_person.get(at("launch", campaign))

    audience = question.context["audience"]
    assert audience.counts.in_segment == 2
    assert audience.counts.will_receive == 1
    assert "Sveiki, Anna!" in question.text
    assert Campaign.objects.get().status == CampaignStatus.DRAFT

    with django_capture_on_commit_callbacks(execute=True):
        page = sender_person.post(at("launch", campaign), follow=True)

    assert told(page) == ["Launched."]
    statuses = Message.objects.values_list("status", "skip_reason")
    assert set(statuses) == {("sent", ""), ("skipped", "no_consent")}
    assert page.redirect_chain[0][0] == at("progress", campaign)


def test_a_campaign_with_errors_has_no_button_and_says_why(sender_person, campaign):
    question = sender_person.get(at("launch", campaign))
    page = sender_person.post(at("launch", campaign), follow=True)

    assert "Send it now" not in question.text
    assert any("Nobody is in this audience" in text for text in told(page))
    assert Campaign.objects.get().status == CampaignStatus.DRAFT


@pytest.mark.usefixtures("no_worker")
def test_pause_resume_and_cancel(sender_person, campaign) -> None:
    make_contact()
    campaigns.launch(campaign)
    campaigns.run_launch(campaign.pk)

    def after(name: str) -> str:
        sender_person.post(at(name, campaign))
        return Campaign.objects.get().status

    assert after("pause") == CampaignStatus.PAUSED
    assert after("resume") == CampaignStatus.SENDING
    assert "cannot be called back" in sender_person.get(at("cancel", campaign)).text
    assert after("cancel") == CampaignStatus.CANCELED
    assert Message.objects.get().status == MessageStatus.CANCELED


def test_a_move_that_is_not_allowed_is_told(sender_person, campaign) -> None:
    page = sender_person.post(at("pause", campaign), follow=True)

    assert "cannot become paused" in told(page)[0]
    assert page.status_code == 200


def test_a_schedule_asks_first_and_can_be_taken_back(sender_person, campaign) -> None:
    make_contact()
    Campaign.objects.update(
        schedule="brand_time", send_on="2030-05-01", send_time="10:00"
    )

    assert "Schedule it" in sender_person.get(at("schedule", campaign)).text
    sender_person.post(at("schedule", campaign))
    assert Campaign.objects.get().status == CampaignStatus.SCHEDULED

    sender_person.post(at("unschedule", campaign))
    assert Campaign.objects.get().status == CampaignStatus.DRAFT


def test_a_test_goes_to_the_phone_that_was_given(sender_person, campaign) -> None:
    VariantBody.objects.update(text="Sveiki!")
    assert "Send the test" in sender_person.get(at("test", campaign)).text

    good = sender_person.post(
        at("test", campaign), {"phone": "20 000 111"}, follow=True
    )

    assert told(good) == ["The test is on its way."]
    message = Message.objects.get()
    assert (message.to_phone, message.is_test) == ("+37120000111", True)


def test_a_wrong_number_is_told_at_its_field_and_kept(sender_person, campaign) -> None:
    chosen, other = make_contact(), make_contact(first_name="Jo")
    asked = {"phone": "112", "like": other.pk, "language": "lv"}

    page = sender_person.post(at("test", campaign), asked)

    form = page.context["form"]
    assert page.status_code == 200
    assert list(form.errors) == ["phone"]
    assert form["phone"].value() == "112"
    assert f'value="{other.pk}" selected' in page.text
    assert f'value="{chosen.pk}"' in page.text
    assert sender_person.post(at("test", campaign), {}).context["form"].errors
    assert not Message.objects.exists()


def test_a_text_that_cannot_be_written_is_told_on_the_page_of_the_test(
    sender_person, campaign
) -> None:
    page = sender_person.post(at("test", campaign), {"phone": "20000111"})

    assert "first_name is not known" in page.text
    assert not Message.objects.exists()


def test_a_test_reads_as_for_the_one_chosen_in_the_preview(campaign) -> None:
    both = signed_in(*EDITOR, "send_campaign", name="both")
    make_contact(first_name="Maksimiliāns")
    chosen = make_contact(first_name="Jo", language="ru")
    form = posted(campaign, text_ru="Привет, {{ first_name }}!", _test="1")
    shown = {"preview_contact": chosen.pk, "preview_language": "ru"}

    onward = both.post(at("change", campaign), {**form, **shown}).url
    asked = both.get(onward).context["form"]
    both.post(onward, {"phone": "20000111", **asked.initial})
    sending.dispatch(seconds=5)

    assert asked.initial == {"like": str(chosen.pk), "language": "ru"}
    assert "Привет, Jo!" in get_provider("default").outbox[-1].text


def test_a_test_shows_nobody_outside_the_audience(sender_person, campaign) -> None:
    campaign.segments.set([make_segment({"kind": "city", "op": "is", "value": "Rīga"})])
    member = make_contact()
    stranger = make_contact(city="Cēsis", first_name="Zane")
    asked = {"phone": "20000111", "like": stranger.pk}

    page = sender_person.post(at("test", campaign), asked)

    assert list(page.context["form"].people) == [str(member.pk)]
    assert "like" in page.context["form"].errors


def test_nobody_who_has_left_is_shown_as_a_sample(editor, campaign) -> None:
    stays = make_contact(first_name="Jo")
    leaves = make_contact(first_name="Maksimiliāns")
    contacts.opt_out(leaves.phone, method="keyword")
    url = at("preview", campaign)

    def samples(**over: Any) -> list[int]:
        look = editor.post(url, posted(campaign, **over)).context["message"]
        return [sample.pk for sample in look.samples]

    assert samples() == [stays.pk]
    assert samples(segments=[]) == [stays.pk]
    assert samples(only="message", preview_sample=[leaves.pk]) == [stays.pk]
    contacts.opt_out(stays.phone, method="keyword")
    assert samples() == []


def test_the_form_leads_on_to_a_test_or_a_launch_once_saved(campaign) -> None:
    both = signed_in(*EDITOR, "send_campaign", name="both")
    form = posted(campaign, text_lv="Cits")

    for name in ("test", "launch", "schedule"):
        answer = both.post(at("change", campaign), {**form, f"_{name}": "1"})
        assert answer.url == at(name, campaign)
    assert texts_of(campaign) == {"lv": "Cits"}

    new = both.post(ADD, {**form, "name": "New", "_test": "1"})
    assert new.url == at("test", Campaign.objects.get(name="New"))


def test_a_copy_is_opened(editor, campaign) -> None:
    answer = editor.post(at("duplicate", campaign))

    copy = Campaign.objects.exclude(pk=campaign.pk).get()
    assert copy.name == "Spring (copy)"
    assert answer.url == at("change", copy)


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("draft", {"test", "launch", "cancel"}),
        ("scheduled", {"test", "unschedule", "cancel"}),
        ("launching", {"cancel"}),
        ("sending", {"pause", "cancel"}),
        ("paused", {"resume", "cancel"}),
        ("finished", set()),
        ("canceled", set()),
    ],
)
def test_buttons_are_those_that_are_allowed_now(
    sender_person, campaign, status, offered
) -> None:
    Campaign.objects.update(status=status, audience_count=1)

    page = sender_person.get(at("progress", campaign))

    assert {button.name for button in page.context["buttons"]} == offered
    viewer = signed_in(*VIEWER, name="viewer")
    assert viewer.get(at("progress", campaign)).context["buttons"] == []


# Watching


@pytest.mark.usefixtures("no_worker")
def test_progress_shows_counts_and_stops_asking_when_finished(
    sender_person, campaign
) -> None:
    contacts = [make_contact() for _ in range(4)]
    Campaign.objects.update(status="sending", audience_count=4)
    for contact, status in zip(
        contacts, ("queued", "sent", "sent", "sent"), strict=True
    ):
        make_sent(campaign, contact, status)

    page = sender_person.get(at("progress", campaign))
    piece = sender_person.get(at("progress_now", campaign))
    Message.objects.filter(status="queued").update(status="canceled")
    campaigns.finish_ready()
    done = sender_person.get(at("progress_now", campaign))

    assert page.context["progress"].percent == 75
    assert "3 of 4 done" in piece.text
    assert 'data-at-rest=""' in piece.text
    assert "<html" not in piece.text
    assert 'data-at-rest="1"' in done.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "launching", "audience_count": 0}, "being written down"),
        ({"status": "paused", "audience_count": 1}, "what is queued waits"),
        (
            {"status": "paused", "audience_count": 1, "halt_reason": "No credit."},
            "No credit.",
        ),
        ({"status": "scheduled", "due_at": "2030-05-01T07:00Z"}, "Starts "),
        ({"status": "finished", "audience_count": 1}, ""),
        ({"status": "canceled", "halt_reason": "No credit."}, "No credit."),
        ({"status": "sending", "audience_count": 1}, "Waiting for a worker"),
    ],
)
def test_progress_says_what_it_waits_for(
    sender_person, campaign, fields, words
) -> None:
    make_sent(campaign, make_contact(), "queued")
    Campaign.objects.update(**fields)

    progress = sender_person.get(at("progress", campaign)).context["progress"]

    assert words in progress.pace


def test_progress_with_nothing_left_says_so(sender_person, campaign) -> None:
    Campaign.objects.update(status="sending", audience_count=1)
    make_sent(campaign, make_contact(), "sent")

    progress = sender_person.get(at("progress", campaign)).context["progress"]

    assert "Nothing is left to send" in progress.pace


def test_progress_tells_the_pace_while_messages_leave(sender_person, campaign) -> None:
    Campaign.objects.update(status="sending", audience_count=2)
    make_sent(campaign, make_contact(), "queued")
    make_sent(campaign, make_contact(), "sent")

    progress = sender_person.get(at("progress", campaign)).context["progress"]

    assert "about 1 minute left" in progress.pace


def make_sent(campaign: Campaign, contact: Any, status: str) -> Message:
    when = clock.now() if status in ("sent", "delivered") else None
    return make_message(
        campaign=campaign,
        contact=contact,
        sender=campaign.sender,
        status=status,
        category="marketing",
        sent_at=when,
        delivered_at=when if status == "delivered" else None,
        part_count=1 if when else None,
        price=Decimal("0.05") if when else None,
        currency="EUR" if when else "",
    )


def test_the_report_shows_the_funnel_twice_and_no_return_without_cost(
    sender_person, campaign
) -> None:
    empty = sender_person.get(at("report", campaign))
    make_sent(campaign, make_contact(), "delivered")
    make_sent(campaign, make_contact(), "sent")
    full = sender_person.get(at("report", campaign))

    assert empty.context["roi"] == "n/a"
    assert full.context["cost"] == "0.10 EUR"
    assert full.context["roi"] == "too early"
    assert '<svg class="sms-chart"' in full.text
    assert '<th scope="row">Delivered</th><td>1</td><td>50.0 %</td>' in full.text


def test_a_return_is_told_once_something_was_bought_or_a_day_has_passed(
    sender_person, campaign
) -> None:
    message = make_sent(campaign, make_contact(), "delivered")

    def told_return(**since: int) -> str:
        Campaign.objects.update(finished_at=clock.now() - timedelta(**since))
        return sender_person.get(at("report", campaign)).context["roi"]

    assert told_return(hours=23) == "too early"
    assert told_return(hours=25) == "-100.0 %"

    purchase = make_purchase(contact=message.contact, amount=Decimal("0.10"))
    Conversion.objects.create(
        purchase=purchase, message=message, basis="click", credited_at=clock.now()
    )
    assert told_return(hours=1) == "100.0 %"


def test_the_list_counts_in_as_many_queries_for_many_as_for_few(
    editor, campaign, django_assert_num_queries
) -> None:
    make_sent(campaign, make_contact(), "delivered")
    make_sent(campaign, make_contact(), "sent")
    Campaign.objects.update(audience_count=2)
    with django_assert_num_queries(8):
        page = editor.get(LIST)
    row = page.context["cl"].result_list[0]
    assert "All · 2" in page.text
    assert (row.sent_count, row.delivered_count) == (2, 1)

    for number in range(4):
        make_campaign(sender=campaign.sender, name=f"C{number}")
    with django_assert_num_queries(8):
        editor.get(LIST)


# The strict policy

INLINE = re.compile(r'style="|<style|\son[a-z]+="|<script(?![^>]*(src=|json))')


def test_no_page_of_ours_has_a_style_or_a_script_within(campaign) -> None:
    make_sent(campaign, make_contact(), "sent")
    admin = signed_in(*EDITOR, "send_campaign", "delete_campaign")
    segment = campaign.segments.get()
    urls = [LIST, ADD, reverse("admin:sms_marketing_segment_add")]
    urls += [at(name, campaign) for name in PAGES if name != "changelist"]
    urls += [reverse("admin:sms_marketing_segment_change", args=[segment.pk])]

    for url in urls:
        assert not INLINE.search(admin.get(url).text), url
    piece = admin.post(at("preview", campaign), posted(campaign))
    assert not INLINE.search(piece.text)


# Who may do what

PAGES = {
    "changelist": "view",
    "change": "view",
    "progress": "view",
    "progress_now": "view",
    "report": "view",
    "test": "send",
    "launch": "send",
    "schedule": "send",
    "cancel": "send",
}
POSTS = {
    "preview": "view",
    "change": "edit",
    "duplicate": "edit",
    "test": "send",
    "launch": "send",
    "schedule": "send",
    "unschedule": "send",
    "pause": "send",
    "resume": "send",
    "cancel": "send",
}
MAY = {
    "nothing": set(),
    "viewer": {"view"},
    "editor": {"view", "edit"},
    "sender": {"view", "send"},
}
CODES = {"nothing": (), "viewer": VIEWER, "editor": EDITOR, "sender": SENDER}


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize("who", MAY)
@pytest.mark.parametrize("name", PAGES)
def test_pages_by_permission(campaign, who, name) -> None:
    person = signed_in(*CODES[who])
    url = LIST if name == "changelist" else at(name, campaign)

    assert (person.get(url).status_code == 200) == (PAGES[name] in MAY[who])
    assert person.get(url).status_code in (200, 403)
    assert Client().get(url).status_code == 302


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize("who", MAY)
@pytest.mark.parametrize("name", POSTS)
def test_posts_by_permission(campaign, who, name) -> None:
    person = signed_in(*CODES[who])
    form = posted(campaign, phone="+37120000111")

    refused = person.post(at(name, campaign), form).status_code == 403

    assert refused == (POSTS[name] not in MAY[who])
    stranger = Client().post(at(name, campaign), form)
    assert stranger.status_code == 302
    assert "/login/" in stranger.url


def test_a_new_campaign_is_previewed_by_those_who_may_add_one(campaign) -> None:
    url = reverse("admin:sms_marketing_campaign_preview")

    assert signed_in(*VIEWER).post(url, posted(campaign)).status_code == 403


def test_a_viewer_previews_what_is_kept_and_nothing_of_their_own(campaign) -> None:
    make_contact(email="anna@shop.test")
    form = posted(campaign, text_lv="{{ email }}")

    piece = signed_in(*VIEWER).post(at("preview", campaign), form)

    assert "Sveiki, Anna!" in piece.text
    assert "anna@shop.test" not in piece.text


def test_a_get_changes_nothing(campaign) -> None:
    make_contact()
    person = signed_in(*EDITOR, "send_campaign", "delete_campaign")
    before = everything()

    for name in PAGES:
        person.get(LIST if name == "changelist" else at(name, campaign))
    for name in ("preview", "unschedule", "pause", "resume", "duplicate"):
        assert person.get(at(name, campaign)).status_code == 405

    assert everything() == before


@pytest.mark.parametrize("name", POSTS)
def test_a_post_from_another_site_is_refused(campaign, name) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user(*EDITOR, "send_campaign"))

    assert strict.post(at(name, campaign), posted(campaign)).status_code == 403
