"""Which arms a comparison has, and how each is opened: spellings and runs to `finetune.compare.arms.Arm`.

The collection is opened once, a model when the turn of its arm comes.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

from core.backends import BACKENDS, ModelSpec, parse_spec
from core.chat.local.weights import gguf_path, run_weights, weight_files, weights_in, without_weights
from core.errors import ConfigError, KbError
from core.files import Home, sha256_of
from core.models import ollama_has, open_chat, resolve
from core.prompt import load_prompt
from core.settings import Settings
from core.types import Document, Page, RunCard
from finetune.compare.arms import Arm, ArmAnswerer, Shown
from finetune.runs import TrainingRun, open_run, read_card
from finetune.training.base import SMOLLM2_READING, find_base
from kb.answering import open_answerer
from kb.comparison.answerers import FromMemory, FromSearch, Given, GivenTexts, Passages, ProbeAnswerer, Recorder
from kb.scope import open_collection
from kb.workspace import Workspace
from rag.open import Knowledge

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,39}")
_OPTIONS = re.compile(r"(?P<rest>.*?)(?P<options>(?:,(?:k|prompt)=[^,]*)*)")
_SHOWN = re.compile(r"(?P<model>.+?)(?:\+(?P<shown>rag|oracle|wrong))?")
_SHOWN_BY: Mapping[str | None, Shown] = {None: "nothing", "rag": "found", "oracle": "oracle", "wrong": "wrong"}
_HINT = "kb compare --arm base=smollm2 --arm rag=smollm2+rag,k=4 --questions FILE.jsonl --out DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSpec:
    """A parsed arm.

    Attributes:
        model: A spelling of `core.models`.
        k: Passages read; the settings' if None.
        prompt: Prompt file; with `{question}`, and `{passages}` where passages are shown.
        tuned: Whether the model was trained on the documents.
        reference: Whether it only shows what another model reaches.
    """

    name: str
    model: str
    shown: Shown = "nothing"
    k: int | None = None
    prompt: Path | None = None
    tuned: bool = False
    reference: bool = False


def parse_arm(text: str) -> ArmSpec:
    """Parse `NAME=MODEL[+rag|+oracle|+wrong][,k=N][,prompt=FILE]`.

    Raises:
        ConfigError: It is spelled otherwise, or the model is.
    """
    name, sign, rest = text.partition("=")
    split = _OPTIONS.fullmatch(rest)
    model_part = _SHOWN.fullmatch(split["rest"]) if split else None
    if not sign or not _NAME.fullmatch(name) or split is None or model_part is None:
        raise ConfigError(f"--arm {text}: not NAME=MODEL[+rag|+oracle|+wrong][,k=N][,prompt=FILE]", hint=_HINT)
    options = dict(part.split("=", 1) for part in split["options"].split(",") if part)
    if "k" in options and not (options["k"].isdigit() and 1 <= int(options["k"]) <= 200):
        raise ConfigError(f"--arm {text}: k is a number from 1 to 200", hint=_HINT)
    spec = parse_spec(model_part["model"])
    shown = _SHOWN_BY[model_part["shown"]]
    if options.get("prompt") and shown in ("oracle", "wrong"):
        raise ConfigError(f"--arm {text}: oracle and wrong passages go into the built-in prompt alone", hint=_HINT)
    return ArmSpec(
        name=name,
        model=str(spec),
        shown=shown,
        k=int(options["k"]) if "k" in options else None,
        prompt=Path(options["prompt"]).expanduser() if options.get("prompt") else None,
        tuned=(spec.kind in ("run", "auto") and bool(spec.name))
        or (spec.kind == "ollama" and spec.name.startswith("kb-")),
    )


def run_arms(
    run: TrainingRun, card: RunCard, settings: Settings, home: Home, *, experiments: bool, few_shot: Path | None
) -> list[ArmSpec]:
    """Return the arms of a run: base and tuned, each by itself and with search; more on request.

    The tuned model is asked in its exported form: the GGUF file in this process, or in Ollama; where there is neither,
    in transformers.

    Raises:
        ConfigError: The run is not trained to its end, or not exported.
    """
    base = str(_base_spec(card.base, home))
    served = f"kb-{run.name}"
    weights = weights_in(run.folder)
    if (weights is None or weights.is_dir()) and ollama_has(served, settings.rag.ollama_url):
        tuned = f"ollama:{served}"
    elif weights is not None:
        tuned = f"run:{run.name}"
    else:
        raise without_weights(run.folder)
    arms = [
        ArmSpec(name="base", model=base),
        ArmSpec(name="base+rag", model=base, shown="found"),
        ArmSpec(name="tuned", model=tuned, tuned=True),
        ArmSpec(name="tuned+rag", model=tuned, shown="found", tuned=True),
    ]
    if experiments:
        arms += [
            replace(arm, name=f"{arm.name}+{shown}", shown=shown)
            for arm in (arms[0], arms[2])
            for shown in cast(tuple[Shown, ...], ("oracle", "wrong"))
        ]
    return [*arms, ArmSpec(name="few-shot", model=base, prompt=few_shot)] if few_shot else arms


def reference_arms(model: str) -> list[ArmSpec]:
    """Return the arms of a reference model: by itself and with search.

    Raises:
        ConfigError: The model is spelled otherwise.
    """
    spec = str(parse_spec(model))
    shown_by_name: Mapping[str, Shown] = {"reference": "nothing", "reference+rag": "found"}
    return [ArmSpec(name=name, model=spec, shown=shown, reference=True) for name, shown in shown_by_name.items()]


def ollama_note(card: RunCard) -> str:
    """Return a sentence where Ollama was not compared with the trained model at export; empty where it was."""
    if not card.parity or any(runtime.startswith("ollama") for runtime in card.parity):
        return ""
    return (
        f"Ollama is not compared: it did not answer, or cannot say the chat template, when {card.name} was exported; "
        f"with Ollama running, kb export {card.name} --to ollama compares it."
    )


def _base_spec(base: str, home: Home) -> ModelSpec:
    """Return a run's base as a spelling of `core.models`: a folder is a model of transformers."""
    if base == SMOLLM2_READING:  # what a person without the run would ask: it reads passages with the same adapter
        return ModelSpec(kind="smollm2")
    if Path(base).is_dir():
        return ModelSpec(kind="hf", name=base)
    try:
        return parse_spec(base)
    except ConfigError:  # a base that only training knows by its name
        return ModelSpec(kind="hf", name=str(find_base(base, home).folder))


