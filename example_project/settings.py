"""Settings of the example shop: everything a deployment decides comes from the
environment, and without any of it the demo runs on an embedded SQLite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from example_project.carrier.options import carrier_options

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=True)


def secret(name: str) -> str:
    """Read a secret; the demo's stand-in is refused where DEBUG is off."""
    given = env.str(name, default="")
    if not given and not DEBUG:
        raise ImproperlyConfigured(f"Set {name} in the environment: DEBUG is off.")
    # Marked so that nobody takes it for a secret: it can be read in a repository.
    return given or f"insecure-demo-only-{name.lower().replace('_', '-')}"


SECRET_KEY = secret("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Where visitors reach this shop: addresses in messages begin with it.
SHOP_URL = env.str("SHOP_URL", default="http://127.0.0.1:8000").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_q",
    "rest_framework",
    "django_htmx",
    "sms_marketing",
    "example_project.shop",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "example_project.middleware.strict_csp",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "example_project.urls"
WSGI_APPLICATION = "example_project.wsgi.application"
ASGI_APPLICATION = "example_project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "example_project.shop.context_processors.shop",
            ],
        },
    },
]


def database(config: dict[str, Any]) -> dict[str, Any]:
    """Add to a parsed DATABASE_URL what each database needs to be used by workers."""
    options = config.setdefault("OPTIONS", {})
    if "sqlite3" in config["ENGINE"]:
        # WAL lets readers go on while one writes; IMMEDIATE takes the write lock at
        # BEGIN, so that no transaction fails half-way with "database is locked".
        options.setdefault("transaction_mode", "IMMEDIATE")
        options.setdefault("timeout", 20)
        options.setdefault(
            "init_command", "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        )
    elif "mysql" in config["ENGINE"]:
        # REPEATABLE READ, the server's default, takes gap locks that block claims.
        options.setdefault("isolation_level", "read committed")
        options.setdefault("charset", "utf8mb4")
    return config


DATABASES = {
    "default": database(
        env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'demo.sqlite3'}")
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator")
]

USE_TZ = True
TIME_ZONE = "Europe/Riga"
USE_I18N = True
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("lv", _("Latvian")), ("en", _("English")), ("ru", _("Russian"))]

STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "build" / "static"))

Q_CLUSTER = {
    "name": "sms-demo",
    "orm": "default",
    "workers": env.int("Q_WORKERS", default=3),
    # Seconds. A task works for DISPATCH_SECONDS at most, so 120 is a hang; retry is far
    # beyond it, because django-q2 would otherwise run a task that is still running.
    "timeout": 120,
    "retry": 600,
    "max_attempts": 1,
    # Work is found by claiming due rows: a failed task is not worth repeating.
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 250,
    "queue_limit": 6,
    "bulk": 1,
    "poll": 0.2,
    "label": "Queue",
}

SMS_CARRIER_URL = env.str("SMS_CARRIER_URL", default="")


def provider(carrier_url: str) -> dict[str, Any]:
    """The local carrier where one runs, else the console."""
    if not carrier_url:
        return {"BACKEND": "sms_marketing.providers.console.ConsoleProvider"}
    return {
        "BACKEND": "sms_marketing.providers.http.HttpProvider",
        "OPTIONS": carrier_options(carrier_url, secret("SMS_CARRIER_SECRET")),
    }


SMS_MARKETING: dict[str, Any] = {
    "PROVIDERS": {"default": provider(SMS_CARRIER_URL)},
    "LINK_KEYS": {0: secret("SMS_LINK_KEY")},
    "LEDGER_KEYS": {"demo": secret("SMS_LEDGER_KEY")},
    "PUBLIC_URL": env.str("SMS_PUBLIC_URL", default=f"{SHOP_URL}/sms"),
    "DEFAULT_REGION": "LV",
    # Three workers leave one for the tick: timing to the second, not to the minute.
    "TICK_SECONDS": env.float("SMS_TICK_SECONDS", default=50.0),
}

# No personal data: addresses without their query (an admin search may hold a number),
# and no mail to admins, which would carry whole forms.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_query": {"()": "example_project.logs.without_query"}},
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["no_query"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
    },
}
