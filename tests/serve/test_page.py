"""The page as people use it, in headless Chromium: every tab, keyboard, small screens, dark, and no request outside.

Screenshots go to `artifacts/screenshots`, which continuous integration keeps.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from pypdf import PdfWriter

from core.files import Home
from core.rows import row_to_json, write_rows
from core.settings import Settings
from core.types import Citation, Pair, RunCard
from finetune.load_recipe import load_recipe
from finetune.runs import TrainingRun, create_run, remove_run
from finetune.training.machine import this_machine
from rag.catalogue.reader import CatalogueReader
from tests.serve.conftest import ANSWER, EXAMPLES, QUESTION, Running, running
from tests.support.layout import layout_faults

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
if CHROMIUM is None:
    pytest.skip("no Chromium on PATH", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(1200)]

SHOTS = Path(__file__).parents[2] / "artifacts" / "screenshots"
TABS = ("Chat", "Compare", "Documents", "Data", "Training", "Report")
# Generous: a machine that runs the whole suite at once is slow, and waiting costs nothing where it is not.
WAIT_MS = 240_000
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


@pytest.fixture(scope="module")
def served(stocked: Home, settings: Settings) -> Iterator[Running]:
    """The whole server over the stocked home, with a dataset and a report in it."""
    catalogue = CatalogueReader(stocked.catalogue)
    document = catalogue.resolve("default", "handbook.pdf")
    text = catalogue.page("default", document.sha256, 1).text
    quote = Citation(doc=document.doc, sha256=document.sha256, page=1, start=0, end=40, quote=text[:40])
    rows = [
        Pair(
            id=f"row-{n}",
            kind="closed-book",
            question=f"Question {n}?",
            answer=f"Answer {HOSTILE}",
            context="",
            evidence=(quote,),
            fact=f"f{n}",
            group=f"g{n}",
            split="train",
            checks={"quotes": 1.0},
        )
        for n in range(4)
    ]
    many = [replace(rows[0], id=f"many-{n}", question=f"Question {n}?", group=f"m{n}") for n in range(2000)]
    for dataset, made in (("mine", rows), ("rows-for-hours", many)):
        for name in ("pairs.jsonl", "train.jsonl"):
            write_rows(stocked.root / "datasets" / dataset / name, [row_to_json(row) for row in made])
    report = stocked.root / "compare" / "first" / "report.html"
    report.parent.mkdir(parents=True)
    report.write_text(
        "<!doctype html><title>r</title><h1>Which is better</h1><script>document.title='ran'</script>", encoding="utf-8"
    )
    with running(settings, stocked) as server:
        yield server


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, weights: Path, settings: Settings) -> Iterator[Running]:
    """The whole server over a home without documents."""
    home = Home(tmp_path_factory.mktemp("empty"))
    home.models.symlink_to(weights)
    with running(settings, home) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], timeout=WAIT_MS
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def outside() -> list[str]:
    """Requests that left the machine, of all tests here."""
    return []


@pytest.fixture(scope="module")
def wide(browser, served: Running, outside: list[str]) -> Iterator[object]:
    yield from _page(browser, served, outside, 1280, 900, "light")


@pytest.fixture(scope="module")
def narrow(browser, served: Running, outside: list[str]) -> Iterator[object]:
    yield from _page(browser, served, outside, 375, 760, "dark")


def _page(browser, served: Running, outside: list[str], width: int, height: int, scheme: str) -> Iterator[object]:
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    own = served.url.removeprefix("http://")
    page.on("request", lambda r: own in r.url or r.url.startswith(("data:", "blob:")) or outside.append(r.url))
    page.goto(served.url, wait_until="commit", timeout=WAIT_MS)
    page.wait_for_selector("#chat-question textarea")
    yield page
    context.close()


def _tab(page, name: str) -> None:
    more = page.get_by_role("tab", name=name, exact=True)
    if not more.is_visible():  # folded away on a small screen
        page.locator(".overflow-menu > button").first.click()
        page.locator(".overflow-dropdown button", has_text=name).click()
        return
    more.click()


def _shoot(page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True, timeout=WAIT_MS)


def _drawn(page) -> None:
    """Wait until every picture is there, and a moment for what follows from it; the network is never idle here."""
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    page.wait_for_timeout(500)


def _ask(page, question: str) -> None:
    page.fill("#chat-question textarea", question)
    page.click("#chat-submit")


def _new(page) -> None:
    _tab(page, "Chat")
    page.click("#chat-new")
    page.wait_for_selector(".kb-empty")


def _use(page, model: str, mode: str) -> None:
    """Choose a model under Model and controls."""
    page.locator("#chat-controls > summary").click()
    page.select_option("#chat-model", model)
    page.select_option("#chat-mode", mode)
    page.locator("#chat-controls > summary").click()


def test_a_question_is_answered_with_its_page_marked(wide, served: Running) -> None:
    _ask(wide, QUESTION)
    wide.wait_for_selector("#chat-page img")
    log = wide.inner_text("#chat-log")
    assert wide.inner_text(".kb-short").startswith(ANSWER) and "likely right" in wide.inner_text(".kb-short")
    assert "handbook.pdf, p." in wide.inner_text(".kb-sources")
    assert "the quote marked" in wide.get_attribute("#chat-page img", "alt")
    assert "found on the pages" in log and "checked" not in log
    assert wide.locator("#chat-page img").evaluate("img => img.clientWidth > img.parentElement.clientWidth")
    _shoot(wide, "chat-1280-light")


def test_a_number_in_the_answer_opens_its_page(wide) -> None:
    wide.get_by_role("button", name="Close the page").click()
    assert not wide.locator("#chat-page").is_visible()
    wide.locator(".kb-prose .kb-cite").first.click()
    wide.wait_for_selector("#chat-page img")
    before = wide.locator("#chat-page img").evaluate("img => img.clientWidth")
    wide.get_by_role("button", name="Zoom in").click()
    assert wide.locator("#chat-page img").evaluate("img => img.clientWidth") > before


def test_controls_a_back_end_cannot_honour_are_disabled_and_explained(wide) -> None:
    wide.locator("#chat-controls > summary").click()
    sliders = wide.locator("#chat-controls input[type=range]")
    wide.locator("#chat-honoured", has_text="takes none of these settings").wait_for()
    states = [sliders.nth(at).is_disabled() for at in range(sliders.count())]
    assert states == [False] + [True] * 5  # passages; the quoting reader samples nothing
    wide.locator("#chat-controls > summary").click()


def test_the_last_word_about_an_answer_counts(wide, served: Running) -> None:
    def kept() -> list[dict]:
        return [
            json.loads(line) for line in (served.home.root / "feedback.jsonl").read_text(encoding="utf-8").splitlines()
        ]

    wide.get_by_role("button", name="Good", exact=True).click()
    wide.locator("#chat-hint", has_text="Saved").wait_for()
    assert [row["rating"] for row in kept()] == ["up"]
    wide.get_by_role("button", name="Correct", exact=True).click()
    wide.get_by_label("A better answer").fill("Sixteen weeks, then four ashore.")
    wide.get_by_role("button", name="Save the correction").click()
    wide.locator("#chat-hint", has_text="preferred over the answer").wait_for()
    assert [(row["rating"], row["correction"]) for row in kept()] == [("down", "Sixteen weeks, then four ashore.")]
    wide.get_by_role("button", name="Bad", exact=True).click()
    wide.locator("#chat-hint", has_text="Taken back").wait_for()
    assert kept() == []


def test_what_people_and_models_write_is_text(wide) -> None:
    _ask(wide, HOSTILE)
    wide.locator("#chat-log", has_text=HOSTILE).wait_for()
    wide.locator("#chat-submit:visible").wait_for()
    assert HOSTILE in wide.inner_text("#chat-log")
    assert wide.title() == "kb"
    assert wide.locator("#chat-log img[src=x]").count() == 0


MARKDOWN = """# Head