@dataclass
class ArmFactory:
    """Makes arms for one workspace; the collection is opened at most once, and only if an arm needs it."""

    workspace: Workspace
    on_note: Callable[[str], None] = lambda _: None

    @cached_property
    def knowledge(self) -> Knowledge:
        """The collection."""
        return open_collection(self.workspace, on_note=self.on_note)

    @cached_property
    def documents(self) -> list[Document]:
        """What the collection holds."""
        return list(self.knowledge.catalogue.documents(self.workspace.collection))

    @cached_property
    def passages(self) -> Passages:
        """What chooses passages of the collection for a question."""
        return Passages(self.knowledge.narrowed(), self.page_text, self.documents)

    def page_text(self, sha256: str, page: int) -> str:
        """Return the text of a page."""
        return self.knowledge.catalogue.page(self.workspace.collection, sha256, page).text

    def arm(self, spec: ArmSpec) -> Arm:
        """Make an arm; its model is opened in its turn.

        Raises:
            ConfigError: A prompt file, a model or anything to search is not there.
        """
        if spec.shown != "nothing" and not self.documents:
            name = self.workspace.collection
            raise ConfigError(
                f"{spec.name}: {name!r} holds no document",
                hint=f"kb ingest --collection {name} PATH",
                click="Documents > Add files",
            )
        settings = self.settings_of(spec)
        model = str(resolve(spec.model, settings))
        prompt = _prompt(spec)
        return Arm(
            name=spec.name,
            model=model,
            shown=spec.shown,
            tuned=spec.tuned,
            reference=spec.reference,
            training_s=self._training_s(spec),
            identity=self._identity(spec, model, settings, prompt),
            holds=self.holds,
            open=self._opener(spec, model, settings, prompt),
        )

    def probe_arm(self, arm: Arm) -> Arm:
        """Return what asks an arm's model the probes, in the prompt of `kb ask` where they come with passages."""
        prompt = load_prompt(self.workspace.settings.rag.prompt_file)

        @contextmanager
        def opened() -> Iterator[ArmAnswerer]:
            yield ProbeAnswerer(open_chat(arm.model, self.workspace.settings, self.workspace.home), prompt)

        return Arm(
            name=f"{arm.model} (probes)",
            model=arm.model,
            shown="nothing",
            tuned=arm.tuned,
            identity={**arm.identity, "answer_prompt": prompt.digest, "probes": True},
            open=opened,
        )

    def holds(self, doc: str) -> bool:
        """Whether the collection has a document, by its name or a glob."""
        return any(fnmatchcase(document.doc, doc) for document in self.documents)

    def _training_s(self, spec: ArmSpec) -> float:
        """Return what a run of this home took to train, 0 where the model is none."""
        name = parse_spec(spec.model).name.split(":")[0]
        run = self.workspace.home.runs / (name if spec.model.startswith("run:") else name.removeprefix("kb-"))
        trained = spec.tuned and (run / "run.json").is_file()
        return sum(read_card(open_run(self.workspace.home, run.name)).times_s.values()) if trained else 0.0

    def settings_of(self, spec: ArmSpec) -> Settings:
        """Return the workspace's settings with those of an arm."""
        settings = self.workspace.settings
        changed: dict[str, Any] = {"prompt_file": spec.prompt} if spec.prompt and spec.shown == "found" else {}
        changed |= {"top_k": spec.k} if spec.k else {}
        return settings.model_copy(update={"rag": settings.rag.model_copy(update=changed)})

    def _identity(self, spec: ArmSpec, model: str, settings: Settings, prompt: str) -> dict[str, Any]:
        weights = self._weights(parse_spec(model))
        # Where a model is asked changes nothing about what it says.
        identity: dict[str, Any] = {"generation": settings.models.model_dump(mode="json", exclude={"on"})}
        if weights is not None:
            digests = [_digest(path) for path in weight_files(weights)]
            identity["weights_sha256"] = digests[0] if len(digests) == 1 else digests
        if prompt:
            identity["prompt_sha256"] = hashlib.sha256(prompt.encode()).hexdigest()
        if spec.shown != "nothing":
            listing = "".join(f"{document.doc} {document.sha256}\n" for document in self.documents)
            identity["answer_prompt"] = load_prompt(settings.rag.prompt_file).digest
            identity["search"] = settings.rag.model_dump(mode="json", exclude={"model", "ollama_model"})
            identity["documents_sha256"] = hashlib.sha256(listing.encode()).hexdigest()
        return identity

    def _weights(self, spec: ModelSpec) -> Path | None:
        """Return the file or the run's folder that a model lies in, None where it is neither."""
        try:
            if spec.kind in ("run", "auto") and spec.name:
                return run_weights(spec.name, self.workspace.home)
            in_file = BACKENDS[spec.kind].opener == BACKENDS["gguf"].opener
            return gguf_path(spec, self.workspace.home) if in_file else None
        except KbError:  # told when the arm is opened
            return None

    def _opener(self, spec: ArmSpec, model: str, settings: Settings, prompt: str) -> Callable[[], Any]:
        @contextmanager
        def opened() -> Iterator[ArmAnswerer]:
            yield self._answerer(spec, model, settings, prompt)

        return opened

    def _answerer(self, spec: ArmSpec, model: str, settings: Settings, prompt: str) -> ArmAnswerer:
        chat = open_chat(model, settings, self.workspace.home)
        if spec.shown == "nothing":
            return FromMemory(chat, prompt)
        if spec.shown == "found":
            recorder, texts = Recorder(self.knowledge.narrowed()), GivenTexts()
            rng = random.Random()  # noqa: S311 - the answerer's keys; seeded by each question
            opened = partial(
                open_answerer,
                replace(self.workspace, settings=settings),
                self.knowledge,
                chat=chat,
                model=model,
                rng=rng,
                on_note=self.on_note,
            )
            given = opened(retriever=texts, pages=lambda text, _: Page(index=0, text=text), on_note=lambda _: None)
            answerer = opened(retriever=recorder)
            k = settings.rag.top_k
            return FromSearch(answerer, recorder, self.page_text, k=k, rng=rng, given=given, texts=texts)
        passages = self.passages
        choose = passages.right if spec.shown == "oracle" else passages.wrong
        return Given(chat, choose, self.page_text, load_prompt(settings.rag.prompt_file))


def _prompt(spec: ArmSpec) -> str:
    """Return the text of an arm's prompt file, empty where it has none.

    Raises:
        ConfigError: It cannot be read, or does not say where the question goes.
    """
    if spec.prompt is None:
        return ""
    try:
        text = spec.prompt.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"prompt file {spec.prompt}: {error}", hint=_HINT) from error
    if "{question}" not in text:
        raise ConfigError(
            f"prompt file {spec.prompt}: {{question}} is missing", hint=f"echo '{{question}}' >> {spec.prompt}"
        )
    return text


_digests: dict[tuple[Path, int, int], str] = {}


def _digest(path: Path) -> str:
    """SHA-256 of a file, once per file and state: arms share models, and models are large."""
    stat = path.stat()
    key = (path, stat.st_mtime_ns, stat.st_size)
    if key not in _digests:
        _digests[key] = sha256_of(path)
    return _digests[key]
