"""What people do on the page is not lost, in headless Chromium: typing, answers, conversations, addresses, focus."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.files import Home
from core.rows import row_to_json, write_rows
from core.settings import Settings
from core.types import Citation, Pair
from rag.catalogue.reader import CatalogueReader
from serve.access.keys import KeyStore
from tests.serve.conftest import ANSWER, QUESTION, Running, running
from tests.serve.test_page import CHROMIUM, WAIT_MS, playwright

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(1200)]

OTHER = "Who is the head cook?"
STORY = "Write a very long story about the sea."
# Files are dropped on the element that a selector names; tells whether the browser was kept from opening them.
DROP = """([selector, files]) => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([text], name));
  const target = document.querySelector(selector);
  return ['dragenter', 'dragover', 'drop'].map((kind) => {
    const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer });
    target.dispatchEvent(event);
    return event.defaultPrevented;
  });
}"""
STORED = (
    "Object.values(JSON.parse(localStorage['kb.conversations'])).map((each) => each.turns.map((turn) => turn.question))"
)
ACTIVE = "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || '').trim()"


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], timeout=WAIT_MS
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, stocked: Home, settings: Settings) -> Iterator[Running]:
    """The whole server over a copy of the stocked home, with rows to review."""
    home = Home(tmp_path_factory.mktemp("work") / "home")
    shutil.copytree(stocked.root, home.root, symlinks=True)
    catalogue = CatalogueReader(home.catalogue)
    document = catalogue.resolve("default", "handbook.pdf")
    text = catalogue.page("default", document.sha256, 1).text
    quote = Citation(doc=document.doc, sha256=document.sha256, page=1, start=0, end=40, quote=text[:40])
    rows = [
        Pair(
            id=f"fast-{n}",
            kind="closed-book",
            question=f"Question {n}?",
            answer=text[:40],
            context="",
            evidence=(quote,),
            fact=f"f{n}",
            group=f"g{n}",
            split="train",
            checks={},
        )
        for n in range(4)
    ]
    for name in ("pairs.jsonl", "train.jsonl"):
        write_rows(home.root / "datasets" / "a-fast-one" / name, [row_to_json(row) for row in rows])
    with running(settings, home) as server:
        yield server


@pytest.fixture
def window(browser, served: Running) -> Iterator[Callable[..., object]]:
    """Opens windows of one browser; they share what it stores."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})

    def opened(address: str = "") -> object:
        return _visit(context, served.url + address)

    yield opened
    context.close()


def _visit(context, url: str) -> object:
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto(url, wait_until="commit", timeout=WAIT_MS)
    page.wait_for_selector("#chat-text", state="attached")
    page.wait_for_selector("[role=tab]")
    return page


def _ask(page, question: str) -> None:
    page.fill("#chat-text", question)
    page.click("#chat-submit")


def _answered(page, question: str = QUESTION) -> None:
    _ask(page, question)
    page.locator(".kb-turn", has_text=question).last.locator(".kb-sources").wait_for()
    page.locator("#chat-submit:visible").wait_for()


def _tell_stories(page) -> None:
    """Choose a model that writes for long."""
    page.locator("#chat-controls > summary").click()
    page.select_option("#chat-model", "smollm2")
    page.select_option("#chat-mode", "alone")
    page.locator("#chat-controls > summary").click()
    page.locator("#chat-controls > summary", has_text="smollm2, alone").wait_for()


