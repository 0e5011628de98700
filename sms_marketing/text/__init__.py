"""Everything about the letters of a message: fields, links, footer, parts."""

from __future__ import annotations

from sms_marketing.text.encoding import (
    CostlyLetter,
    Encoding,
    EncodingPolicy,
    PartCount,
    apply_policy,
    costly_letters,
    count,
    normalize,
    split,
)
from sms_marketing.text.filters import MAX_LENGTH, Value
from sms_marketing.text.footer import compose, opt_out_line
from sms_marketing.text.links import (
    MAX_LINKS,
    OPT_OUT_POSITION,
    PLACEHOLDER_TOKEN,
    TOKEN_LENGTH,
    LinkKeys,
    LinkToken,
    make_token,
    read_token,
)
from sms_marketing.text.rendering import (
    Body,
    Url,
    check_body,
    compile_body,
    compile_url,
)

__all__ = [
    "MAX_LENGTH",
    "MAX_LINKS",
    "OPT_OUT_POSITION",
    "PLACEHOLDER_TOKEN",
    "TOKEN_LENGTH",
    "Body",
    "CostlyLetter",
    "Encoding",
    "EncodingPolicy",
    "LinkKeys",
    "LinkToken",
    "PartCount",
    "Url",
    "Value",
    "apply_policy",
    "check_body",
    "compile_body",
    "compile_url",
    "compose",
    "costly_letters",
    "count",
    "make_token",
    "normalize",
    "opt_out_line",
    "read_token",
    "split",
]
