"""The route behind the button "Why?": which statements of an answer on the page were read, and which remembered."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from core.types import Answer, Citation, Statement
from kb.views.as_json import statement_json
from serve.errors import RequestRefused
from serve.service import Service
from serve.v1.schemas import ChatCompletionBody

_MOST = 200
_Text = Annotated[str, Field(max_length=400_000)]
_Number = Annotated[int, Field(ge=0)]


class CitedSource(BaseModel):
    """A citation of an answer, as `sources` has it."""

    doc: Annotated[str, Field(max_length=1000)]
    sha256: Annotated[str, Field(max_length=64)]
    page: _Number
    start: _Number
    end: _Number
    quote: _Text


class AnsweredStatement(BaseModel):
    """A sentence of an answer, as `statements` has it."""

    text: _Text
    citations: list[_Number] = Field([], max_length=_MOST)
    supported: bool = True


class WhyBody(ChatCompletionBody):
    """The request that was answered, with its answer as the page has it."""

    answer: _Text
    statements: list[AnsweredStatement] = Field(min_length=1, max_length=_MOST)
    sources: list[CitedSource] = Field([], max_length=_MOST)

    def answered(self) -> Answer:
        """Return the answer.

        Raises:
            RequestRefused: The answer is not from the documents, or a statement cites what is not there.
        """
        request = self.request()
        if not request.conversation[-1].text.strip() or request.conversation[-1].role != "user":
            raise RequestRefused("the last message must be a question", status=400, code="invalid_request")
        if not request.from_documents:
            raise RequestRefused("no passage was shown for this answer", status=400, code="invalid_request")
        if any(index >= len(self.sources) for statement in self.statements for index in statement.citations):
            raise RequestRefused("a statement cites a source that is not there", status=400, code="invalid_request")
        return Answer(
            question=request.conversation[-1].text,
            answer=self.answer,
            ground="cited" if self.sources else "ungrounded",
            citations=tuple(Citation(**source.model_dump()) for source in self.sources),
            statements=tuple(
                Statement(text=each.text, citations=tuple(each.citations), supported=each.supported)
                for each in self.statements
            ),
        )


def why_routes(service: Service) -> APIRouter:
    """Return the route."""
    routes = APIRouter()

    @routes.post("/why")
    async def why(body: WhyBody, http: Request) -> dict[str, Any]:
        answer = body.answered()
        service.audit.note("why", http.state.who, model=body.model)
        labelled = await service.why(body.request(), answer)
        return {"statements": [statement_json(statement) for statement in labelled.statements]}

    return routes
