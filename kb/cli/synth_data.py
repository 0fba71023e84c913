"""`kb synth add`, `import`, `export`: rows from people and from files in, files for trainers out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from core.errors import ConfigError
from kb.cli import options, screen, synth_review

if TYPE_CHECKING:
    from core.types import Split
    from synth.importing.load import ImportPlan


class DocumentsGroup(TyperGroup):
    """Takes names of documents where none of its commands is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read arguments; `ctx.args` holds the documents then."""
        rest = self.make_parser(ctx).parse_args(args=list(args))[1]
        if not rest or rest[0] in self.commands:
            return super().parse_args(ctx, args)
        ctx.allow_interspersed_args = True
        return super(TyperGroup, self).parse_args(ctx, args)


app = typer.Typer(
    cls=DocumentsGroup,
    help="Training data: made, imported, reviewed, exported.",
    no_args_is_help=True,
    rich_markup_mode=None,
    subcommand_metavar="[DOC]... | COMMAND [ARGS]...",
)
Out = Annotated[Path, typer.Option("--out", "-o", help="Dataset folder, new or old.", metavar="DIR")]
Folder = Annotated[Path, typer.Argument(help="Dataset folder.", metavar="DIR")]
Template = Annotated[
    Path | None,
    typer.Option(
        "--template",
        help="TOML with prompt_input and prompt_no_input, which hold {question}, {context}, {answer}.",
        metavar="FILE",
    ),
]
InSplit = Annotated[
    str, typer.Option("--split", help="train, val or test for every new row; auto holds out by group.", metavar="NAME")
]
Seed = Annotated[int, typer.Option("--seed", help="Decides wordings and what is held out.", min=0)]
_SPLITS = ("train", "val", "test")


def _split(name: str, *others: str) -> str:
    if name not in (*_SPLITS, *others):
        raise ConfigError(f"unknown split {name!r}; use one of {', '.join((*_SPLITS, *others))}")
    return name


def _fixed(name: str) -> Split | None:
    from core.rows import SPLITS

    return next((split for split in SPLITS if split == _split(name, "auto")), None)


@app.command("add")
def add(
    out: Out,
    question: Annotated[str, typer.Option("--question", help="What is asked.", metavar="TEXT")],
    answer: Annotated[str, typer.Option("--answer", help="What is to be answered.", metavar="TEXT")],
    context: Annotated[str, typer.Option("--context", help="What stands beside the question.", metavar="TEXT")] = "",
    rejected: Annotated[str | None, typer.Option("--rejected", help="A worse answer.", metavar="TEXT")] = None,
    split: InSplit = "auto",
    seed: Seed = 0,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Add a row by hand."""
    from kb.views.as_json import import_json
    from kb.views.dataset_view import import_lines
    from synth.importing.drafts import Draft
    from synth.importing.load import ImportPlan, add_rows

    if not all(text.strip() for text in (question, answer, answer if rejected is None else rejected)):
        hint = 'kb synth add --out DIR --question "..." --answer "..."'
        raise ConfigError("--question, --answer and --rejected must hold text", hint=hint)
    draft = Draft(
        question=question.strip(),
        answer=answer.strip(),
        context=context.strip(),
        rejected=rejected and rejected.strip(),
        kind="instruction",
        origin="person",
    )
    done = add_rows(out, [draft], ImportPlan(seed=seed, split=_fixed(split) or "train"))
    if as_json:
        screen.document({**import_json(done), "id": draft.id})
    else:
        for line in import_lines(done, out):
            screen.note(line, quiet=quiet)


