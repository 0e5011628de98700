"""Whether a message is a word that we must act on: tier A, whole messages only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from sms_marketing.conversations.normalizer import readings, squeezed, words
from sms_marketing.conversations.words import VOCABULARIES
from sms_marketing.models import InboundMessage

Action = InboundMessage.Action
Phrase = tuple[str, ...]

#: Shorter words are too easily another one when repeated letters are taken away.
SHORTEST_SQUEEZED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a message asks for, by which word, in which language if that is clear."""

    action: InboundMessage.Action = Action.NONE
    rule: str = ""
    language: str = ""


NOTHING = Verdict()
#: Words that may follow a STOP and be read as more of them; longer is a story.
LONGEST_CRY = 12
#: The wider one last.
STOPS = (Action.STOP, Action.STOP_ALL)


def classify(
    text: str, *, languages: Iterable[str], names: Sequence[str] = ()
) -> Verdict:
    """Return what the message as a whole, or its first line, asks for.

    A keyword counts alone or with "please", "all", a number, "sms" or one of ``names``
    (the brand) beside it; inside a sentence it never does. Languages without a
    vocabulary are passed over. The language stays empty for words of several of them,
    as STOP is.
    """
    known = tuple(dict.fromkeys(code for code in languages if code in VOCABULARIES))
    brand_names = [tuple(words(name)) for name in names]
    for candidate in _candidates(text):
        verdict = _match(candidate, known, brand_names)
        if verdict is not None:
            return verdict
    return NOTHING


def _candidates(text: str) -> Iterator[list[str]]:
    yield from readings(text)
    # A signature stands below: "STOP", then "Sent from my iPhone".
    for line in text.splitlines():
        if words(line):
            yield from readings(line)
            return


def _match(
    tokens: list[str], languages: tuple[str, ...], names: list[Phrase]
) -> Verdict | None:
    fillers = _fillers()
    while len(tokens) > 1 and tokens[0] in fillers.polite:
        tokens = tokens[1:]
    table = _table(languages)
    for length in range(min(len(tokens), table.longest), 0, -1):
        found = table.find(tuple(tokens[:length]))
        if found is None:
            continue
        rest = _without(tokens[length:], names)
        if all(_is_filler(token, fillers) for token in rest):
            everything = any(token in fillers.everything for token in rest)
            return _widened(found) if everything else found
        if found.action in STOPS and len(rest) < LONGEST_CRY:
            # "STOP STOP STOP", "Stop, vairs nesūtiet": it only grows louder.
            again = _match(rest, languages, names)
            if again is not None and again.action in STOPS:
                return max(found, again, key=lambda said: STOPS.index(said.action))
    return None


def _is_filler(token: str, fillers: _Fillers) -> bool:
    return token.isdigit() or token in fillers.after


def _without(tokens: list[str], names: list[Phrase]) -> list[str]:
    for name in names:
        size = len(name)
        for start in range(len(tokens) - size + 1 if size else 0):
            if tuple(tokens[start : start + size]) == name:
                return tokens[:start] + tokens[start + size :]
    return tokens


def _widened(verdict: Verdict) -> Verdict:
    if verdict.action != Action.STOP:
        return verdict
    return Verdict(
        action=Action.STOP_ALL, rule=f"{verdict.rule} all", language=verdict.language
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fillers:
    polite: frozenset[str]
    everything: frozenset[str]
    after: frozenset[str]


@cache
def _fillers() -> _Fillers:
    # Of every language together: people write "stop lūdzu" and "STOP пожалуйста".
    polite, everything, objects = (
        frozenset(
            token
            for vocabulary in VOCABULARIES.values()
            for phrase in getattr(vocabulary, part)
            for token in words(phrase)
        )
        for part in ("polite", "everything", "objects")
    )
    return _Fillers(
        polite=polite, everything=everything, after=polite | everything | objects
    )


class _Table:
    """The phrases of some languages, ready to be looked up."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        self._exact: dict[Phrase, Verdict] = {}
        self._squeezed: dict[str, Verdict] = {}
        # What stops more goes before what stops less, and both before the rest.
        for action, part in _PARTS:
            for code in languages:
                for phrase in getattr(VOCABULARIES[code], part):
                    self._add(action, code, phrase)
        self.longest = max(map(len, self._exact), default=0)

    def find(self, phrase: Phrase) -> Verdict | None:
        if found := self._exact.get(phrase):
            return found
        return self._squeezed.get(squeezed(phrase[0])) if len(phrase) == 1 else None

    def _add(self, action: InboundMessage.Action, code: str, phrase: str) -> None:
        tokens = tuple(words(phrase))
        there = self._exact.get(tokens)
        if there is not None and there.action != action:
            return
        shared = there is not None and there.language != code
        verdict = Verdict(
            action=action,
            rule=f"A:{' '.join(tokens)}",
            language="" if shared else code,
        )
        self._exact[tokens] = verdict
        if len(tokens) == 1 and len(tokens[0]) >= SHORTEST_SQUEEZED:
            key = squeezed(tokens[0])
            if key == tokens[0] or key not in self._squeezed:
                self._squeezed[key] = verdict


_PARTS: tuple[tuple[InboundMessage.Action, str], ...] = (
    (Action.STOP_ALL, "opt_out_all"),
    (Action.STOP, "opt_out"),
    (Action.START, "opt_in"),
    (Action.HELP, "help"),
)


@cache
def _table(languages: tuple[str, ...]) -> _Table:
    return _Table(languages)