| a | b |
|---|---|
| 1 | **two** |

- one
- `two`
   1. deep

     more of it

- ***three*** ~~no~~ 2*3*4
  ```
  code
  ```

a \\*b\\* `x|y`<br>c

[a](javascript:alert(1)) ![p](http://203.0.113.1/x.png) <b onclick=x>raw</b>"""


def test_markdown_of_a_model_is_drawn_without_html_links_or_pictures(wide) -> None:
    drawn = wide.evaluate(
        """async text => {
          const { markdown } = await import('/page/static/markdown.js');
          const box = document.createElement('div');
          box.append(...markdown(text));
          return [box.innerHTML, box.querySelectorAll('a, img, b').length];
        }""",
        MARKDOWN,
    )
    assert drawn[1] == 0 and drawn[0].count("<ul>") == 1
    for piece in (
        "<h3>Head</h3>",
        "<td><strong>two</strong></td>",
        "<li><code>two</code>",
        "<ol><li>deep<p>more of it</p></li></ol>",
        "<li><strong><em>three</em></strong> <del>no</del> 2*3*4<pre",
        "a *b* <code>x|y</code><br>c",
        "raw&lt;/b",
    ):
        assert piece in drawn[0], drawn[0]


def test_marks_of_a_document_are_left_as_they_stand(wide) -> None:
    """A quote is the document's own words."""
    quoted = wide.evaluate(
        """async text => {
          const { markdown } = await import('/page/static/markdown.js');
          const box = document.createElement('div');
          box.append(...markdown(text, undefined, true));
          return box.innerHTML;
        }""",
        "“*p < .05, **p < .01 of x_1_ and [1](a)”\nnext",
    )
    assert quoted == "<p>“*p &lt; .05, **p &lt; .01 of x_1_ and [1](a)”<br>next</p>"


def test_conversations_outlive_reloads_and_are_listed_renamed_searched_and_deleted(wide) -> None:
    address = wide.url
    wide.fill("#chat-question textarea", "half a thought")
    wide.reload(wait_until="commit")
    wide.locator("#chat-log", has_text=ANSWER).wait_for()
    assert wide.input_value("#chat-question textarea") == "half a thought" and wide.url == address
    wide.fill("#chat-question textarea", "")
    _new(wide)
    assert wide.url.endswith("#chat")
    wide.go_back()
    wide.locator("#chat-log", has_text=ANSWER).wait_for()
    wide.get_by_role("button", name=f"Rename {QUESTION}").click()
    wide.get_by_label("New name").fill("Tours of duty")
    wide.keyboard.press("Enter")
    wide.locator("#chat-list", has_text="Tours of duty").wait_for()
    wide.fill("#chat-search", "nothing like it")
    wide.locator("#chat-list", has_text="None found").wait_for()
    wide.fill("#chat-search", "tour weeks")
    wide.locator("#chat-list", has_text="Tours of duty").wait_for()
    with wide.expect_download() as export:
        wide.get_by_role("button", name="Export Tours of duty").click()
    text = Path(export.value.path()).read_text(encoding="utf-8")
    assert text.startswith("# Tours of duty") and ANSWER in text and "1. handbook.pdf, p. 12" in text
    wide.fill("#chat-search", "")
    wide.get_by_role("button", name="Delete Tours of duty").click()
    wide.get_by_role("button", name="Undo").click()
    wide.locator("#chat-list", has_text="Tours of duty").wait_for()


def test_retry_and_edit_work_on_any_turn(wide) -> None:
    _new(wide)
    _ask(wide, QUESTION)
    wide.wait_for_selector("#chat-page img")
    _ask(wide, "What is the boiling point of tungsten?")
    wide.locator("#chat-log", has_text="No passage was found").wait_for()
    first = wide.url
    wide.get_by_role("button", name="Edit", exact=True).first.click()
    wide.get_by_label("Edit the question").fill(f"{QUESTION} Tell me.")
    wide.get_by_role("button", name="Ask", exact=True).click()
    wide.locator(".kb-short", has_text=ANSWER).wait_for()
    assert wide.url != first and wide.locator(".kb-turn").count() == 1  # the other turns stay where they were
    wide.get_by_role("button", name="Retry", exact=True).click()
    wide.locator(".kb-short", has_text=ANSWER).wait_for()
    assert wide.locator(".kb-turn").count() == 1
    wide.goto(first)
    wide.locator("#chat-log", has_text="tungsten").wait_for()
    assert wide.locator(".kb-turn").count() == 2
    wide.locator(".kb-turn").first.locator(".kb-source").first.click()  # an earlier answer's page
    wide.locator("#chat-page", has_text="handbook.pdf, p. 12").wait_for()


def test_typing_ahead_stays_and_stop_ends_the_answer(wide) -> None:
    _new(wide)
    _use(wide, "smollm2", "alone")
    _ask(wide, "Write a very long story.")
    wide.wait_for_function("document.querySelector('.kb-live .kb-prose')?.innerText.trim()")
    assert not wide.locator("#chat-submit").is_visible()
    wide.locator("#chat-question textarea").press_sequentially("my next question", delay=5)
    wide.keyboard.press("Enter")  # not while an answer is on its way
    assert wide.input_value("#chat-question textarea") == "my next question"
    if wide.locator("#chat-stop").is_visible():  # a small model may be done before
        wide.click("#chat-stop")
    wide.locator("#chat-submit:visible").wait_for()
    wide.wait_for_function("fetch('/metrics').then(r => r.text()).then(t => t.includes('{lane=\"chat\"} 0.0'))")
    wide.fill("#chat-question textarea", "")
    _use(wide, "base", "documents")


def test_the_keyboard_alone_asks(wide) -> None:
    _new(wide)
    wide.locator("#chat-question textarea").focus()
    wide.keyboard.type(QUESTION)
    wide.keyboard.press("Tab")
    assert wide.evaluate("document.activeElement.id") == "chat-submit"
    wide.keyboard.press("Enter")
    wide.wait_for_selector("#chat-page img")
    assert ANSWER in wide.inner_text("#chat-log")


def test_arms_are_compared_blind_and_voted_on(wide, served: Running) -> None:
    _tab(wide, "Compare")
    wide.fill("#compare-question textarea", QUESTION)
    feedback = served.home.root / "feedback.jsonl"
    before = feedback.read_text(encoding="utf-8").count("\n") if feedback.is_file() else 0
    wide.click("#compare-ask")
    wide.get_by_text("All have answered.").wait_for()
    wide.locator("#compare-vote").get_by_label("A", exact=True).check()
    wide.get_by_role("button", name="Vote").click()
    wide.get_by_text("was best").wait_for()
    _shoot(wide, "compare-1280-light")
    kept = feedback.read_text(encoding="utf-8").splitlines()[before:]
    assert sorted(json.loads(row)["rating"] for row in kept) == ["down", "up"]


def test_documents_are_dropped_in_looked_at_forgotten_and_brought_back(wide, served: Running) -> None:
    _tab(wide, "Documents")
    wide.locator("#documents-files").set_input_files(EXAMPLES / "update.pdf")
    wide.get_by_role("link", name="update.pdf").click()
    wide.wait_for_selector("#documents-view img[alt^='update.pdf, p. 1']")
    wide.get_by_role("button", name="Next page").click()
    wide.wait_for_selector("#documents-view img[alt^='update.pdf, p. 2']")
    assert "#documents/" in wide.url
    _shoot(wide, "documents-1280-light")
    wide.fill("#documents-search", "handbook.pdf")
    assert "update.pdf" not in wide.inner_text("#documents-list")
    wide.fill("#documents-search", "")
    wide.get_by_role("button", name="Document", exact=False).first.click()
    for again in (False, True):
        wide.get_by_label("Choose update.pdf").check()
        wide.click("#documents-forget")
        wide.get_by_role("dialog").get_by_text("Forget update.pdf?").wait_for()
        wide.click("#documents-sure")
        wide.locator("#documents-list:not(:has-text('update.pdf'))").wait_for()
        assert "update.pdf" not in [each.doc for each in CatalogueReader(served.home.catalogue).documents("default")]
        if not again:
            wide.get_by_role("button", name="Undo").click()
            wide.locator("#documents-list", has_text="update.pdf").wait_for()


def test_a_refused_file_says_why_and_can_be_tried_again(wide, tmp_path: Path) -> None:
    _tab(wide, "Documents")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    wide.locator("#documents-files").set_input_files(tmp_path / "broken.pdf")
    wide.locator("#documents-jobs li.kb-alert", has_text="broken.pdf").wait_for()
    assert not re.search(r"\b(kb|pip) [a-z-]", wide.inner_text("#documents-jobs"))
    wide.get_by_role("button", name="Try again").first.click()
    wide.locator("#documents-status", has_text="Trying again").wait_for()


def test_a_locked_document_is_opened_by_its_password(wide, tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=EXAMPLES / "update.pdf")
    writer.encrypt("tide", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    _tab(wide, "Documents")
    wide.locator("#documents-files").set_input_files(tmp_path / "locked.pdf")
    form = wide.locator("#documents-jobs li", has_text="is locked").first
    form.get_by_label("Password of the document").fill("ebb")
    form.get_by_role("button", name="Open").click()
    wide.locator("#documents-jobs li", has_text="the password does not open it").wait_for()
    assert wide.get_by_label("Password of the document").count() == 1  # of the newest try alone
    wide.get_by_label("Password of the document").fill("tide")
    wide.keyboard.press("Enter")
    wide.locator("#documents-list", has_text="locked.pdf").wait_for()
    assert not re.search(r"--password|tide", wide.inner_text("#documents-jobs"))


def test_rows_are_decided_by_keyboard(wide, served: Running) -> None:
    _tab(wide, "Data")
    status = wide.locator("#data-status")
    wide.locator("#data-status", has_text="4 to decide").wait_for()
    assert "handbook.pdf, p. 2" in wide.inner_text("#data-proof")
    wide.locator("#data-status").click()  # no field has the focus
    assert "the quote marked" in wide.get_attribute("#data-proof img", "alt")
    wide.keyboard.press("a")
    wide.locator("#data-status", has_text="3 to decide").wait_for()
    wide.keyboard.press("r")
    wide.locator("#data-status", has_text="2 to decide").wait_for()
    wide.keyboard.press("e")
    wide.keyboard.press("End")
    wide.keyboard.type(" more")
    wide.click("#data-save")
    wide.locator("#data-status", has_text="1 to decide").wait_for()
    _shoot(wide, "data-1280-light")
    decided = (served.home.root / "datasets" / "mine" / "review.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["action"] for row in decided] == ["accept", "reject", "edit"]
    assert json.loads(decided[2])["answer"].endswith(" more")
    assert status.is_visible() and wide.title() == "kb"


def test_recipes_show_their_minutes_before_anything_starts(wide) -> None:
    _tab(wide, "Training")
    wide.wait_for_function("document.querySelector('#training-set').value == 'mine'")
    wide.locator("#training-recipes .kb-card-chosen .kb-card-time", has_text="minute").wait_for()
    wide.locator("#training-needs", has_text="parameters are trained").wait_for()
    assert "about" in wide.inner_text("#training-start")
    _shoot(wide, "training-1280-light")
    wide.get_by_role("radio", name=re.compile("quick")).check()
    wide.locator("#training-needs", has_text="LoRA").wait_for()


def test_training_data_is_made(wide, served: Running) -> None:
    """From documents to rows by clicks."""
    _tab(wide, "Data")
    wide.get_by_role("button", name="Make training data from the documents").click()
    wide.fill("#data-name input, #data-name textarea", "handbook")
    wide.get_by_label("Rows, at most").fill("12")
    wide.click("#data-start")
    wide.locator("#data-task-status", has_text="ready").wait_for()
    assert (served.home.root / "datasets" / "handbook" / "manifest.json").is_file()
    _shoot(wide, "data-made-1280-light")
    assert not re.search(r"\b(kb|pip|python) [a-z]", wide.inner_text("body"))


def test_a_run_is_stopped_and_resumed_before_it_has_begun(wide, served: Running) -> None:
    """What ends early says why, without a command, and Resume takes it up."""
    _tab(wide, "Training")
    try:
        wide.fill("#training-name", "first")
        wide.click("#training-start")
        for _ in range(2):
            wide.locator("#training-stop").click()
            wide.locator("#training-status", has_text="was interrupted").wait_for()
            record = json.loads((served.home.root / "serve" / "tasks" / "task.json").read_bytes())
            assert record["kind"] == "train" and not psutil.pid_exists(record["pid"])
            wide.locator("#training-runs", has_text="stopped before training began").wait_for()
            wide.click("#training-go-on")
            wide.locator("#training-message", has_text="Resumed first").wait_for()
        wide.locator("#training-stop").click()
        wide.locator("#training-go-on").wait_for()
    finally:
        _end_task(served.home)
    _shoot(wide, "training-stopped-1280-light")
    assert not re.search(r"\b(kb|pip|python) [a-z]", wide.inner_text("body"))


def test_a_trained_run_is_asked_in_the_chat(wide, served: Running) -> None:
    card = RunCard(name="keeper", base="smollm2", method="lora", data_sha256="", seed=0, versions={})
    run = create_run(served.home, card, load_recipe("", this_machine(), flags={}, pairs=()))
    run.adapter.mkdir()
    run.gguf.symlink_to(served.home.models.resolve() / "smollm2" / "model.gguf")
    try:
        _tab(wide, "Chat")
        _tab(wide, "Training")
        wide.get_by_role("button", name="Ask it: keeper").click()
        wide.locator("#chat-controls > summary", has_text="run:keeper, from the documents").wait_for()
        assert "#chat" in wide.url and wide.input_value("#chat-model") == "run:keeper"
    finally:
        _use(wide, "base", "documents")
        remove_run(run)


def _mapped_run(served: Running) -> TrainingRun:
    """A run that was asked what it knows: one fact of each level, on page 3 of the handbook."""
    card = RunCard(name="mapped", base="smollm2", method="lora", data_sha256="", seed=0, versions={})
    run = create_run(served.home, card, load_recipe("", this_machine(), flags={}, pairs=()))
    run.adapter.mkdir()
    document = CatalogueReader(served.home.catalogue).resolve("default", "handbook.pdf")
    shares = {"recall": 0.34, "low": 0.01, "high": 0.91, "confidence": 0.5}
    counts = {"n": 3, "known": 1, "unsure": 1, "unknown": 1, **shares}
    facts = [
        {
            "fact": level,
            "page": 2,
            "start": 0,
            "end": 20,
            "question": f"What is {level}?",
            "gold": "six",
            "level": level,
        }
        | {"answer": f"It is {HOSTILE}", "agreement": 0.5, "taught": True}
        for level in ("known", "unsure", "unknown")
    ]
    parts = [{"section": "Governance", **counts, "facts": facts}]
    documents = [{"doc": document.doc, "sha256": document.sha256, "state": "same", **counts, "sections": parts}]
    folder = run.folder / "knows"
    folder.mkdir()
    (folder / "map.json").write_text(json.dumps({"run": "mapped", "total": counts, "documents": documents}))
    return run


def test_what_a_run_knows_is_drawn_fact_by_fact(wide, narrow, served: Running) -> None:
    run = _mapped_run(served)
    try:
        for page, name in ((wide, "knowledge-1280-light"), (narrow, "knowledge-375-dark")):
            _tab(page, "Chat")
            _tab(page, "Training")
            page.get_by_role("button", name="What it knows: mapped").click()
            page.locator("#knowledge-map h2", has_text="What mapped knows").wait_for()
            assert page.locator("#knowledge-map dd .kb-square").count() == 3
            assert page.locator("#knowledge-weak").is_enabled()
            page.get_by_role("button", name="not known: What is unknown?").click()
            page.locator("#knowledge-fact", has_text="The document says").wait_for()
            assert "<script>" in page.inner_text("#knowledge-fact") and page.title() != "taken"
            page.get_by_role("button", name="Show page 3").click()
            page.locator("#knowledge-map .kb-crop img").wait_for()
            _drawn(page)
            _shoot(page, name)
            assert _faults(page) == [] and layout_faults(page) == []
            page.get_by_role("button", name="Close the map").click()
            assert not page.locator("#knowledge-map").is_visible()
    finally:
        remove_run(run)


def test_what_takes_hours_is_started_by_a_second_click(wide) -> None:
    _tab(wide, "Training")
    wide.select_option("#training-set", "rows-for-hours")
    wide.get_by_role("radio", name=re.compile("smollm2-cpu")).check()  # sixty steps take no hours
    wide.locator("#training-form > details > summary", has_text="More choices").click()
    wide.fill("#training-epochs", "1000")
    wide.select_option("#training-method", "lora")
    wide.locator("#training-start", has_text="hours").wait_for()
    wide.click("#training-start")
    dialog = wide.get_by_role("dialog")
    dialog.get_by_text("hours").first.wait_for()
    dialog.get_by_role("button", name="Cancel").click()
    assert wide.locator("#training-stop").count() == 0
    wide.fill("#training-epochs", "")
    wide.select_option("#training-method", "")
    wide.select_option("#training-set", "mine")


def _end_task(home: Home) -> None:
    """Kill what is left of the server's long task, so that a failed test leaves no training behind."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(json.loads((home.root / "serve" / "tasks" / "task.json").read_bytes())["pid"])
        for each in [*process.children(recursive=True), process]:
            with suppress(psutil.NoSuchProcess):
                each.kill()


def test_a_report_is_shown_in_a_frame_that_reaches_nothing(wide) -> None:
    _tab(wide, "Report")
    frame = wide.frame_locator("#report-frame iframe")
    frame.get_by_text("Which is better").wait_for()
    _shoot(wide, "report-1280-light")


def test_the_page_at_the_root_hides_no_error_of_the_api(served: Running) -> None:
    with served.client() as client:
        responses = [client.post("/v1/files"), client.get("/v1/chat/completions")]
    assert [response.status_code for response in responses] == [404, 405]
    assert [response.json()["error"]["code"] for response in responses] == ["not_found", "method_not_allowed"]


def test_a_first_visit_leads_from_the_question_to_an_answer(browser, empty: Running, outside: list[str]) -> None:
    """Nothing is added yet: the page says so, keeps the question, and a click leads to where files are added."""
    visit = _page(browser, empty, outside, 1280, 900, "light")
    page = next(visit)
    page.locator("#chat-log", has_text="There are no documents yet").wait_for()
    _shoot(page, "chat-empty-1280-light")
    _ask(page, QUESTION)
    page.locator("#chat-log", has_text="Not answered").wait_for()
    assert QUESTION in page.inner_text("#chat-log")
    assert "kb " not in page.inner_text("#chat-log")
    page.click("#chat-add")
    page.locator("#documents-files").set_input_files(EXAMPLES / "handbook.pdf")
    page.locator("#documents-list", has_text="handbook.pdf").wait_for()
    _tab(page, "Chat")
    page.get_by_role("button", name="Retry", exact=True).click()
    page.wait_for_selector("#chat-page img")
    assert page.inner_text("#chat-log").count(QUESTION) == 1
    assert ANSWER in page.inner_text("#chat-log") and "Not answered" not in page.inner_text("#chat-log")
    _new(page)
    page.wait_for_selector(".kb-example")
    assert 1 <= page.locator(".kb-example").count() <= 3
    page.locator(".kb-example").first.click()
    page.locator(".kb-sources").wait_for()
    next(visit, None)


def test_no_tab_of_an_empty_home_names_a_command(browser, empty: Running, outside: list[str]) -> None:
    visit = _page(browser, empty, outside, 1280, 900, "light")
    page = next(visit)
    for tab in reversed(TABS):  # the first one is open, and has the address of the page
        _tab(page, tab)
        page.wait_for_url(f"**/#{tab.lower()}", timeout=WAIT_MS)
        page.wait_for_timeout(300)
        text = page.inner_text("body")
        assert not re.search(r"\b(kb|pip|python) [a-z-]", text), text
        if tab == "Data":  # only where one begins is furnished
            page.locator("#data-start:visible").wait_for()
            assert not page.locator("#data-accept").is_visible() and not page.locator("#data-set").is_visible()
        if tab == "Report":
            page.locator("#report-frame", has_text="Train one under Training").wait_for()
            assert not page.locator("#report-compare").is_visible()
    next(visit, None)


def test_the_privacy_page_is_one_click_away(browser, served: Running) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{served.url}/privacy", timeout=WAIT_MS)
    assert str(served.home.root) in page.inner_text("main")
    context.close()


@pytest.mark.parametrize("tab", TABS)
def test_no_serious_fault_for_assistive_technology(wide, tab: str) -> None:
    _tab(wide, tab)
    assert _faults(wide) == []


@pytest.mark.parametrize("tab", TABS)
def test_a_small_dark_screen_holds_every_tab(narrow, tab: str) -> None:
    _tab(narrow, tab)
    _shoot(narrow, f"{tab.lower()}-375-dark")
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 375
    assert _faults(narrow) == []


# A way of looking at the page: width and height of the window, light or dark.
WINDOWS = [(1280, 800), (768, 1024), (375, 740)]


@pytest.fixture(scope="module", params=[(*size, scheme) for size in WINDOWS for scheme in ("light", "dark")], ids=str)
def window(request, browser, served: Running, outside: list[str]) -> Iterator[object]:
    yield from _page(browser, served, outside, *request.param)


@pytest.mark.parametrize("tab", TABS)
def test_nothing_overlaps_is_cut_or_stands_outside(window, tab: str) -> None:
    _tab(window, tab)
    _drawn(window)
    if tab == "Training":
        window.locator("#training-recipes .kb-card").first.wait_for()
    if tab == "Documents":
        window.get_by_role("link", name="handbook.pdf").first.wait_for()
    assert layout_faults(window) == []
    for summary in window.locator("summary:visible").all():  # what is folded away, too
        summary.click()
    assert layout_faults(window) == []
    opened = window.locator("details[open] > summary:visible")
    for _ in range(opened.count()):  # one that is closed is no longer among them
        opened.first.click()


def test_an_answer_with_its_page_is_laid_out_whole(window) -> None:
    _new(window)
    _ask(window, QUESTION)
    window.wait_for_selector("#chat-page img")
    _drawn(window)
    width, height = window.viewport_size["width"], window.viewport_size["height"]
    scheme = window.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'")
    _shoot(window, f"answer-{width}-{scheme}")
    assert layout_faults(window) == [] and height


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<div style='display:grid'><p style='grid-area:1/1'>A</p><h1 style='grid-area:1/1'>B</h1></div>", "overlap"),
        ("<button style='position:absolute;left:370px;width:99px'>Press</button>", "outside"),
        ("<button style='width:20px;overflow:hidden;white-space:nowrap'>Press this</button>", "is cut"),
        ("<p>All is well</p><button>Press</button><details><summary>More</summary><p>Text</p></details>", ""),
    ],
)  # fmt: skip
def test_faults_of_a_layout_are_seen(browser, body: str, fault: str) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 600})
    page = context.new_page()
    page.set_content(f"<!doctype html><body style='overflow-x:hidden'>{body}")
    faults = layout_faults(page)
    context.close()
    assert any(fault in each for each in faults) if fault else faults == []


def test_no_request_leaves_the_machine(wide, narrow, outside: list[str]) -> None:
    assert outside == []
    there = {connection.raddr.ip for connection in psutil.Process().net_connections("inet") if connection.raddr}
    assert {address for address in there if not ipaddress.ip_address(address).is_loopback} == set()


def _faults(page) -> list[str]:
    found = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


assert os.environ.get("GRADIO_ANALYTICS_ENABLED") == "False"
