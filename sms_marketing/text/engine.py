"""Liquid, tied down: six tags, a dozen filters, plain values, and no surprises.

Differences from plain Liquid, all on the strict side: a field without a value is false
and equals ``blank``, ``empty``, ``nil`` and ``""``; numbers in text compare as numbers;
a comparison that makes no sense is an error; ``else`` takes no condition.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from inspect import signature
from typing import TextIO, TypeAlias

from django.utils.translation import gettext as _
from liquid import BoundTemplate, Environment, Mode, RenderContext, Token
from liquid.ast import Node
from liquid.builtin.content import Literal as ContentTag
from liquid.builtin.expressions import (
    BooleanExpression,
    Filter,
    FilteredExpression,
    KeywordArgument,
    Literal,
    Nil,
    Path,
)
from liquid.builtin.expressions.logical import (
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.expressions.primitive import Blank, Empty
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.case_tag import CaseTag, MultiExpressionBlockNode
from liquid.builtin.tags.comment_tag import CommentTag
from liquid.builtin.tags.if_tag import IfTag
from liquid.builtin.tags.unless_tag import UnlessTag
from liquid.exceptions import LiquidError, OutputStreamLimitError
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.undefined import UNDEFINED

from sms_marketing.exceptions import InvalidBody, MissingField
from sms_marketing.text.filters import (
    FILTERS,
    MAX_LENGTH,
    Missing,
    Value,
    find,
    number,
    to_text,
    too_long,
)

Escape: TypeAlias = Callable[[str], str] | None

TAGS = ("if", "elsif", "else", "unless", "case", "when", "comment")

_ENDS = ("endif", "endunless", "endcase", "endcomment")
_NAME = re.compile(r"[^\W\d][\w-]*")


@dataclass(slots=True, kw_only=True)
class Template:
    """A parsed text: ready to render, and what it asks for."""

    bound: BoundTemplate
    fields: dict[str, int] = field(default_factory=dict)
    """Every field in use, with the line of its first use."""
    required: set[str] = field(default_factory=set)
    """The fields that are printed somewhere without a fallback."""

    def render(self, context: Mapping[str, Value], *, escape: Escape = None) -> str:
        """Return the text; raises MissingField or InvalidBody, without values."""
        # In bytes, so never below the cap in letters that the caller applies.
        buffer = LimitedStringIO(4 * MAX_LENGTH)
        state = _Context(self.bound, globals=context)
        state.escape = escape
        try:
            self.bound.render_with_context(state, buffer)
        except OutputStreamLimitError:
            raise too_long() from None
        except LiquidError as error:
            # `from None`: the chained message would quote the text into logs (R10).
            raise refusal(_line(error.token), _unreadable(error)) from None
        return buffer.getvalue()


def parse(source: str, *, first_line: int = 1) -> Template:
    """Parse a text and find what it uses; raises InvalidBody with the line."""
    try:
        return _Reader(_ENVIRONMENT.from_string(source), first_line).template
    except LiquidError as error:
        line = _line(error.token) + first_line - 1
        raise refusal(line, _unreadable(error)) from None


def refusal(line: int, reason: str) -> InvalidBody:
    """Return the error for one line of a text."""
    return InvalidBody(
        _("Line %(line)d: %(reason)s") % {"line": line, "reason": reason}
    )


def check_tag(name: str, *, line: int) -> None:
    """Refuse a tag that texts do not have."""
    if name not in TAGS and name not in _ENDS:
        raise refusal(
            line,
            _("the tag “%(name)s” is not available. Use only: %(known)s.")
            % {"name": name, "known": ", ".join(TAGS)},
        )


class _Context(RenderContext):
    escape: Escape = None

    def get(
        self, path: list[object], *, token: Token | None, default: object = UNDEFINED
    ) -> object:
        names = tuple(map(str, path))
        value = find(self.globals, names)  # type: ignore[arg-type]
        return Missing(".".join(names), token=token) if value is None else value


class _Template(BoundTemplate):
    context_class = _Context


class _OutputNode(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context)
        if isinstance(value, Missing):
            raise MissingField(value.name)
        assert isinstance(self.expression, FilteredExpression)
        assert isinstance(context, _Context)
        text = to_text(value, str(self.expression.left))
        return buffer.write(context.escape(text) if context.escape else text)


class _OutputTag(Output):
    node_class = _OutputNode


class _IfTag(IfTag):
    mode = Mode.STRICT  # `{% else if x %}` is an error, not a plain else


class _UnlessTag(UnlessTag):
    mode = Mode.STRICT


class _Environment(Environment):
    block_nesting_limit = 10
    suppress_blank_control_flow_blocks = False
    template_class = _Template

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in (ContentTag, _OutputTag, Illegal, _IfTag, _UnlessTag, CaseTag):
            self.add_tag(tag)
        self.add_tag(CommentTag)
        self.filters.update(FILTERS)


_ENVIRONMENT = _Environment()


class _Reader:
    """Walks a parsed text once: lists its fields, checks filters, sets comparisons."""

    def __init__(self, bound: BoundTemplate, first_line: int) -> None:
        self.template = Template(bound=bound)
        self._static = _Context(bound)
        self._offset = first_line - 1
        for node in bound.nodes:
            self._read(node)

    def _read(self, node: Node) -> None:
        if isinstance(node, MultiExpressionBlockNode):
            node.expression = _AnyOf(node.expression)  # type: ignore[assignment]
        for expression in node.expressions():
            if isinstance(expression, FilteredExpression):
                self._read_output(expression)
            elif isinstance(expression, BooleanExpression):
                expression.expression = _compared(expression.expression)
            self._note_fields(expression)
        for child in node.children(self._static):
            self._read(child)

    def _read_output(self, output: FilteredExpression) -> None:
        filters = output.filters or []
        for used in filters:
            self._check_filter(used)
        printed = [argument for used in filters for argument in used.children()]
        if all(used.name != "default" for used in filters):
            printed.append(output.left)
        self.template.required.update(
            self._name(path) for path in printed if isinstance(path, Path)
        )

    def _note_fields(self, expression: Expression) -> None:
        if isinstance(expression, Path):
            line = self._line(expression.token)
            self.template.fields.setdefault(self._name(expression), line)
        for child in expression.children():
            self._note_fields(child)

    def _name(self, path: Path) -> str:
        names = [name for name in path.path if isinstance(name, str)]
        if len(names) < len(path.path) or not all(map(_NAME.fullmatch, names)):
            raise refusal(
                self._line(path.token),
                _("fields are written with dots only, as in contact.first_name."),
            )
        return ".".join(names)

    def _check_filter(self, used: Filter) -> None:
        line = self._line(used.token)
        if used.name not in FILTERS:
            raise refusal(
                line,
                _("there is no filter “%(name)s”. Use: %(known)s.")
                % {"name": used.name, "known": _nearest(used.name, FILTERS)},
            )
        named = any(isinstance(argument, KeywordArgument) for argument in used.args)
        try:
            signature(FILTERS[used.name]).bind(None, *used.args)
        except TypeError:
            named = True
        if named:
            raise refusal(
                line,
                _("the filter “%(name)s” does not take these values.")
                % {"name": used.name},
            )
        self._try_filter(used, line)

    def _try_filter(self, used: Filter, line: int) -> None:
        """Run a filter whose values stand in the text: a fault shows now, not later."""
        values = used.children()
        if all(isinstance(value, Literal) for value in values):
            sample = _SAMPLES.get(used.name, "x")
            try:
                FILTERS[used.name](sample, *(v.evaluate(self._static) for v in values))
            except InvalidBody as error:
                raise refusal(line, str(error)) from None

    def _line(self, token: Token) -> int:
        return _line(token) + self._offset


_SAMPLES: dict[str, object] = {
    "date": date(2000, 1, 1),
    **dict.fromkeys(("plus", "minus", "round", "money"), 1),
}


class _Comparison(Expression):
    """One comparison, by the rules that the head of this file states."""

    __slots__ = ("left", "right", "test")

    def __init__(
        self, token: Token, left: Expression, right: Expression, test: str
    ) -> None:
        super().__init__(token)
        self.left = left
        self.right = right
        self.test = test

    def evaluate(self, context: RenderContext) -> bool:
        left = _operand(self.left, context)
        right = _operand(self.right, context)
        if self.test == "==":
            return _equal(left, right)
        if self.test == "!=":
            return not _equal(left, right)
        if left is None or right is None:
            return False
        return self._ordered(left, right)

    def children(self) -> Iterable[Expression]:
        return [self.left, self.right]

    def _ordered(self, left: object, right: object) -> bool:
        if _is_number(left) or _is_number(right):
            left, right = number(left), number(right)
        try:
            return bool(_ORDERS[self.test](left, right))
        except TypeError:
            raise refusal(
                _line(self.token),
                _("a %(left)s and a %(right)s cannot be compared.")
                % {"left": type(left).__name__, "right": type(right).__name__},
            ) from None


_ORDERS: dict[str, Callable[[object, object], object]] = {
    "<": operator.lt,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
}

_COMPARISONS = {
    EqExpression: "==",
    NeExpression: "!=",
    LtExpression: "<",
    GtExpression: ">",
    LeExpression: "<=",
    GeExpression: ">=",
}


class _AnyOf(Expression):
    """The values of one ``when``: the block is written once if any of them fits."""

    __slots__ = ("subject", "values")

    def __init__(self, found: Expression) -> None:
        super().__init__(found.token)
        self.subject: Expression = found.left  # type: ignore[attr-defined]
        self.values = list(found.children())

    def evaluate(self, context: RenderContext) -> list[bool]:
        subject = _operand(self.subject, context)
        return [any(_equal(subject, _operand(v, context)) for v in self.values)]

    def children(self) -> Iterable[Expression]:
        return self.values


def _compared(expression: Expression) -> Expression:
    if isinstance(expression, LogicalAndExpression | LogicalOrExpression):
        expression.left = _compared(expression.left)
        expression.right = _compared(expression.right)
    test = _COMPARISONS.get(type(expression))
    if test is None:
        return expression
    left, right = expression.children()
    return _Comparison(expression.token, left, right, test)


def _operand(expression: Expression, context: RenderContext) -> object:
    if isinstance(expression, Nil | Blank | Empty):
        return None
    value = expression.evaluate(context)
    return None if isinstance(value, Missing) or value == "" else value


def _equal(left: object, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, str) and _is_number(right):
        return _same_number(left, right)
    if isinstance(right, str) and _is_number(left):
        return _same_number(right, left)
    return left == right


def _same_number(text: str, other: object) -> bool:
    try:
        return number(text) == number(other)
    except InvalidBody:
        return False


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _line(token: Token | None) -> int:
    return token.source.count("\n", 0, token.start_index) + 1 if token else 1


def _unreadable(error: LiquidError) -> str:
    return _("the text cannot be read (%(reason)s). Check the braces there.") % {
        "reason": error.message
    }


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    return ", ".join(get_close_matches(name, names, n=1) or names)
