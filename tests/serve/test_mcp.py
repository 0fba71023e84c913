"""The tools as an assistant's client calls them, over HTTP and over stdin and stdout."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import McpError
from pydantic import AnyUrl

from core.version import project_version
from tests.serve.conftest import ANSWER, QUESTION, Running

TOOLS = {"search", "ask", "list_documents", "show_page"}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@asynccontextmanager
async def _over_http(server: Running) -> AsyncIterator[ClientSession]:
    async with (
        streamable_http_client(f"{server.url}/mcp") as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


async def test_tools_have_types_and_only_read(server: Running) -> None:
    async with _over_http(server) as session:
        tools = (await session.list_tools()).tools
    assert {tool.name for tool in tools} == TOOLS
    assert all(tool.outputSchema and tool.annotations and tool.annotations.readOnlyHint for tool in tools)


async def test_answers_cite_pages_that_can_be_shown(server: Running) -> None:
    async with _over_http(server) as session:
        listed = (await session.call_tool("list_documents", {})).structuredContent["documents"]
        assert [each["doc"] for each in listed] == ["handbook.pdf", "manual.pdf"]
        answer = (await session.call_tool("ask", {"question": QUESTION})).structuredContent
        assert answer["ground"] == "cited" and ANSWER in answer["answer"]
        cited = answer["citations"][0]
        shown = (await session.call_tool("show_page", {"doc": cited["doc"], "page": cited["page"]})).structuredContent
        assert shown["text"][cited["start"] : cited["end"]] == cited["quote"]
        found = (await session.call_tool("search", {"query": "tour of duty", "k": 3})).structuredContent
        assert len(found["passages"]) == len(found["scores"]) == 3
        assert all(each["page"] >= 1 and each["quote"] for each in found["passages"])


async def test_documents_and_pages_are_resources(server: Running) -> None:
    async with _over_http(server) as session:
        listed = (await session.list_resources()).resources
        assert [each.name for each in listed] == ["documents", "handbook.pdf", "manual.pdf"]
        templates = [each.uriTemplate for each in (await session.list_resource_templates()).resourceTemplates]
        assert templates == ["kb://documents/{doc}", "kb://documents/{doc}/pages/{page}"]
        documents = json.loads((await session.read_resource(listed[0].uri)).contents[0].text)["documents"]
        assert [each["doc"] for each in documents] == ["handbook.pdf", "manual.pdf"]
        assert json.loads((await session.read_resource(listed[1].uri)).contents[0].text)["pages"] == 13
        page = (await session.read_resource(AnyUrl(f"{listed[1].uri}/pages/12"))).contents[0].text
        assert ANSWER in page


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("kb://documents/none", "none"),
        ("kb://documents/handbook.pdf/pages/0", "pages are numbers from 1, not '0'"),
        ("kb://documents/handbook.pdf/pages/99", "99"),
        ("kb://documents/handbook.pdf/pages/99999999999999999999", "pages are numbers from 1"),
        ("kb://elsewhere", "unknown resource kb://elsewhere"),
    ],
)
async def test_unknown_resources_are_refused_with_what_there_is(server: Running, uri: str, message: str) -> None:
    async with _over_http(server) as session:
        with pytest.raises(McpError) as caught:
            await session.read_resource(AnyUrl(uri))
    assert message in str(caught.value) and "kb://documents/ID/pages/N" in str(caught.value)


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("show_page", {"doc": "none.pdf", "page": 1}, "none.pdf"),
        ("show_page", {"doc": "handbook.pdf", "page": 999}, "999"),
        ("show_page", {"doc": "handbook.pdf", "page": 0}, "page: Input should be greater than or equal to 1"),
        ("show_page", {"doc": "handbook.pdf"}, "page: Field required"),
        ("search", {"query": "x", "top": 3}, "unknown argument 'top'; use query, k, docs, collection"),
        ("search", {"query": "x", "collection": "none"}, "none"),
        ("search", {"query": " \n "}, "the query is empty"),
        ("list_documents", {"collection": "none"}, "no collection 'none'"),
        ("show_page", {"doc": "handbook.pdf", "page": 2**64}, "page: Input should be less than or equal to 10000000"),
        ("ask", {"question": "x", "model": "gguf:/etc/passwd"}, "unknown model 'gguf:/etc/passwd+rag'"),
    ],
)
async def test_errors_are_plain(server: Running, tool: str, arguments: dict, message: str) -> None:
    async with _over_http(server) as session:
        done = await session.call_tool(tool, arguments)
    text = done.content[0].text
    assert done.isError and message in text
    assert not any(word in text for word in ("pydantic", "Error executing", "kb show", "kb models"))


async def test_resources_come_in_parts(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.mcp._LISTED_AT_ONCE", 2)
    async with _over_http(server) as session:
        first = await session.list_resources()
        last = await session.list_resources(cursor=first.nextCursor)
        assert [each.name for each in [*first.resources, *last.resources]] == [
            "documents",
            "handbook.pdf",
            "manual.pdf",
        ]
        assert last.nextCursor is None
        for cursor in ("3", "-1", "two"):
            with pytest.raises(McpError, match="unknown cursor"):
                await session.list_resources(cursor=cursor)


async def test_a_slash_at_the_end_leads_to_the_tools_too(server: Running) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    with server.client(accept="application/json") as client:
        assert client.post("/mcp/", json=body).json()["result"] == {}


async def test_the_server_gives_its_own_version(server: Running) -> None:
    async with streamable_http_client(f"{server.url}/mcp") as (read, write, _), ClientSession(read, write) as session:
        info = (await session.initialize()).serverInfo
    assert (info.name, info.version) == ("kb", project_version())


async def test_another_site_reaches_no_tool(server: Running) -> None:
    with server.client(origin="https://evil.example") as client:
        assert client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).status_code == 403


async def test_tools_over_stdin_and_stdout(server: Running) -> None:
    started = StdioServerParameters(
        command=sys.executable,
        args=["-m", "kb.cli", "serve", "--mcp", "--stdio"],
        env={**os.environ, "KB_HOME": str(server.home.root)},
    )
    async with stdio_client(started) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        found = (await session.call_tool("search", {"query": "tour of duty", "k": 1})).structuredContent
    assert found["passages"][0]["doc"] == "handbook.pdf"


@pytest.mark.parametrize("ends", ["stdin", "stdout"])
def test_an_assistant_that_goes_away_ends_the_process_quietly(server: Running, ends: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kb.cli", "serve", "--mcp", "--stdio"],
        encoding="utf-8",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "KB_HOME": str(server.home.root)},
    )
    assert process.stdin and process.stdout and process.stderr
    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client}
    process.stdin.write(json.dumps(hello) + "\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == 1
    if ends == "stdout":
        process.stdout.close()
        process.stdin.write(json.dumps(hello | {"id": 2}) + "\n")
        process.stdin.flush()
        time.sleep(1)
    process.stdin.close()
    assert process.wait(60) == (0 if ends == "stdin" else 128 + signal.SIGPIPE)
    assert process.stderr.read() == ""
    process.stderr.close()
    process.stdout.close()
