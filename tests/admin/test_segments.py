"""A marketer builds a segment and sees whom it means."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from sms_marketing.models import Segment, SegmentMember
from tests.admin.people import EDITOR, VIEWER, make_user, signed_in
from tests.factories import make_campaign, make_contact, make_segment

ADD = reverse("admin:sms_marketing_segment_add")
LIST = reverse("admin:sms_marketing_segment_changelist")
COUNT = reverse("admin:sms_marketing_segment_count")
IN_RIGA = {"kind": "city", "op": "is", "value": "Rīga"}


def change(segment: Segment) -> str:
    return reverse("admin:sms_marketing_segment_change", args=[segment.pk])


def posted(**over: object) -> dict[str, object]:
    rules = over.pop("rules", IN_RIGA)
    text = rules if isinstance(rules, str) else json.dumps(rules)
    return {"name": "Rīga", "kind": "dynamic", "rules": text, **over}


@pytest.fixture
def editor(db) -> Client:
    return signed_in(*EDITOR, "delete_segment")


def test_a_segment_is_made_from_its_text_alone(editor) -> None:
    make_contact(city="Rīga")
    make_contact(city="Cēsis")

    answer = editor.post(ADD, posted())

    segment = Segment.objects.get()
    assert answer.status_code == 302
    assert segment.rules == IN_RIGA
    assert segment.last_count == 1
    assert segment.created_by_name == "maija"


def test_a_new_segment_begins_with_everybody(editor) -> None:
    assert editor.get(ADD).context["adminform"].form["rules"].value() == "{}"


def test_a_saved_change_is_counted_anew_and_keeps_its_maker(editor) -> None:
    segment = make_segment(IN_RIGA, last_count=7, created_by_name="someone")
    make_contact(city="Cēsis")

    editor.post(change(segment), posted(rules="{}"))

    segment.refresh_from_db()
    assert (segment.last_count, segment.created_by_name) == (1, "someone")
    assert '<td class="field-members_count">1</td>' in editor.get(LIST).text


def test_no_rules_are_everybody(editor) -> None:
    make_contact()

    editor.post(ADD, posted(rules=""))

    assert Segment.objects.get().rules == {}
    assert Segment.objects.get().last_count == 1


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ('{"all": [{"kind": "cty", "op": "is", "value": "x"}]}', "all[0].kind"),
        ('{"kind": "city",\n  "op": "is"}', "value: is missing"),
        ('{"kind": ', "Enter a valid JSON."),
        ('{"not": ' * 20_000 + "{}" + "}" * 20_000, "Groups are nested too deep."),
        (
            '{"all": [{"kind": "purchase_sum", "op": "at_least", "value": 1.5}]}',
            "12.50",
        ),
    ],
    ids=["unknown kind", "missing value", "no JSON", "very deep", "inexact amount"],
)
def test_a_wrong_tree_is_told_at_its_field_and_kept_as_typed(
    editor, rules, told
) -> None:
    page = editor.post(ADD, posted(rules=rules, name="Mine"))

    form = page.context["adminform"].form
    assert page.status_code == 200
    assert told in form.errors["rules"][0]
    assert form["rules"].value() == rules
    assert form["name"].value() == "Mine"
    assert not Segment.objects.exists()


def test_a_count_answers_number_sentences_and_masked_people(editor) -> None:
    contact = make_contact(city="Rīga", first_name="Zane")
    make_contact(city="Cēsis")

    piece = editor.post(COUNT, posted())

    look = piece.context["look"]
    assert look.count == 1
    assert look.sentences == ["Lives in “Rīga”"] or "Rīga" in look.sentences[0]
    assert [person.first_name for person in look.people] == ["Zane"]
    assert contact.phone not in piece.text
    assert look.people[0].masked in piece.text


def test_counting_unsaved_rules_leaves_the_saved_segment_alone(editor) -> None:
    segment = make_segment(IN_RIGA)
    make_contact(city="Cēsis")
    url = reverse("admin:sms_marketing_segment_count", args=[segment.pk])

    piece = editor.post(url, posted(rules=""))

    segment.refresh_from_db()
    assert piece.context["look"].count == 1
    assert segment.last_count is None
    assert segment.rules == IN_RIGA


def test_a_count_of_wrong_rules_points_at_the_fault(editor) -> None:
    piece = editor.post(COUNT, posted(rules={"any": [IN_RIGA, {"kind": "x"}]}))
    assert 'data-fault-path="any[1].kind"' in piece.text

    unreadable = editor.post(COUNT, posted(rules="{"))
    assert unreadable.context["look"].error == "Enter a valid JSON."

    rule = {"kind": "consent", "op": "opted_in", "brand": "nobody"}
    unknown = editor.post(COUNT, posted(rules=rule))
    assert unknown.context["look"].error_path == "brand"


def test_without_script_count_shows_the_form_again_and_saves_nothing(editor) -> None:
    make_contact(city="Rīga")

    page = editor.post(ADD, posted(_count="1", name="Half done"))

    assert page.context["look"].count == 1
    assert page.context["adminform"].form["name"].value() == "Half done"
    assert not Segment.objects.exists()


def test_a_fixed_list_shows_its_members(editor) -> None:
    segment = make_segment(kind="static", name="Fair 2026")
    SegmentMember.objects.create(segment=segment, contact=make_contact())
    make_contact()
    url = reverse("admin:sms_marketing_segment_count", args=[segment.pk])

    piece = editor.post(url, posted(kind="static"))

    assert piece.context["look"].count == 1
    assert "A fixed list of contacts" in piece.text
    assert editor.post(COUNT, posted(kind="static")).context["look"].count == 0


def test_a_rule_that_went_away_is_told_in_the_list(editor) -> None:
    make_segment({"kind": "gone", "op": "is"})

    assert "These rules cannot be read" in editor.get(LIST).text


def test_a_segment_of_a_campaign_to_come_is_not_deleted(editor) -> None:
    free, included, excluded = (make_segment(name=name) for name in "ABC")
    campaign = make_campaign(segment=included)
    campaign.excluded_segments.add(excluded)

    def may_delete(segment: Segment) -> bool:
        url = reverse("admin:sms_marketing_segment_delete", args=[segment.pk])
        return editor.get(url).status_code == 200

    assert [may_delete(s) for s in (free, included, excluded)] == [True, False, False]


def test_a_viewer_reads_and_counts_but_saves_nothing(db) -> None:
    segment = make_segment(IN_RIGA)
    viewer = signed_in(*VIEWER)

    page = viewer.get(change(segment))

    assert page.status_code == 200
    assert "<textarea" not in page.text
    assert "Rīga" in page.text
    assert viewer.post(change(segment), posted()).status_code == 403
    assert viewer.post(COUNT, posted()).status_code == 200


def test_nobody_else_counts(db) -> None:
    stranger = signed_in(name="other")

    assert stranger.post(COUNT, posted()).status_code == 403
    assert Client().post(COUNT, posted()).status_code == 302
    assert signed_in(*VIEWER).get(COUNT).status_code == 405


def test_a_count_from_another_site_is_refused(db) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user(*VIEWER))

    assert strict.post(COUNT, posted()).status_code == 403


def test_looking_at_a_segment_changes_nothing(editor) -> None:
    segment = make_segment(IN_RIGA)
    before = Segment.objects.values().get()

    for url in (LIST, ADD, change(segment)):
        assert editor.get(url).status_code == 200

    assert Segment.objects.values().get() == before


def test_the_list_asks_as_often_for_many_as_for_few(
    editor, django_assert_num_queries
) -> None:
    make_segment(IN_RIGA)
    with django_assert_num_queries(6):
        editor.get(LIST)
    for number in range(5):
        make_segment({"all": [IN_RIGA, {"not": IN_RIGA}]}, name=f"S{number}")
    with django_assert_num_queries(6):
        editor.get(LIST)


def test_the_builder_knows_every_kind(editor) -> None:
    page = editor.get(ADD)

    kinds = {kind["key"] for kind in page.context["kinds"]}
    assert {"consent", "city", "age", "purchase_sum", "last_purchase"} <= kinds
    assert 'id="sms-kinds" type="application/json"' in page.text