def test_the_chat_takes_the_first_documents_and_says_what_it_refuses(
    browser, tmp_path_factory: pytest.TempPathFactory, weights: Path, settings: Settings
) -> None:
    home = Home(tmp_path_factory.mktemp("first"))
    home.models.symlink_to(weights)
    with running(settings, home) as server:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = _visit(context, server.url)
        page.wait_for_selector(".kb-drop")
        files = [["boat.md", "# Boat\n\nThe mast of the boat is 12 m high."], ["broken.pdf", "%PDF-1.7 nothing"]]
        assert page.evaluate(DROP, ["#chat-add", files])[2]
        page.locator("#chat-adding", has_text="Added: boat.md").wait_for()
        assert "Not added: broken.pdf" in page.inner_text("#chat-adding")
        page.locator("#chat-log", has_text="Ask something about your document").wait_for()
        page.get_by_role("button", name="Look at it under Documents").click()
        page.get_by_role("link", name="boat.md").wait_for()
        # Whatever is missed by a drop is added as well, and the page stays.
        assert page.evaluate(DROP, [".kb-head h1", [["oar.txt", "The oar is 3 m long."]]])[2]
        page.locator("#documents-status", has_text="1 file accepted").wait_for()
        # Into the collection that the chat asks.
        page.fill("#documents-collection", "harbour")
        page.keyboard.press("Enter")
        page.wait_for_url("**/#documents/harbour", timeout=WAIT_MS)
        page.evaluate(DROP, ["#documents-add", [["pier.txt", "The pier is 80 m long."]]])
        page.get_by_role("link", name="pier.txt").click()
        page.wait_for_url(re.compile("#documents/harbour/[0-9a-f]{64}$"), timeout=WAIT_MS)
        page.get_by_role("tab", name="Chat", exact=True).click()
        page.locator("#chat-collection option[value=harbour]").wait_for(state="attached")
        page.locator("#chat-controls > summary").click()
        page.select_option("#chat-collection", "harbour")
        page.locator("#chat-controls > summary", has_text="the documents in harbour").wait_for()
        page.evaluate(DROP, ["#chat-log", [["quay.txt", "The quay is 90 m long."]]])
        page.locator("#chat-adding", has_text="Added: quay.txt").wait_for()
        assert {each.doc for each in CatalogueReader(home.catalogue).documents("harbour")} == {"pier.txt", "quay.txt"}
        page.goto(f"{server.url}/#documents/my%20own!")
        page.locator("#documents-status", has_text="no spaces").wait_for()
        assert page.faults == []
        context.close()


def test_an_answer_goes_on_while_another_conversation_is_read(window) -> None:
    page = window()
    _answered(page)
    first = page.url
    _tell_stories(page)
    page.click("#chat-new")
    _ask(page, STORY)
    page.locator("#chat-stop:visible").wait_for()
    second = page.url
    page.get_by_role("link", name=QUESTION).click()
    page.locator("#chat-log", has_text=ANSWER).wait_for()
    assert page.locator("#chat-submit").is_visible()  # nothing runs here
    page.goto(second)
    page.wait_for_function("document.querySelector('.kb-live .kb-prose')?.innerText.trim()")
    assert "Stopped" not in page.inner_text("#chat-log") and first != second
    page.get_by_role("button", name=f"Delete {STORY}").click()  # while it is answered
    page.locator("#chat-list:not(:has-text('long story'))").wait_for()
    page.wait_for_timeout(3000)  # longer than an answer takes between two times that it is kept
    assert page.evaluate(STORED) == [[QUESTION]]
    page.get_by_role("button", name="Undo").click()
    page.locator("#chat-log", has_text=STORY).wait_for()
    assert page.url == second and page.faults == []


def test_two_windows_keep_each_others_turns(window) -> None:
    left = window()
    _answered(left)
    right = window(f"/{left.url.partition('/#')[2] and '#' + left.url.partition('/#')[2]}")
    right.locator("#chat-log", has_text=ANSWER).wait_for()
    _answered(right, OTHER)
    left.locator("#chat-log", has_text=OTHER).wait_for()
    left.fill("#chat-text", "half a thought")
    right.reload(wait_until="commit")
    right.locator("#chat-log", has_text=OTHER).wait_for()
    assert right.input_value("#chat-text") == ""  # what is typed belongs to its window
    _answered(left, "How many bunks are there?")
    assert left.evaluate(STORED) == [[QUESTION, OTHER, "How many bunks are there?"]]


