"""A body says what it needs, renders the same on both paths, and refuses early."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.exceptions import InvalidBody, MissingField
from sms_marketing.text import MAX_LENGTH, normalize
from sms_marketing.text.rendering import check_body, compile_body, compile_url

CONTACT = {
    "contact": {"first_name": "Anna", "age": "20", "city": "Rīga", "is_vip": True},
    "cart": {"id": 7, "total": Decimal("12.5"), "url": "https://x.lv/c/7"},
    "order": {
        "number": 1234,
        "placed_on": date(2026, 11, 4),
        "placed_at": datetime(2026, 11, 4, 18, 5, tzinfo=UTC),
    },
}


def render(source, **context):
    return compile_body(source).render(context or CONTACT)


def refused(source):
    with pytest.raises(InvalidBody) as caught:
        compile_body(source)
    return str(caught.value)


# --- fields ----------------------------------------------------------------------


def test_fields_are_put_in_where_they_stand():
    text = render("Hi {{ contact.first_name }}, order {{order.number}} is ready!")

    assert text == "Hi Anna, order 1234 is ready!"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        (12, "12"),
        (True, "true"),
        (False, "false"),
        (Decimal("12.5"), "12.50"),
        (Decimal("0.005"), "0.01"),
        (Decimal("-0.001"), "0.00"),
        (Decimal("1E+3"), "1000.00"),
        (12.5, "12.50"),
        (date(2026, 3, 9), "09.03.2026"),
        (datetime(2026, 3, 9, 23, 59, tzinfo=UTC), "09.03.2026"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("a\tb\x00c\r\nd\u200b", "a b c\nd"),
        ("Re\u0304zekne", "Rēzekne"),
    ],
)
@pytest.mark.parametrize("source", ["{{ x }}", "{% if true %}{{ x }}{% endif %}"])
def test_values_read_as_people_write_them(source, value, text):
    assert render(source, x=value) == text


@pytest.mark.parametrize(
    "value", [["list"], {"a": "dict"}, object(), b"bytes", Decimal("NaN"), 10**30]
)
@pytest.mark.parametrize("source", ["{{ x }}", "{% if true %}{{ x }}{% endif %}"])
def test_values_that_are_no_text_number_or_date_are_refused(source, value):
    with pytest.raises(InvalidBody):
        render(source, x=value)


class Customer(dict):
    """Stands for an object that a careless caller hands over."""

    name = "attribute"

    def delete(self):
        raise AssertionError("a template called a method")


@pytest.mark.parametrize("field", ["c.name", "c.delete", "c.keys", "c.__class__"])
@pytest.mark.parametrize("source", ["{{ %s }}", "{%% if true %%}{{ %s }}{%% endif %%}"])
def test_no_attribute_is_read_and_no_method_called(source, field):
    with pytest.raises((MissingField, InvalidBody)):
        render(source % field, c=Customer())


@pytest.mark.parametrize("value", [None, "", "  ", "\u200b"])
@pytest.mark.parametrize(
    "source", ["{{ a.b }}", "{{ a.b | upcase }}", "{% if true %}{{ a.b }}{% endif %}"]
)
def test_a_field_without_a_value_is_named(source, value):
    with pytest.raises(MissingField, match=r"a\.b"):
        render(source, a={"b": value})


@pytest.mark.parametrize("context", [{"x": 1}, {"a": {}}, {"a": None}, {"a": "text"}])
def test_a_field_that_is_not_there_is_missing(context):
    with pytest.raises(MissingField) as caught:
        render("{{ a.b }}", **context)

    assert caught.value.field == "a.b"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('Hi {{ x | default: "there" }}', "Hi there"),
        ("Hi {{x|default:'there'}}", "Hi there"),
        ('Hi {{ x | upcase | default: "there" }}', "Hi there"),
        ('Hi {{ x | default: "there" | upcase }}', "Hi THERE"),
        ("Hi {{ x | default: y }}", "Hi you"),
        ("Hi {{ x | default: 5 }}", "Hi 5"),
        ("Hi {{ nil | default: y }}", "Hi you"),
    ],
)
def test_a_fallback_stands_in_for_a_missing_value(source, text):
    assert render(source, x=None, y="you") == text


def test_a_missing_fallback_and_a_missing_argument_are_missing_fields():
    with pytest.raises(MissingField, match="y"):
        render("{{ x | default: y }}", x=None)
    with pytest.raises(MissingField, match="y"):
        render('{{ x | replace: "a", y }}', x="abc")


def test_fields_and_required_fields_are_known_without_rendering():
    body = compile_body(
        "{{ a.b }} {{ c | default: d.e }} {% if f > 1 %}{{ g | upcase }}{% endif %}"
        "{% case h %}{% when i %}x{% endcase %} {{ j | default: 'x' }}"
    )

    assert body.fields == {"a.b", "c", "d.e", "f", "g", "h", "i", "j"}
    assert body.required == {"a.b", "d.e", "g"}


# --- the fast path ----------------------------------------------------------------

NAMES = st.sampled_from(["a", "a.b", "c", "d.e.f", "ķ.ž", "true", "nil", "a.in", "x1"])
FALLBACKS = st.sampled_from(
    ["", '|default:"x"', " | default: 'it\"s'", ' | default: ""', " | default: y"]
)
SPACES = st.sampled_from(["", " ", "\n", "\u00a0", "-"])
FIELDS = st.builds(
    lambda *parts: "{{" + "".join(parts) + "}}", SPACES, NAMES, FALLBACKS, SPACES
)
LETTERS = st.text(st.sampled_from("ab {}%|\"'\nā€"), max_size=6)
SOURCES = st.lists(st.one_of(FIELDS, LETTERS), max_size=6).map("".join)
NOTHING = st.sampled_from([None, "", " ", False])
SOMETHING = st.sampled_from(
    ["Anna", "a\tb", "e\u0301", True, 0, 5, 1.5, Decimal("1.005"), date(2026, 1, 2), []]
)
LEAVES = st.one_of(NOTHING, SOMETHING)
CONTEXTS = st.fixed_dictionaries(
    {
        "a": st.one_of(LEAVES, st.fixed_dictionaries({"b": LEAVES})),
        "d": st.fixed_dictionaries({"e": st.fixed_dictionaries({"f": LEAVES})}),
        "ķ": st.fixed_dictionaries({"ž": LEAVES}),
        "y": LEAVES,
    },
    optional={"c": LEAVES, "x1": LEAVES},
)


def outcome(renderer, context):
    try:
        return renderer(context)
    except (MissingField, InvalidBody) as error:
        return type(error), str(error)


@given(SOURCES, CONTEXTS)
def test_the_fast_path_and_liquid_give_the_same_text(source, context):
    try:
        body = compile_body(source)
    except InvalidBody:
        return

    assert outcome(body._fill, context) == outcome(body.template.render, context)


@given(st.lists(FIELDS.filter(lambda f: "\u00a0" not in f), max_size=3), CONTEXTS)
def test_a_rendered_text_is_in_the_form_that_is_counted(fields, context):
    try:
        text = compile_body("Hi e" + "".join(fields)).render(context)
    except (MissingField, InvalidBody):
        return

    assert normalize(text) == text
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize(
    ("source", "is_plain"),
    [
        ("Hi {{ a.b }}", True),
        ('{{ a | default: "x" }} and { } }}', True),
        ("no field at all", True),
        ("{{ a | upcase }}", False),
        ("{%if a%}x{%endif%}", False),
        ("{{- a }}", False),
        ("{{ a.b-c }}", False),
        ("x { {{ a }}", True),
        ("{{ true }}", False),
    ],
)
def test_only_plain_fields_take_the_fast_path(source, is_plain):
    assert (compile_body(source).plain is not None) is is_plain


# --- tags -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% if contact.is_vip %}VIP{% else %}no{% endif %}", "VIP"),
        ("{% if contact.nick %}x{% elsif cart.id == 7 %}7{% endif %}", "7"),
        ("{% unless contact.nick %}no nick{% endunless %}", "no nick"),
        (
            "{% case contact.city %}{% when 'Rīga', 'Ogre' %}R{% else %}-{% endcase %}",
            "R",
        ),
        ("{% case contact.city %}{% when 'Rīga', 'Rīga' %}R{% endcase %}", "R"),
        ("{% case contact.nick %}{% when blank %}none{% endcase %}", "none"),
        ("a{% comment %}{{ for me }} https://x.lv{% endcomment %}b", "ab"),
        ("a{% if contact.is_vip %} {% endif %}b", "a b"),
        ("a {%- if true -%} b {%- endif %}", "ab"),
    ],
)
def test_tags_choose_between_texts(source, text):
    assert render(source) == text


@pytest.mark.parametrize("blank", ["blank", "empty", "nil", "null", '""', "missing"])
@pytest.mark.parametrize("value", [None, "", " "])
def test_no_value_is_false_and_equals_every_kind_of_nothing(blank, value):
    source = (
        f"{{% if x %}}1{{% endif %}}{{% if x == {blank} %}}2{{% endif %}}"
        f"{{% if x != {blank} %}}3{{% endif %}}{{% if x > 1 or x < 1 %}}4{{% endif %}}"
    )

    assert render(source, x=value) == "2"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("20 >= 18", True),
        ("contact.age >= 18", True),  # an attribute from a file is text
        ("contact.age == 20", True),
        ("20 == contact.age", True),
        ("contact.age != 20", False),
        ("contact.city == 5", False),
        ("contact.city != 5", True),
        ("cart.total < 12.51", True),
        ("cart.total <= 12.5 and cart.total > 12", True),
        ("contact.city == 'Rīga' or contact.nope == 'x'", True),
        ("contact.city > 'A'", True),
        ("contact.city contains 'īg'", True),
        ("contact.nope contains 'x'", False),
        ("order.placed_on > order.placed_on", False),
        ("order.placed_on >= order.placed_on", True),
        ("contact.is_vip == true", True),
        ("contact.is_vip == 1", False),
        ("cart.id == true", False),
    ],
)
def test_comparisons_mean_what_they_say(condition, holds):
    assert render(f"{{% if {condition} %}}yes{{% else %}}no{{% endif %}}") == (
        "yes" if holds else "no"
    )


@pytest.mark.parametrize(
    "condition", ["contact.city > 5", "order.placed_on > 'x'", "cart.id contains 'x'"]
)
def test_a_comparison_without_a_sense_is_refused_without_the_values(condition):
    with pytest.raises(InvalidBody) as caught:
        render(f"{{% if {condition} %}}x{{% endif %}}")

    assert "Rīga" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "tag",
    [
        "for x in y",
        "assign x = 1",
        "capture x",
        "raw",
        "include 'x'",
        "render 'x'",
        "cycle 'a'",
        "increment x",
        "tablerow x in y",
        "liquid",
        "echo x",
        "doc",
        "#",
        "",
    ],
)
def test_other_tags_are_refused_with_the_list_of_ours(tag):
    message = refused(f"one\ntwo {{% {tag} %}}")

    assert message.startswith("Line 2: the tag “")
    assert "if, elsif, else" in message


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("x" * (MAX_LENGTH + 1), "4000"),
        ("a\tb", "U+0009"),
        ("a\n{{ x", "Line 2: “{{” is never closed. Write “}}”"),
        ("a\n{% if x", "Line 2: “{%” is never closed. Write “%}”"),
        ("{% if x %}a", "Line 1: the text cannot be read"),
        ("{% comment %}a", "Line 1: the text cannot be read"),
        ("a\n{% if x %}b{% else if y %}c{% endif %}", "did you mean 'elsif'"),
        ("{% unless x %}b{% else if y %}c{% endunless %}", "did you mean 'elsif'"),
        ("{% endif %}", "Line 1"),
        ("{{ a b }}", "Line 1"),
        ("{{ }}", "Line 1"),
        ("{{{ a }}", "Line 1"),
        ("{{ a[0] }}", "dots only"),
        ("{{ a['b'] }}{{ a[b] }}", "dots only"),
        ("{{ a['b c'] }}", "dots only"),
        ("{{ 1a }}", "dots only"),
        ("a\n\n{{ x | upcas }}", "Line 3: there is no filter “upcas”. Use: upcase."),
        ("{{ x | zzzz }}", "default, upcase, downcase"),
        ("{{ x | default: 'a', allow_false: true }}", "does not take these values"),
        ("{{ x | truncate }}", "does not take these values"),
        ("{{ x | upcase: 1 }}", "does not take these values"),
        ("{{ x | date: '%B' }}", "Line 1: date knows no %B. Use: %d"),
        ("{{ x | date: '%' }}", "date knows no %"),
        ("{{ x | truncate: 0 }}", "whole number"),
        ("{{ x | truncate: 'ten' }}", "number was expected"),
        ("{{ x | round: 7 }}", "0 to 6"),
        ("{{ x | replace: '' }}", "replace takes"),
        ("{% if " + "a and " * 600 + "a %}x{% endif %}", "Line 1"),
        ("{% if a %}" * 12 + "{% endif %}" * 12, "Line 1"),
    ],
)
def test_a_faulty_text_is_refused_with_the_line_and_the_cure(source, words):
    assert words in refused(source)


def test_a_hostile_text_is_refused_fast():
    for source in ("{{" * 1900, "{% if " + " " * 3900, "{{" + " " * 3900, "a" * 3999):
        try:
            compile_body(source)
        except InvalidBody:
            continue


# --- filters ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("'Anna Kalna' | first_word", "Anna"),
        ("'rīga' | upcase", "RĪGA"),
        ("'RĪGA' | downcase", "rīga"),
        ("'rīga' | capitalize", "Rīga"),
        ("'  x ' | strip", "x"),
        ("'abcdef' | truncate: 6", "abcdef"),
        ("'abcdefg' | truncate: 6", "abc..."),
        ("'abcdefg' | truncate: 4, ''", "abcd"),
        ("'abcdefg' | truncate: 2", ".."),
        ("'a-b' | replace: '-', '+'", "a+b"),
        ("'a-b' | replace: '-'", "ab"),
        ("order.placed_on | date", "04.11.2026"),
        (
            "order.placed_on | date: '%-d.%-m.%y %H:%M %-H 100%%'",
            "4.11.26 00:00 0 100%",
        ),
        ("'2026-11-24T18:05:00+02:00' | date: '%d.%m. %H:%M'", "24.11. 18:05"),
        ("order.placed_at | date: '%H:%M'", "18:05"),
        ("cart.id | plus: 1", "8"),
        ("cart.id | plus: '1.5'", "8.50"),
        ("cart.id | plus: 0.1 | plus: 0.2", "7.30"),
        ("cart.total | minus: 2", "10.50"),
        ("'3' | minus: 1", "2"),
        ("cart.total | round", "13"),
        ("cart.total | round: 1", "12.5"),
        ("1.5 | money", "1.50"),
        ("cart.total | money: 'EUR'", "12.50 EUR"),
        ("order.number | upcase", "1234"),
    ],
)
def test_filters_shape_a_value(expression, text):
    assert render(f"[{{{{ {expression} }}}}]") == f"[{text}]"


@pytest.mark.parametrize(
    "expression",
    [
        "'x' | plus: 1",
        "true | plus: 1",
        "x | date",
        "'not a day' | date",
        "big | plus: 1",
        "nan | minus: 1",
        "inf | money",
        "big | round: 6",
        "long | replace: 'a', 'bbb'",
        "long | money: long",
        "(1..3)",
        "x | truncate: y",
    ],
)
def test_a_filter_refuses_what_it_cannot_shape(expression):
    context = {
        "x": ["list"],
        "y": Decimal("1.5"),
        "big": 10**25,
        "nan": Decimal("NaN"),
        "inf": float("inf"),
        "long": "a" * 3000,
    }
    with pytest.raises(InvalidBody):
        render(f"{{{{ {expression} }}}}", **context)


@pytest.mark.parametrize(
    "source",
    ["{{ x }}{{ x }}", "{% if x %}{{ x }}{{ x }}{% endif %}", "{{ y|upcase }}"],
)
def test_a_rendered_text_has_a_limit(source):
    with pytest.raises(InvalidBody, match="4000"):
        render(source, x="€" * 3000, y="x" * 4001)


def test_a_text_of_endless_output_stops_at_the_stream():
    source = "{% if x %}" + "{{ x }}" * 20 + "{% endif %}"
    with pytest.raises(InvalidBody, match="4000"):
        render(source, x="€" * 3000)


def test_a_text_that_comes_out_empty_is_refused():
    with pytest.raises(InvalidBody, match="empty for this contact"):
        render("{% if contact.nick %}x{% endif %}\n")


# --- links ------------------------------------------------------------------------


def shorten(position, url_template):
    return f"https://s.lv/{position}"


def test_each_different_link_has_its_position_and_is_replaced():
    body = compile_body(
        "https://shop.lv/a {{ x }} (see https://shop.lv/b?c={{ x }}). HTTPS://shop.lv/a,"
        " https://shop.lv/a!"
    )

    assert body.links == (
        "https://shop.lv/a",
        "https://shop.lv/b?c={{ x }}",
        "HTTPS://shop.lv/a",
    )
    assert body.fields == body.required == {"x"}
    assert body.render({"x": "1"}, link=shorten) == (
        "https://s.lv/0 1 (see https://s.lv/1). https://s.lv/2, https://s.lv/0!"
    )
    assert body.render({"x": "ā&/"}) == (
        "https://shop.lv/a ā&/ (see https://shop.lv/b?c=%C4%81%26/)."
        " HTTPS://shop.lv/a, https://shop.lv/a!"
    )


@pytest.mark.parametrize(
    ("source", "links"),
    [
        ("http://localhost:8000/a", ("http://localhost:8000/a",)),
        ("https://shop.lv: now", ("https://shop.lv",)),
        ("https://shop.lv.", ("https://shop.lv",)),
        ("https://shop.lv?a=1&b=2#c…", ("https://shop.lv?a=1&b=2#c",)),
        ("https://shop.lv/(a)", ("https://shop.lv/(a)",)),
        ("(https://shop.lv/a)", ("https://shop.lv/a",)),
        ("„https://shop.lv/a”", ("https://shop.lv/a",)),
        ("https://veikals-ā.lv/ē", ("https://veikals-ā.lv/ē",)),
        ("{{ cart.url }}", ()),
        ("https://{{ host }}/a", ()),
        ("https://shop{{ x }}/a", ()),
        ("https://shop.{{ x }}/a", ()),
        ("https://shop.lv:{{ port }}/a", ()),
        ("https://shop.lv{{ path }}", ()),
        ("https://user@shop.lv/", ()),
        ("https://user:{{ x }}@shop.lv/", ()),
        ("shop.lv/a", ()),
        ("xhttps://shop.lv/a", ()),
        ('{{ x | default: "https://shop.lv/a" }}', ()),
        ("a{% comment %}https://shop.lv/a{% endcomment %}", ()),
        (
            "{% if x %}https://shop.lv/a{% else %}https://shop.lv/b{% endif %}",
            ("https://shop.lv/a", "https://shop.lv/b"),
        ),
    ],
)
def test_only_an_address_of_a_fixed_site_is_a_link(source, links):
    assert compile_body(source).links == links


def test_a_link_of_a_branch_keeps_its_position():
    source = "{% if x %}https://shop.lv/a{% else %}https://shop.lv/b{% endif %}"

    assert compile_body(source).render({}, link=shorten) == "https://s.lv/1"


def test_the_address_behind_a_link_is_rendered_at_the_click():
    url = compile_url("https://shop.lv/c/{{ cart.id }}?n={{ contact.city | upcase }}")

    assert url.fields == url.required == {"cart.id", "contact.city"}
    assert url.render(CONTACT) == "https://shop.lv/c/7?n=R%C4%AAGA"


@pytest.mark.parametrize("value", ["//evil.lv", "@evil.lv", "?x=1#y", "\\evil", " a"])
def test_a_value_cannot_leave_the_site_of_the_link(value):
    for source in ("https://shop.lv/{{ x }}", "https://shop.lv/{{ x | strip }}"):
        rendered = compile_url(source).render({"x": value})
        assert rendered.startswith("https://shop.lv/")
        assert not set("@?#\\ ") & set(rendered)


def test_what_a_link_lacks_shows_before_the_message_leaves():
    body = compile_body("Go https://shop.lv/{{ cart.id }}")

    with pytest.raises(MissingField, match=r"cart\.id"):
        body.render({}, link=shorten)


def test_an_address_that_is_no_link_is_refused():
    for source in ("shop.lv", "https://{{ x }}/", "javascript:x", "https://a.lv/ b"):
        with pytest.raises(InvalidBody, match="starts with https"):
            compile_url(source)


def test_the_eighth_link_is_refused_with_its_line():
    seven = "\n".join(f"https://shop.lv/{n}" for n in range(7))

    assert len(compile_body(seven + "\nhttps://shop.lv/0").links) == 7
    assert refused(seven + "\nhttps://shop.lv/7") == (
        "Line 8: a text holds at most 7 different links."
    )


def test_a_link_cannot_go_on_in_a_tag():
    message = refused("a\nhttps://shop.lv/{% if x %}a{% endif %}")

    assert message.startswith("Line 2: a link cannot go on in a tag.")


def test_a_fault_inside_a_link_has_the_line_of_the_text():
    assert refused("a\nb https://shop.lv/{{ x | nope }}").startswith("Line 2: ")
    assert refused("a\nb https://shop.lv/{{ x y }}").startswith("Line 2: ")


# --- known fields -----------------------------------------------------------------

KNOWN = {"contact.first_name", "cart.total", "attributes.*", "event.*"}


def test_known_fields_and_fields_of_an_open_group_pass():
    body = check_body(
        "{{ contact.first_name }} {{ attributes.size }} {{ event.a.b }}",
        known_fields=KNOWN,
    )

    assert body is compile_body(body.source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "a\n{{ contact.firstname }}",
            "there is no field “contact.firstname”. Did you mean “contact.first_name”?",
        ),
        ("{{ atributes.size }}", "Did you mean “attributes.size”?"),
        ("{{ attributes }}", "there is no field “attributes”"),
        ("{{ zzz }}", "There are: attributes.*, cart.total, "),
        ("{% if zzz %}a{% endif %}", "there is no field “zzz”"),
        ("https://a.lv/{{ zzz }}", "there is no field “zzz”"),
        ("\n{{ qqq }}\n{{ aaa }}", "Line 2: there is no field “qqq”"),
    ],
)
def test_an_unknown_field_is_named_with_the_nearest_known_one(source, message):
    with pytest.raises(InvalidBody) as caught:
        check_body(source, known_fields=KNOWN)

    assert message in str(caught.value)
