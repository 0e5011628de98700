"""The words that people stop, start and ask with, and our answers, by language.

A language is one entry of ``VOCABULARIES``. Words are written as people know them;
case, accents, spacing, repeated letters and the wrong keyboard are the business of the
normalizer. Left out on purpose: NĒ, NO, НЕТ (often the answer to a question) and JĀ,
YES, ДА (consent only where a confirmation is waited for).
Sources: vendors' lists and research/compliance §1.2 as of 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Our answers; ``{brand}`` is its name, ``{contact}`` its e-mail with a stop."""

    stop: str
    stop_all: str
    start: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """One language: whole messages, and what may stand beside them."""

    opt_out: tuple[str, ...]
    opt_out_all: tuple[str, ...]
    opt_in: tuple[str, ...]
    help: tuple[str, ...]
    #: After a word of ``opt_out`` it makes everything stop: "stop all".
    everything: tuple[str, ...]
    #: Says nothing of its own, before or after: "please".
    polite: tuple[str, ...]
    #: What is meant anyway, after the word: "stop sms".
    objects: tuple[str, ...]
    answers: Answers


LATVIAN = Vocabulary(
    opt_out=(
        "stop",
        "stopp",
        "atteikties",
        "atteiktos",
        "atsakos",
        "atteikums",
        "atrakstīties",
        "atcelt",
        "pārtraukt",
        "pārtrauciet",
        "beigt",
        "pietiek",
        "nesūtīt",
        "nesūtiet",
        "vairs nesūtiet",
        "nesūtiet vairs",
        "nevajag",
        "izbeigt",
        "dzēst",
    ),
    opt_out_all=("visi", "atcelt visu", "atteikties no visa"),
    opt_in=("sākt", "pieteikties", "piekrītu"),
    help=("palīdzība", "info"),
    everything=("visi", "visu", "viss"),
    polite=("lūdzu", "paldies"),
    objects=("sms", "reklāma", "reklāmas", "reklāmu", "ziņas", "īsziņas"),
    answers=Answers(
        stop="{brand}: reklāmas SMS jums vairs nesūtīsim. Atsākt: START",
        stop_all=(
            "{brand}: jums vairs neko nesūtīsim, tikai jūsu pieprasītus kodus. "
            "Atsākt: START"
        ),
        start="{brand}: jūs atkal saņemsiet mūsu SMS. Atteikties: STOP",
        help="{brand}. {contact}Atteikties no SMS: STOP",
    ),
)

ENGLISH = Vocabulary(
    opt_out=(
        "stop",
        "unsubscribe",
        "unsub",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
        "opt out",
        "remove",
    ),
    opt_out_all=("stopall", "stop all", "unsubscribe all", "cancel all"),
    opt_in=("start", "unstop", "subscribe"),
    help=("help", "info"),
    everything=("all", "everything"),
    polite=("please", "pls", "plz", "thanks", "thank", "you"),
    objects=("sms", "text", "texts", "texting", "message", "messages", "ads", "spam"),
    answers=Answers(
        stop="{brand}: no more marketing SMS from us. To start again, reply START",
        stop_all=(
            "{brand}: no more SMS from us, but for codes that you ask for. "
            "To start again, reply START"
        ),
        start="{brand}: you will get our SMS again. To stop, reply STOP",
        help="{brand}. {contact}To get no more SMS, reply STOP",
    ),
)

RUSSIAN = Vocabulary(
    opt_out=(
        "стоп",
        "отписаться",
        "отписка",
        "отпишите",
        "отпишите меня",
        "отказ",
        "отказаться",
        "отказываюсь",
        "отмена",
        "хватит",
        "прекратите",
        "не присылайте",
        "больше не присылайте",
        "не присылайте больше",
        "не пишите",
        "больше не пишите",
        "не пишите больше",
        # Written in Latin letters.
        "otpiska",
        "otpisatsya",
        "otpisatsja",
        "otkaz",
        "hvatit",
        "ne prisylayte",
        "ne pishite",
    ),
    opt_out_all=("отписаться от всего", "стоп всё", "otpisatsya ot vsego"),
    opt_in=("старт", "подписаться"),
    help=("помощь", "инфо", "pomosh", "pomoshch"),
    everything=("все", "всё", "всего"),
    polite=("пожалуйста", "спасибо", "pozhaluysta", "spasibo"),
    objects=("смс", "реклама", "рекламу", "рассылка", "рассылку", "спам"),
    answers=Answers(
        stop="{brand}: больше не пришлём рекламных SMS. Возобновить: START",
        stop_all=(
            "{brand}: больше ничего не пришлём, кроме кодов по вашему запросу. "
            "Возобновить: START"
        ),
        start="{brand}: вы снова будете получать наши SMS. Отказаться: STOP",
        help="{brand}. {contact}Отказаться от SMS: STOP",
    ),
)

VOCABULARIES: dict[str, Vocabulary] = {
    "lv": LATVIAN,
    "en": ENGLISH,
    "ru": RUSSIAN,
}
