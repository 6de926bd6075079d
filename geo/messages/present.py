"""Sentences of `geo/present`."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {}
