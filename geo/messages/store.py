"""Sentences of `geo/store`."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {}
