"""What the bodies of requests have in common: their text is Unicode, and fields without effect can be named."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

# Fields of OpenAI's that change nothing about an answer.
_HARMLESS = frozenset({"user", "metadata", "service_tier", "safety_identifier", "prompt_cache_key"})
# Fields that ask for something whatever their value is.
_NEVER_EMPTY = frozenset({"web_search_options", "logprobs"})


class OpenBody(BaseModel):
    """A body, or a part of one, that takes unknown fields so that they can be named."""

    model_config = ConfigDict(extra="allow")

    def unknown_fields(self, prefix: str = "") -> list[str]:
        """Return the names of unknown fields that ask for something."""
        extra = self.model_extra or {}
        return sorted(
            prefix + name
            for name, value in extra.items()
            if name not in _HARMLESS and (value or (name in _NEVER_EMPTY and value is not None))
        )


class RequestBody(OpenBody):
    """The body of a request."""

    @model_validator(mode="before")
    @classmethod
    def _unicode(cls, value: Any) -> Any:
        """Refuse halves of surrogate pairs, which JSON can spell and nothing behind it can read or write."""
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError("the body is not valid Unicode: it holds half of a surrogate pair") from error
        except (TypeError, RecursionError):  # not JSON, as when a field is given as an object; too deep to be of use
            return value
        return value
