from __future__ import annotations

import pytest

from sms_marketing import providers
from tests.providers.vendor import running_vendor


@pytest.fixture
def vendor():
    with running_vendor() as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh_providers():
    providers.reset()
    yield
    providers.reset()
