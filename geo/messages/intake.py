"""Sentences of `geo/intake`."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {}
