"""Settings of the test run: SQLite unless DATABASE_URL says otherwise."""

from __future__ import annotations

import environ

from example_project.settings import *  # noqa: F403

env = environ.Env()

DATABASES = {"default": env.db_url("DATABASE_URL", default="sqlite://:memory:")}
_suffix = env.str("SMS_TEST_DB_SUFFIX", default="")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {"timeout": 20}
else:
    DATABASES["default"]["TEST"] = {"NAME": f"test_sms_marketing{_suffix}"}
if DATABASES["default"]["ENGINE"].endswith("mysql"):
    DATABASES["default"]["OPTIONS"] = {
        "charset": "utf8mb4",
        "isolation_level": "read committed",
    }
    # Said, not taken over from the server: as MariaDB comes, without case (R14).
    DATABASES["default"]["TEST"] |= {
        "CHARSET": "utf8mb4",
        "COLLATION": "utf8mb4_general_ci",
    }

SMS_MARKETING = {
    "PROVIDERS": {
        "default": {"BACKEND": "sms_marketing.providers.locmem.LocmemProvider"}
    },
    "LINK_KEYS": {0: "test-link-key-of-32-characters-xx"},
    "LEDGER_KEYS": {"test": "test-ledger-key-of-32-characters"},
    "PUBLIC_URL": "https://shop.test/sms",
    "QUEUE": "immediate",
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
