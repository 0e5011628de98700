"""A tree of rules in words, for the people who did not build it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sms_marketing.segments.rules import Rule
from sms_marketing.segments.tree import All, Node, Not, parse


def describe(data: object) -> list[str]:
    """Return one sentence for each rule that everybody in the audience meets.

    In the language in force. Raises InvalidRule.
    """
    node = parse(data)
    nodes = node.nodes if isinstance(node, All) else (node,)
    return [_upper(_phrase(item)) for item in nodes] or [_("Everybody")]


def _phrase(node: Node) -> str:
    match node:
        case Rule():
            return node.kind.sentence(node)
        case Not(node=inner):
            return _("not: %(rule)s") % {"rule": _inner(inner)}
        case All(nodes=nodes):
            return _(" and ").join(_inner(item) for item in nodes) or _("everybody")
    return _(" or ").join(_inner(item) for item in node.nodes)


def _inner(node: Node) -> str:
    # Brackets around groups: "a or (b and c)" is not "(a or b) and c".
    return _phrase(node) if isinstance(node, Rule) else f"({_phrase(node)})"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
