"""The parts of the demo district, one subject each (示范区的各部分).

`plan` lays the land out, `streets` makes the walking network, `people` settles it, `areas` cuts it
into the chain of areas, `facilities` and `blind_spots` serve it, `cases` and its words report on it,
`truth` says what was planted, and `files` writes a small part as a newcomer would upload it.
"""