def test_what_is_being_typed_stays_whatever_is_drawn(window) -> None:
    page = window()
    _answered(page)
    page.get_by_role("button", name="Correct", exact=True).click()
    page.get_by_label("A better answer").fill("Sixteen weeks.")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Edit the question").fill("How long is a tour?")
    page.get_by_role("button", name="Good", exact=True).click()
    page.locator("#chat-hint", has_text="Saved").wait_for()
    assert page.evaluate(ACTIVE) == "Good"
    page.get_by_role("button", name=f"Rename {QUESTION}").click()
    page.get_by_label("New name").fill("Tours")
    _answered(page, OTHER)  # the field is left, so its name counts
    assert page.get_by_label("A better answer").input_value() == "Sixteen weeks."
    assert page.get_by_label("Edit the question").input_value() == "How long is a tour?"
    page.get_by_role("button", name="Rename Tours").click()
    page.get_by_label("New name").fill("Tours of duty")
    page.keyboard.press("Enter")
    assert page.evaluate(ACTIVE) == "Rename Tours of duty" and page.get_by_label("New name").count() == 0
    page.keyboard.press("Enter")  # on the button
    page.get_by_label("New name").fill("Something else")
    page.keyboard.press("Escape")
    assert page.evaluate(ACTIVE) == "Rename Tours of duty"
    page.get_by_label("Edit the question").press("Escape")
    assert page.get_by_label("Edit the question").count() == 0
    page.fill("#chat-text", "What is next?")
    page.click("#chat-new")
    assert page.input_value("#chat-text") == "What is next?"
    page.go_back()
    page.locator("#chat-log", has_text=ANSWER).wait_for()
    assert "Tours" in page.inner_text("#chat-list") and page.input_value("#chat-text") == ""


def test_a_page_that_is_closed_gives_the_focus_back(window) -> None:
    page = window()
    _answered(page)
    page.wait_for_selector("#chat-page img")
    mark = page.locator(".kb-prose .kb-cite").first
    for close in (
        lambda: page.get_by_role("button", name="Close the page").click(),
        lambda: page.keyboard.press("Escape"),
    ):
        mark.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#chat-page img")
        page.wait_for_function("document.activeElement.closest('#chat-page')")
        close()
        assert not page.locator("#chat-page").is_visible()
        assert page.evaluate(ACTIVE) == mark.get_attribute("aria-label")
    mark.click()
    page.wait_for_selector("#chat-page img")
    for width in (700, 1280):  # a window that is made smaller, or turned
        page.set_viewport_size({"width": width, "height": 800})
        page.locator("#chat-page img:visible").wait_for()


def test_documents_are_handled_by_keyboard_and_have_addresses(window) -> None:
    page = window("/#documents")
    page.get_by_role("link", name="manual.pdf").wait_for()
    for name in ("Pages", "Document"):
        page.get_by_role("button", name=name).focus()
        page.keyboard.press("Enter")
        assert page.evaluate(ACTIVE).startswith(name)
    page.get_by_label("Choose all that are shown").focus()
    page.keyboard.press("Space")
    assert page.locator("#documents-list tbody input:checked").count() == 2
    assert page.inner_text("#documents-forget") == "Forget 2 documents"
    assert page.evaluate(ACTIVE) == "Choose all that are shown"
    page.fill("#documents-search", "no such name")
    page.locator("#documents-list", has_text="No document has such a name").wait_for()
    page.fill("#documents-search", "")
    page.get_by_role("link", name="manual.pdf").click()
    page.wait_for_selector("#documents-view img[alt^='manual.pdf, p. 1']")
    page.get_by_role("button", name="Next page").focus()
    for number in (2, 3):
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#documents-view img[alt^='manual.pdf, p. {number}']")
        assert page.evaluate(ACTIVE) == "Next page"
    assert page.url.endswith("/3")
    page.reload(wait_until="commit")
    page.wait_for_selector("#documents-view img[alt^='manual.pdf, p. 3']")
    page.get_by_role("button", name="Forget manual.pdf").click()
    page.get_by_role("dialog").get_by_text("dataset").wait_for()
    page.keyboard.press("Escape")
    assert page.evaluate(ACTIVE) == "Forget manual.pdf"
    page.goto(f"{page.url.partition('#')[0]}#chat/%E0%A4%A")
    page.reload(wait_until="commit")
    page.wait_for_selector(".kb-empty")
    assert page.faults == []


