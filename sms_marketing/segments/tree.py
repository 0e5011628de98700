"""The tree of rules: read from JSON with the exact place of each fault, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from django.utils.translation import gettext as _

from sms_marketing.exceptions import InvalidRule
from sms_marketing.segments.parameters import Parameter, Unreadable
from sms_marketing.segments.rules import Operator, Rule, RuleKind, rule_kinds

MAX_DEPTH = 10
MAX_NODES = 200

SHAPES = ("all", "any", "not", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """True when each of the nodes is; without any, everybody."""

    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """True when at least one of the nodes is."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """True when the node is false, a missing value included (R14)."""

    node: Node


Node = All | AnyOf | Not | Rule


def parse(data: object) -> Node:
    """Return the checked tree of JSON data; ``{}`` is everybody.

    Raises InvalidRule with the path of the first fault, as ``all[1].not.value``, what
    is allowed there, and the nearest known name. Asks no database.
    """
    if data == {}:
        return All()
    return _Reader().read(data, path="", depth=1)


def to_json(node: Node) -> dict[str, Any]:
    """Return the JSON data of a tree; ``parse`` gives an equal tree back."""
    match node:
        case All(nodes=()):
            return {}
        case All(nodes=nodes):
            return {"all": [to_json(item) for item in nodes]}
        case AnyOf(nodes=nodes):
            return {"any": [to_json(item) for item in nodes]}
        case Not(node=inner):
            return {"not": to_json(inner)}
    return _rule_to_json(node)


def rules_of(node: Node) -> Iterator[Rule]:
    """Yield the leaves from left to right."""
    match node:
        case All(nodes=nodes) | AnyOf(nodes=nodes):
            for item in nodes:
                yield from rules_of(item)
        case Not(node=inner):
            yield from rules_of(inner)
        case _:
            yield node


@dataclass(slots=True)
class _Reader:
    count: int = field(default=0)

    def read(self, data: object, *, path: str, depth: int) -> Node:
        self.count += 1
        if self.count > MAX_NODES:
            reason = _("there are more than %(most)s rules and groups")
            raise InvalidRule(path, reason % {"most": MAX_NODES})
        if depth > MAX_DEPTH:
            reason = _("groups are nested more than %(most)s deep")
            raise InvalidRule(path, reason % {"most": MAX_DEPTH})
        match _shape(data, path):
            case {"not": inner}:
                return Not(
                    node=self.read(inner, path=_at(path, "not"), depth=depth + 1)
                )
            case {"all": items}:
                return All(nodes=self.read_many(items, _at(path, "all"), depth))
            case {"any": items}:
                return AnyOf(nodes=self.read_many(items, _at(path, "any"), depth))
            case rule:
                return _read_rule(rule, path)

    def read_many(self, items: object, path: str, depth: int) -> tuple[Node, ...]:
        if not isinstance(items, list) or not items:
            raise InvalidRule(path, _("must be a list of at least one rule or group"))
        return tuple(
            self.read(item, path=f"{path}[{index}]", depth=depth + 1)
            for index, item in enumerate(items)
        )


def _shape(data: object, path: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        reason = _('must be an object such as {"kind": …} or {"all": […]}')
        raise InvalidRule(path, reason)
    found = [shape for shape in SHAPES if shape in data]
    if len(found) != 1:
        key = next(iter(data), None)
        hint = _nearest(key, SHAPES) if not found else ""
        reason = _("must have exactly one of: %(shapes)s") % {
            "shapes": ", ".join(SHAPES)
        }
        raise InvalidRule(path, reason + hint)
    if found != ["kind"]:
        _refuse_extra(data, found, path)
    return data


def _read_rule(data: Mapping[str, Any], path: str) -> Rule:
    kind = _read_kind(data["kind"], path)
    operator = _read_operator(kind, data, path)
    known = ["kind", "op", *(item.name for item in operator.parameters)]
    _refuse_extra(data, known, path)
    values = {
        parameter.name: _read_value(parameter, data[parameter.name], path)
        for parameter in operator.parameters
        if _is_given(parameter, data, path)
    }
    rule = Rule(kind=kind, operator=operator.key, values=values, path=path)
    kind.check(rule)
    return rule


def _read_kind(key: object, path: str) -> RuleKind:
    found = rule_kinds.find(key) if isinstance(key, str) else None
    if found is None:
        raise _unknown(_at(path, "kind"), key, list(rule_kinds))
    return found


def _read_operator(kind: RuleKind, data: Mapping[str, Any], path: str) -> Operator:
    keys = [operator.key for operator in kind.operators]
    if "op" not in data:
        raise InvalidRule(_at(path, "op"), _missing(keys))
    key = data["op"]
    found = kind.find_operator(key) if isinstance(key, str) else None
    if found is None:
        raise _unknown(_at(path, "op"), key, keys)
    return found


def _is_given(parameter: Parameter, data: Mapping[str, Any], path: str) -> bool:
    if parameter.name in data:
        return True
    if parameter.required:
        raise InvalidRule(_at(path, parameter.name), _("is missing"))
    return False


def _read_value(parameter: Parameter, value: object, path: str) -> Any:
    try:
        return parameter.read(value)
    except Unreadable as fault:
        place = _at(path, parameter.name)
        if fault.index is not None:
            place = f"{place}[{fault.index}]"
        raise InvalidRule(place, fault.reason) from None


def _refuse_extra(data: Mapping[str, Any], known: Sequence[str], path: str) -> None:
    for key in data:
        if key not in known:
            raise _unknown(_at(path, str(key)), key, known)


def _unknown(path: str, name: object, allowed: Sequence[str]) -> InvalidRule:
    reason = _("%(name)s is not known; allowed: %(allowed)s") % {
        "name": repr(name)[:60],
        "allowed": ", ".join(allowed),
    }
    return InvalidRule(path, reason + _nearest(name, allowed))


def _missing(allowed: Sequence[str]) -> str:
    return _("is missing; allowed: %(allowed)s") % {"allowed": ", ".join(allowed)}


def _nearest(name: object, allowed: Sequence[str]) -> str:
    close = get_close_matches(name, allowed, n=1) if isinstance(name, str) else []
    return _("; did you mean %(name)s?") % {"name": repr(close[0])} if close else ""


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _rule_to_json(rule: Rule) -> dict[str, Any]:
    operator = rule.kind.find_operator(rule.operator)
    parameters = operator.parameters if operator else ()
    return {
        "kind": rule.kind.key,
        "op": rule.operator,
        **{
            item.name: item.write(rule.values[item.name])
            for item in parameters
            if item.name in rule.values
        },
    }