@app.command("import")
def import_rows(
    sources: Annotated[
        list[str], typer.Argument(help="Files, Slack exports, hf:ID[:CONFIG][@SPLIT].", metavar="SOURCE...")
    ],
    out: Out,
    val: Annotated[float, typer.Option("--val", help="Share held out for validation.", min=0, max=0.5)] = 0.1,
    test: Annotated[float, typer.Option("--test", help="Share held out for the test.", min=0, max=0.5)] = 0.1,
    split: InSplit = "auto",
    strict: Annotated[bool, typer.Option("--strict", help="A record that cannot be used is an error.")] = False,
    template: Template = None,
    answers_by: Annotated[
        str, typer.Option("--answers-by", help="In chats: who gives the answers.", metavar="NAME")
    ] = "",
    answer_column: Annotated[
        str, typer.Option("--answer-column", help="Which column holds the right answer.", metavar="NAME")
    ] = "",
    seed: Seed = 0,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Import question-answer rows from files: the kind is told from the content.

    JSONL, JSON, CSV, XLSX and Parquet, packed or not: Alpaca, Dolly, FLAN, T0, ShareGPT, OpenAI messages, LIMA, prompts
    and completions, questions and answers, SQuAD, CoQA, RAGAS, preferences, KTO, feedback, Label Studio, Argilla, rows
    of kb itself. Classification, summaries, choices, entities, masked words, inference and translation become
    instructions. FAQs, chats, exports of Slack, ChatGPT and others become questions and answers; other text is learned.
    """
    from kb.views.as_json import import_json
    from kb.views.dataset_view import import_lines
    from synth.importing.load import ImportPlan, import_sources
    from synth.templates.wording import prompt_template

    plan = ImportPlan(
        seed=seed,
        val=val,
        test=test,
        split=_fixed(split),
        strict=strict,
        answers_by=answers_by,
        answer_column=answer_column,
        template=prompt_template(template) if template else None,
    )
    if dry_run:
        _preview(sources, plan, as_json=as_json)
        return
    with screen.bar("{task.fields[rows]} rows", quiet=quiet) as bar:
        task = bar.add_task("reading", total=None, rows=0) if bar else None

        def step(source: str, rows: int) -> None:
            if bar and task is not None and rows % 500 == 0:
                bar.update(task, description=Path(source).name, rows=rows)

        done = import_sources(out, sources, plan, on_row=step)
    if as_json:
        screen.document(import_json(done))
        return
    for line in import_lines(done, out):
        screen.note(line, quiet=quiet)


def _preview(sources: list[str], plan: ImportPlan, *, as_json: bool) -> None:
    """Say what each source is and show its first row."""
    from synth.importing.drafts import Draft
    from synth.importing.files.sources import open_source

    rows, lines = [], []
    for spec in sources:
        source = open_source(spec)
        opened = plan.recognise(source)
        lines.append(f"{spec}: {source.container}, {opened.shape}")
        first = next((draft for _, draft in opened.outcomes() if isinstance(draft, Draft)), None)
        values = {name: getattr(first, name, None) for name in ("system", "context", "question", "answer", "rejected")}
        lines += [f"  {name:<9} {' '.join(value.split())[:100]}" for name, value in values.items() if value]
        rows.append({"source": spec, "container": source.container, "shape": opened.shape, "first": first and values})
    screen.shown({"sources": rows}, lines, as_json=as_json)


@app.command("export")
def export_rows(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", help="File: JSONL, or an array for .json.", metavar="FILE")],
    to: Annotated[str, typer.Option("--to", help="alpaca, sharegpt, openai, trl, dpo, kto or text.", metavar="FORMAT")],
    split: Annotated[str, typer.Option("--split", help="train, val, test or all.", metavar="NAME")] = "train",
    trainer: Annotated[
        str, typer.Option("--for", help="trl, unsloth, axolotl or llama-factory: who reads it.", metavar="TRAINER")
    ] = "trl",
    template: Template = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Export a split for a trainer, with the settings it needs to read it."""
    from synth.dataset.write import JudgedFolder
    from synth.exporting.trainers import TRAINERS, settings_for, write_dataset_info
    from synth.exporting.write import EXPORTED_SPLITS, export
    from synth.templates.wording import prompt_template

    _split(split, "all")
    if trainer not in TRAINERS:
        raise ConfigError(f"unknown trainer {trainer!r}; use one of {', '.join(TRAINERS)}")
    rows = next(name for name in EXPORTED_SPLITS if name == split)
    wording = prompt_template(template) if template else None
    done = export(JudgedFolder(folder), out, to=to, split=rows, trainer=trainer, template=wording)
    settings = settings_for(trainer, to, out)
    if trainer == "llama-factory":
        info = write_dataset_info(to, out, done.columns)
        settings = info.read_text(encoding="utf-8").rstrip()
    if as_json:
        screen.document({"file": str(out), "rows": done.rows, "left_out": dict(done.left_out), "settings": settings})
        return
    for note in done.notes(to, trainer):
        screen.note(note, quiet=quiet)
    screen.say(settings)
    screen.note(f"wrote {done.rows} rows to {out}", quiet=quiet)


app.command("review")(synth_review.review)
