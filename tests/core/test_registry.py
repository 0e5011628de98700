"""A registry is loud: about a key taken twice, and about one that nobody has."""

from __future__ import annotations

import pytest

from sms_marketing.core.registry import Registry
from sms_marketing.exceptions import ConfigurationError


def test_keeps_the_order_of_registration() -> None:
    registry: Registry[int] = Registry("number")
    registry.add("b", 2)
    registry.add("a", 1)

    assert list(registry) == ["b", "a"]
    assert list(registry.items()) == [("b", 2), ("a", 1)]
    assert len(registry) == 2
    assert "a" in registry
    assert registry.get("a") == registry.find("a") == 1


def test_refuses_a_key_that_is_taken() -> None:
    registry: Registry[int] = Registry("number")
    registry.add("a", 1)

    with pytest.raises(ConfigurationError, match="number 'a' is registered twice"):
        registry.add("a", 2)


def test_says_which_keys_there_are() -> None:
    registry: Registry[int] = Registry("number")
    with pytest.raises(ConfigurationError, match="Registered: none"):
        registry.get("x")

    registry.add("a", 1)
    with pytest.raises(ConfigurationError, match="Registered: a"):
        registry.get("x")


def test_a_registration_can_be_taken_back() -> None:
    registry: Registry[int] = Registry("number")
    registry.add("a", 1)
    registry.remove("a")
    registry.remove("a")

    assert registry.find("a") is None
