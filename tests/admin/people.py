"""People at the admin, by what they may do."""

from __future__ import annotations

from django.contrib.auth.models import Permission, User
from django.test import Client

VIEWER = ("view_campaign", "view_segment")
EDITOR = (*VIEWER, "add_campaign", "change_campaign", "add_segment", "change_segment")
SENDER = (*VIEWER, "send_campaign")


def make_user(*codenames: str, name: str = "maija", **over: object) -> User:
    """A staff member with these permissions and no others."""
    user = User.objects.create(username=name, is_staff=True, **over)
    found = Permission.objects.filter(
        content_type__app_label="sms_marketing", codename__in=codenames
    )
    assert found.count() == len(codenames)
    user.user_permissions.set(found)
    return user


def signed_in(*codenames: str, **over: object) -> Client:
    """A browser in which such a person is signed in."""
    client = Client()
    client.force_login(make_user(*codenames, **over))
    return client
