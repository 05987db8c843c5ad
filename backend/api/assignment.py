"""`Assignment`: which part of a subject is made of what. It travels as a JSON file, beside a job's parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .materials import MaterialParams
from .param import validate
from .wire import from_jsonable, to_jsonable


@dataclass(frozen=True)
class Assignment:
    """A material for all parts that move, and others for some of them."""

    default: MaterialParams
    by_part: Mapping[int, MaterialParams] = field(default_factory=dict)
    """By the part's number, 1 and up."""

    def __post_init__(self) -> None:
        """Raises ValueError for the first value outside its bounds, naming the part."""
        validate(self.default)
        for part, material in self.by_part.items():
            try:
                validate(material)
            except ValueError as error:
                raise ValueError(f"Part {part}: {error}") from error

    def of(self, part: int) -> MaterialParams:
        return self.by_part.get(part, self.default)

    def save(self, path: Path) -> str:
        """Write to a file; return its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.to_jsonable()), encoding="utf-8")
        return str(path)

    def to_jsonable(self) -> dict:
        parts = {str(part): to_jsonable(material) for part, material in self.by_part.items()}
        return {"default": to_jsonable(self.default), "parts": parts}

    @staticmethod
    def load(path: str) -> Assignment:
        """Read what `save` wrote. Raises ValueError for values outside their bounds."""
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        parts = {int(part): from_jsonable(MaterialParams, values) for part, values in data["parts"].items()}
        return Assignment(from_jsonable(MaterialParams, data["default"]), parts)
