"""What somebody typed on a phone, brought down to plain words."""

from __future__ import annotations

import re
import unicodedata

#: Letters that lose their stroke or dots, besides accents, which Unicode takes apart.
PLAIN_LETTERS = str.maketrans(
    {"ё": "е", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i"}
)

#: The same keys on the two keyboards: стоп typed on the English one is "cnjg".
ENGLISH_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбю"
TO_RUSSIAN = str.maketrans(ENGLISH_KEYS, RUSSIAN_KEYS)
TO_ENGLISH = str.maketrans(RUSSIAN_KEYS, ENGLISH_KEYS)

#: Letters that look the same: STОP with a Cyrillic О passes for STOP.
TO_LATIN_TWINS = str.maketrans("асеорхукмт", "aceopxykmt")
TO_CYRILLIC_TWINS = str.maketrans("aceopxykmt", "асеорхукмт")

#: From so many on, single letters in a row are one word spelt out: S.T.O.P
SPELT_OUT = 3

_NOT_WORD = re.compile(r"[\W_]+")
_REPEATS = re.compile(r"(.)\1+")
_CYRILLIC = re.compile(r"[а-яё]")
_LATIN = re.compile(r"[a-z]")


def words(text: str) -> list[str]:
    """Return the words of a text without case, accents, marks and invisible signs.

    «Stop!», ＳＴＯＰ, s.t.o.p and "st\u200bop" all give ["stop"].
    """
    return _join_spelt_out(_NOT_WORD.sub(" ", _plain(text)).split())


def readings(text: str) -> list[list[str]]:
    """Return the ways in which a text may be meant, the likeliest first.

    As it stands, as typed on the wrong keyboard, and with look-alike letters of the
    other alphabet put right. Texts without words have none.
    """
    folded = _visible(text).casefold()
    spellings = [folded]
    cyrillic, latin = _CYRILLIC.search(folded), _LATIN.search(folded)
    if cyrillic and latin:
        spellings.append(folded.translate(TO_LATIN_TWINS))
        spellings.append(folded.translate(TO_CYRILLIC_TWINS))
    elif cyrillic:
        spellings.append(folded.translate(TO_ENGLISH))
    elif latin:
        spellings.append(folded.translate(TO_RUSSIAN))
    found = [words(spelling) for spelling in spellings]
    return [reading for reading in found if reading]


def squeezed(word: str) -> str:
    """The word with every run of one letter as one letter: stooopp is stop."""
    return _REPEATS.sub(r"\1", word)


def _visible(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text)
    return "".join(
        char
        for char in composed
        if char.isspace() or unicodedata.category(char) not in {"Cf", "Cc"}
    )


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFD", _visible(text).casefold())
    kept: list[str] = []
    base = ""
    for char in apart:
        if unicodedata.combining(char):
            # Only Latin letters lose their marks: й is a letter, not an accented и.
            if base.isascii():
                continue
        else:
            base = char
        kept.append(char)
    composed = unicodedata.normalize("NFC", "".join(kept))
    return composed.translate(PLAIN_LETTERS)


def _join_spelt_out(tokens: list[str]) -> list[str]:
    joined: list[str] = []
    run: list[str] = []
    for token in [*tokens, ""]:
        if len(token) == 1 and not token.isdigit():
            run.append(token)
            continue
        joined.extend(["".join(run)] if len(run) >= SPELT_OUT else run)
        run = []
        if token:
            joined.append(token)
    return joined
