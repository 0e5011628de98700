"""The screens: importing them registers them. One file a screen."""

from __future__ import annotations
