"""Sentences of `geo/analysis`."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {}