def test_each_of_several_removals_can_be_undone(window, served: Running) -> None:
    page = window("/#documents")
    for name in ("buoy", "chart"):
        page.evaluate(DROP, ["#documents-add", [[f"{name}.txt", f"The {name} is 2 m high."]]])
        page.get_by_role("link", name=f"{name}.txt").wait_for()
    for name in ("buoy", "chart"):
        page.get_by_label(f"Choose {name}.txt").check()
        page.click("#documents-forget")
        page.click("#documents-sure")
        page.locator(f"#documents-list:not(:has-text('{name}.txt'))").wait_for()
    page.reload(wait_until="commit")
    for name in ("buoy", "chart"):
        page.get_by_role("button", name=f"Undo: {name}.txt").click()
    for name in ("buoy", "chart"):
        page.get_by_role("link", name=f"{name}.txt").wait_for()


def test_what_is_copied_is_copied_without_the_browsers_own_clipboard(window) -> None:
    page = window()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.evaluate("document.addEventListener('copy', () => { window.copied = document.activeElement.value; })")
    _answered(page)
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_role("button", name="Copied", exact=True).wait_for()
    assert ANSWER in page.evaluate("window.copied")


def test_keys_typed_in_a_hurry_lose_nothing_and_decide_nothing_else(window, served: Running) -> None:
    page = window("/#data")
    page.locator("#data-status", has_text="4 to decide").wait_for()
    page.locator("#data-status").click()
    page.keyboard.type("uu", delay=30)  # nothing can be undone yet, and the next key does not wait for it
    page.keyboard.type("ras", delay=30)
    page.locator("#data-status", has_text="2 to decide").wait_for()
    page.locator("#data-status", has_text="Skipped").wait_for()
    page.keyboard.type("ase", delay=30)
    page.keyboard.type(" as rare as us", delay=5)  # at once: the letters are the answer's
    page.wait_for_function("document.querySelector('#data-answer textarea').value.endsWith(' as rare as us')")
    rows = (served.home.root / "datasets" / "a-fast-one" / "review.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["action"] for row in rows] == ["reject", "accept", "accept"]


@pytest.fixture(scope="module")
def keyed(
    tmp_path_factory: pytest.TempPathFactory, weights: Path, settings: Settings
) -> Iterator[tuple[Running, dict[str, str]]]:
    """A server that asks for keys, and the keys of two people."""
    home = Home(tmp_path_factory.mktemp("keyed"))
    home.models.symlink_to(weights)
    keys = {name: KeyStore(home).add(name) for name in ("ann", "bob")}
    asking = settings.model_copy(update={"serve": settings.serve.model_copy(update={"hosts": ["kb.example"]})})
    with running(asking, home) as server:
        yield server, keys


def _log_in(page, key: str) -> None:
    page.fill("#key", key)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("#chat-text")


def test_people_with_keys_find_their_own_conversations_and_no_others(browser, keyed) -> None:
    server, keys = keyed
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(server.url, wait_until="commit", timeout=WAIT_MS)
    _log_in(page, keys["ann"])
    _ask(page, "What is private?")
    page.locator("#chat-log", has_text="Not answered").wait_for()
    address = page.url
    page.get_by_role("button", name="Log out").click()
    page.wait_for_selector("#key")
    page.goto(address, wait_until="commit", timeout=WAIT_MS)
    _log_in(page, keys["bob"])
    page.locator("#chat-list", has_text="None yet").wait_for()
    assert page.url.endswith(address.partition("#")[2])  # where the link led
    page.locator("#chat-hint", has_text="no such conversation").wait_for()
    context.close()
    context = browser.new_context()  # another machine of Ann's
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(address, wait_until="commit", timeout=WAIT_MS)
    _log_in(page, keys["ann"])
    page.locator("#chat-log", has_text="What is private?").wait_for()
    assert not re.search("no such|not kept", page.inner_text("body"))
    context.close()
