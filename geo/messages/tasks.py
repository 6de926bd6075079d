"""Sentences of `geo/tasks`."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {}
