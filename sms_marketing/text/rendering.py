"""A marketer's text with merge fields and links, made into one contact's message."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from django.utils.translation import gettext as _

from sms_marketing.exceptions import InvalidBody, MissingField
from sms_marketing.text import encoding, engine
from sms_marketing.text.filters import MAX_LENGTH, Value, find, to_text, too_long
from sms_marketing.text.links import MAX_LINKS

LinkMaker = Callable[[int, str], str]

_FIELD = r"\{\{[^{}]*\}\}"
# Scheme and host stand in the text, without a user name; the rest may hold fields.
_URL = re.compile(
    r"https?://(?![^\s/?#{}]*@)[\w-]+(?:\.[\w-]+)*(?::\d+)?"
    rf"(?P<path>[/?#](?:{_FIELD}|[^\s{{}}<>\"«»„“”|\\^`])*)?",
    re.IGNORECASE,
)
# The name of the site, or its port, would end in a merge field.
_GOES_ON = re.compile(r"[.:]?\{\{")
_START = re.compile(r"\{\{|\{%|(?<!\w)https?://", re.IGNORECASE)
_TAG = re.compile(r"-?\s*(\w*)")
_END_OF_COMMENT = re.compile(r"\{%-?\s*endcomment\s*-?%\}")
_OPENS_A_BLOCK = re.compile(r"\{%-?\s*(if|unless|case)\b")

# A link's place in the text that is rendered: no source and no value holds controls.
_PLACE = re.compile("\x00(\\d)\x01")

# `{{ a.b }}` and `{{ a.b | default: "x" }}`, as Liquid would read them.
_PLAIN_FIELD = re.compile(
    r"""\{\{[ \n]*([^\W\d]\w*(?:\.[^\W\d]\w*)*)[ \n]*"""
    r"""(?:\|[ \n]*default[ \n]*:[ \n]*(?:"([^"{}]*)"|'([^'{}]*)')[ \n]*)?\}\}"""
)


class _Slot(NamedTuple):
    before: str
    path: tuple[str, ...]
    name: str
    fallback: str | None


class _Plain(NamedTuple):
    slots: tuple[_Slot, ...]
    tail: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Text:
    """What a text and a link's address have in common."""

    source: str
    fields: frozenset[str]
    required: frozenset[str]
    lines: Mapping[str, int]
    template: engine.Template
    plain: _Plain | None

    def _fill(self, context: Mapping[str, Value], escape: engine.Escape = None) -> str:
        if self.plain is None:
            return self.template.render(context, escape=escape)
        return _fill_plain(self.plain, context, escape)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Url(_Text):
    """The address behind a link: fixed host, merge fields in its path and query."""

    def render(self, context: Mapping[str, Value]) -> str:
        """Return the address for one contact, its values percent-encoded."""
        return self._fill(context, quote)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body(_Text):
    """A message text that has been read and found sound."""

    links: tuple[str, ...]
    targets: tuple[Url, ...]

    def render(
        self, context: Mapping[str, Value], *, link: LinkMaker | None = None
    ) -> str:
        """Return one contact's text, in the form that is counted and sent.

        ``link(position, url_template)`` gives what stands for a link; without it the
        full address does. Raises MissingField, or InvalidBody; neither holds a value.
        """
        text = self._fill(context)
        if self.links:
            text = _PLACE.sub(lambda place: self._link(place, context, link), text)
        if len(text) > MAX_LENGTH:
            raise too_long()
        if not text or text.isspace():
            raise InvalidBody(_("The text is empty for this contact."))
        return text if text.isascii() else unicodedata.normalize("NFC", text)

    def _link(
        self, place: re.Match[str], context: Mapping[str, Value], link: LinkMaker | None
    ) -> str:
        position = int(place[1])
        target = self.targets[position]
        if link is None:
            return target.render(context)
        if target.fields:
            # What is missing shows before the message leaves, not at the click.
            target.render(context)
        return link(position, target.source)


@lru_cache(maxsize=512)
def compile_body(source: str) -> Body:
    """Read a text; raises InvalidBody with the line, the fault and what to do."""
    source = encoding.normalize(source)
    if not source.strip():
        raise InvalidBody(_("The text is empty. Write a message."))
    if len(source) > MAX_LENGTH:
        raise too_long()
    marked, targets = _mark_links(source)
    template = engine.parse(marked)
    lines = dict(template.fields)
    required = set(template.required)
    for target in targets:
        lines = {**target.lines, **lines}
        required |= target.required
    return Body(
        source=source,
        fields=frozenset(lines),
        required=frozenset(required),
        lines=lines,
        template=template,
        plain=_as_plain(marked, template.fields),
        links=tuple(target.source for target in targets),
        targets=tuple(targets),
    )


def check_body(source: str, *, known_fields: Collection[str]) -> Body:
    """Read a text that may use these fields only; ``event.*`` allows all of a group.

    Raises InvalidBody naming the unknown field, its line and the nearest known one.
    """
    body = compile_body(source)
    for name in sorted(body.fields, key=lambda name: (body.lines[name], name)):
        if not _is_known(name, known_fields):
            raise engine.refusal(body.lines[name], _unknown(name, known_fields))
    return body


@lru_cache(maxsize=512)
def compile_url(url_template: str) -> Url:
    """Read the address of a link, as ``Body.links`` lists it."""
    return _read_url(url_template, first_line=1)


def _read_url(source: str, *, first_line: int) -> Url:
    found = _URL.fullmatch(source)
    if found is None:
        raise engine.refusal(
            first_line,
            _("a link starts with https:// and the name of a site."),
        )
    template = engine.parse(source, first_line=first_line)
    return Url(
        source=source,
        fields=frozenset(template.fields),
        required=frozenset(template.required),
        lines=template.fields,
        template=template,
        plain=_as_plain(source, template.fields),
    )


def _mark_links(source: str) -> tuple[str, list[Url]]:
    targets: dict[str, Url] = {}
    pieces = []
    done = 0
    for start, end in _links(source):
        url = source[start:end]
        if url not in targets:
            line = _line(source, start)
            if len(targets) == MAX_LINKS:
                raise engine.refusal(
                    line,
                    _("a text holds at most %(limit)d different links.")
                    % {"limit": MAX_LINKS},
                )
            targets[url] = _read_url(url, first_line=line)
        pieces += [source[done:start], f"\x00{list(targets).index(url)}\x01"]
        done = end
    return "".join(pieces) + source[done:], list(targets.values())


def _links(source: str) -> Iterator[tuple[int, int]]:
    position = 0
    while found := _START.search(source, position):
        start = found.start()
        if found[0] in ("{{", "{%"):
            position = _after_braces(source, start)
        elif end := _link_end(source, start):
            yield start, end
            position = end
        else:
            position = found.end()


def _after_braces(source: str, start: int) -> int:
    line = _line(source, start)
    opening = source[start : start + 2]
    closing = "}}" if opening == "{{" else "%}"
    end = source.find(closing, start + 2)
    if end < 0:
        raise engine.refusal(
            line,
            _("“%(opening)s” is never closed. Write “%(closing)s” behind it.")
            % {"opening": opening, "closing": closing},
        )
    if opening == "{{":
        return end + 2
    name = _TAG.match(source, start + 2)[1]  # type: ignore[index]
    engine.check_tag(name, line=line)
    skipped = _END_OF_COMMENT.search(source, end) if name == "comment" else None
    return skipped.end() if skipped else end + 2


def _link_end(source: str, start: int) -> int | None:
    found = _URL.match(source, start)
    if found is None or _GOES_ON.match(source, found.end()):
        return None
    url = found[0]
    while url[-1] in ".,;:!?'…" or (url[-1] == ")" and url.count("(") < url.count(")")):
        url = url[:-1]
    end = start + len(url)
    if _OPENS_A_BLOCK.match(source, end):
        raise engine.refusal(
            _line(source, start),
            _("a link cannot go on in a tag. Put a space or a whole link there."),
        )
    return end


def _as_plain(source: str, fields: Collection[str]) -> _Plain | None:
    slots = []
    done = 0
    for found in _PLAIN_FIELD.finditer(source):
        before = source[done : found.start()]
        path = tuple(found[1].split("."))
        # Liquid has the last word: `{{ true }}` looks like a field and is none.
        if _is_liquid(before) or before.endswith("{") or found[1] not in fields:
            return None
        fallback = found[3] if found[2] is None else found[2]
        slots.append(_Slot(before=before, path=path, name=found[1], fallback=fallback))
        done = found.end()
    tail = source[done:]
    return None if _is_liquid(tail) else _Plain(slots=tuple(slots), tail=tail)


def _is_liquid(text: str) -> bool:
    return "{{" in text or "{%" in text


def _fill_plain(
    plain: _Plain, context: Mapping[str, Value], escape: engine.Escape
) -> str:
    parts = []
    for before, path, name, fallback in plain.slots:
        value = find(context, path)
        if value is None or value is False:
            if fallback is not None:
                value = fallback
            elif value is None:
                raise MissingField(name)
        text = value if type(value) is str else to_text(value, name)
        parts.append(before)
        parts.append(escape(text) if escape else text)
    parts.append(plain.tail)
    return "".join(parts)


def _is_known(name: str, known_fields: Collection[str]) -> bool:
    if name in known_fields:
        return True
    groups = name.split(".")[:-1]
    return any(
        ".".join([*groups[: depth + 1], "*"]) in known_fields
        for depth in range(len(groups))
    )


def _unknown(name: str, known_fields: Collection[str]) -> str:
    last = name.rpartition(".")[2]
    candidates = sorted(known.replace("*", last) for known in known_fields)
    nearest = get_close_matches(name, candidates, n=1)
    if nearest:
        return _("there is no field “%(name)s”. Did you mean “%(nearest)s”?") % {
            "name": name,
            "nearest": nearest[0],
        }
    return _("there is no field “%(name)s”. There are: %(known)s.") % {
        "name": name,
        "known": ", ".join(sorted(known_fields)[:20]),
    }


def _line(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1
