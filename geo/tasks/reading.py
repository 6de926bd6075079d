"""Open uploaded files and suggest what their columns are (选文件, 认字段)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from geo.errors import FileError
from geo.intake.boundaries import suggest_place_columns
from geo.intake.buildings import BuildingChoices, LandChoices, StreetChoices
from geo.intake.columns import suggest_columns
from geo.intake.layers import RawLayer, read_layer
from geo.intake.tables import Limits, RawTable, read_table
from geo.settings import Settings

TableKind = Literal["cases", "facilities", "areas", "population", "buildings", "land", "streets"]
