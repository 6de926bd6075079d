"""Sentences about boundary files, archives, buildings, population and addresses."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {}
