"""An adapter that was trained elsewhere (by Unsloth, peft or LLaMA-Factory) as a run, checked against its base.

Nothing of the adapter is run: its weights are read as tensors, and its names and shapes are compared with those that
peft gives an adapter of this configuration over this base.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.chat.local.peft_adapter import peft_warnings_ignored
from core.errors import ConfigError, DataError, KbError, MissingExtra
from core.files import Home
from core.shell import quoted
from core.types import RunCard
from finetune.data.prepare import chat_of_policy
from finetune.data.rows import TrainingRows
from finetune.data.template import ChatFormat
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, create_run, list_runs, remove_run, update_card
from finetune.training.base import Base, find_base, load_tokenizer
from finetune.training.launch import installed_versions
from finetune.training.policy import put_in_place
from finetune.training.quantised import find_merge_base, hub_name, unquantised_name

if TYPE_CHECKING:
    from torch import Tensor

CONFIG, WEIGHTS, PICKLED = "adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"
_METHODS = {
    "LORA": "lora",
    "IA3": "ia3",
    "PROMPT_TUNING": "prompt",
    "PREFIX_TUNING": "prefix",
    "P_TUNING": "p-tuning",
    "ADAPTION_PROMPT": "llama-adapter",
}
# Weights of an embedding or an output matrix, whole, as peft saves them where they were trained or enlarged.
_EMBEDDING = re.compile(r"\b(embed_tokens|lm_head|wte|embed_in|embed_out)\.([\w.]*\.)?weight$")
# Where a person trusts the file: in the environment that trained it.
_CONVERT = (
    f"cd '{{folder}}' && python -c \"import torch; from safetensors.torch import save_file; "
    f"save_file(torch.load('{PICKLED}', weights_only=True), '{WEIGHTS}')\""
)
_HINT = "kb runs import FOLDER --base hf:ORG/NAME"
# Tensors that are named in a message.
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignAdapter:
    """An adapter's folder as it was read.

    Attributes:
        folder: Where it lies.
        config: Body of `adapter_config.json`.
        tensors: Name to weights, on the CPU.
    """

    folder: Path
    config: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    @property
    def method(self) -> str:
        """Its method as recipes spell it.

        Raises:
            ConfigError: The method is none of ours.
        """
        kind = str(self.config.get("peft_type", "")).upper()
        if kind not in _METHODS:
            raise ConfigError(
                f"unsupported peft_type {kind!r} in {self.folder / CONFIG}; use one of {', '.join(_METHODS)}",
                hint=f"cat {quoted(self.folder / CONFIG)}",
            )
        if kind == "LORA" and self.config.get("use_dora"):
            return "dora"
        return "rslora" if kind == "LORA" and self.config.get("use_rslora") else _METHODS[kind]

    @property
    def base_name(self) -> str:
        """The base model as whoever trained it named it; empty where it is not said."""
        return str(self.config.get("base_model_name_or_path") or "")


def import_adapter(
    home: Home,
    folder: Path,
    *,
    name: str = "",
    base: str = "",
    merge_base: str = "",
    dataset: TrainingRows | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> TrainingRun:
    """Make a run of an adapter that was trained elsewhere.

    Args:
        folder: As peft writes it: `adapter_config.json` and `adapter_model.safetensors`, with a tokenizer or without.
        name: Of the run; made from the folder's name if empty.
        base: The base model; the one that the adapter names if empty.
        merge_base: Full-precision model of a base that is stored quantised.
        dataset: What it was trained on; comparisons ask its held-out questions.
        on_note: Receives a line on everything that was assumed.

    Raises:
        ConfigError: The folder holds no adapter, its method is not supported, its base is not here, or the name is
            taken.
        MissingExtra: The base was never pulled; the hint pulls it.
        DataError: A file is damaged, or the adapter does not fit the base.
    """
    adapter = read_adapter(folder)
    method = adapter.method
    found_base = _base_of(adapter, base, home, on_note)
    if merge_base:
        find_merge_base(found_base, merge_base, home)
    recipe = _recipe(adapter, method, found_base, merge_base)
    check_adapter(adapter, found_base, recipe)
    chat = _chat(adapter, found_base, recipe, dataset, on_note)
    card = RunCard(
        name=name or _free_name(home, folder),
        base=recipe.base,
        method=method,
        data_sha256=dataset.sha256() if dataset else "",
        seed=0,
        versions=dict(installed_versions()),
        data=str(dataset.path) if dataset else "",
        recipe=f"imported from {adapter.folder}",
        licence=found_base.licence,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        trainable=sum(tensor.numel() for tensor in adapter.tensors.values()),
        parameters=found_base.shape.parameters,
    )
    run = create_run(home, card, recipe, dataset.answer_prompt if dataset else None)
    try:
        _fill(run, adapter, found_base, chat)
    except BaseException:
        remove_run(run)
        raise
    update_card(run, stages={"sft": "done", "dpo": "skipped"})
    return run


def read_adapter(folder: Path) -> ForeignAdapter:
    """Read an adapter's folder.

    Raises:
        ConfigError: There is no adapter in it; the message says what there is.
        DataError: A file is damaged, or a weight is no number.
    """
    import torch

    folder = folder.expanduser().absolute()
    if not (folder / CONFIG).is_file():
        raise _no_adapter(folder)
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        hint = f"cat {quoted(folder / CONFIG)}"
        raise DataError(f"cannot be read: {error}", path=folder / CONFIG, hint=hint) from error
    if not isinstance(config, dict):
        raise DataError("is not a JSON object", path=folder / CONFIG, hint=f"cat {quoted(folder / CONFIG)}")
    tensors = _tensors(folder)
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor.float()).all():
            raise DataError(
                f"weight {name} holds values that are no numbers: training diverged", path=folder, hint="train it again"
            )
    return ForeignAdapter(folder=folder, config=config, tensors=tensors)


def _no_adapter(folder: Path) -> KbError:
    if not folder.is_dir():
        return ConfigError(f"no folder at {folder}", hint=f"ls {quoted(folder.parent)}")
    inner = sorted(path.parent for path in folder.glob(f"*/{CONFIG}"))
    if inner:
        names = ", ".join(path.name for path in inner)
        return ConfigError(
            f"{folder} holds no adapter itself; folders in it do: {names}", hint=f"kb runs import {quoted(inner[-1])}"
        )
    if (folder / "config.json").is_file():
        return ConfigError(
            f"{folder} holds a whole model, not an adapter: it can be asked, served and tuned as it is",
            hint=f"kb ask --model 'hf:{folder}' \"QUESTION\"",
        )
    return ConfigError(f"{folder} holds no {CONFIG}", hint=f"ls {quoted(folder)}")


def _tensors(folder: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if (folder / WEIGHTS).is_file():
            return dict(load_file(folder / WEIGHTS))
    except (OSError, ValueError, SafetensorError) as error:
        raise DataError(
            f"the adapter's weights cannot be read: {error}", path=folder / WEIGHTS, hint=f"ls -l {quoted(folder)}"
        ) from error
    if (folder / PICKLED).is_file():
        raise DataError(
            f"holds {PICKLED} alone; pickled weights can run code and are not read, safetensors are",
            path=folder,
            hint=_CONVERT.format(folder=folder),
        )
    raise DataError(f"holds no {WEIGHTS}", path=folder, hint=f"ls {quoted(folder)}")


def _base_of(adapter: ForeignAdapter, base: str, home: Home, on_note: Callable[[str], None]) -> Base:
    """Return the base that is named by hand, or by the adapter: a folder, or a model that was pulled."""
    if base:
        return find_base(base, home)
    named = adapter.base_name
    if not named:
        raise ConfigError(f"{adapter.folder / CONFIG} does not say over which base it was trained", hint=_HINT)
    folder = next((path for path in (Path(named).expanduser(), adapter.folder / named) if path.is_dir()), None)
    if folder is not None:
        return find_base(str(folder.absolute()), home)
    where, named = named, hub_name(named)
    if not named:
        raise ConfigError(f"the adapter was trained over {where}, which is not on this machine", hint=_HINT)
    try:
        return find_base(f"hf:{named}", home)
    except MissingExtra as error:
        whole = unquantised_name(named)
        if not whole:
            pull = f"kb models pull {named} && kb runs import {quoted(adapter.folder)}"
            raise MissingExtra(f"the adapter's base {named} is not installed", hint=pull) from error
        try:
            found_base = find_base(f"hf:{whole}", home)
        except KbError:
            raise MissingExtra(
                f"the adapter's base {named} is not installed, nor is {whole}, which it was probably made from",
                hint=f"kb models pull {whole} && kb runs import {quoted(adapter.folder)} --base hf:{whole}",
            ) from error
        on_note(f"trained over {named}, which is not here; opened over {whole}, which it was probably made from")
        return found_base


def _recipe(adapter: ForeignAdapter, method: str, base: Base, merge_base: str) -> Recipe:
    """Return what the adapter's configuration says of its training, as far as a recipe has it."""
    config = adapter.config
    targets = config.get("target_modules")
    values: dict[str, Any] = {
        "name": "imported",
        "base": base.spec,
        "method": method,
        "merge_base": merge_base,
        "rank": config.get("r"),
        "alpha": config.get("lora_alpha"),
        "dropout": config.get("lora_dropout"),
        "virtual_tokens": config.get("num_virtual_tokens") or config.get("adapter_len"),
        "adapter_layers": config.get("adapter_layers"),
        "target_modules": sorted(targets) if isinstance(targets, list) else None,
        "embedding_rows": embedding_rows(adapter, base),
        "dpo": False,
    }
    try:
        return Recipe.model_validate({key: value for key, value in values.items() if value is not None})
    except ValueError as error:
        path = adapter.folder / CONFIG
        raise DataError(f"impossible values: {error}", path=path, hint=f"cat {quoted(path)}") from error


def embedding_rows(adapter: ForeignAdapter, base: Base) -> int:
    """Return the rows of the embedding that an adapter brings or trains; 0 where they are the base's."""
    whole = [
        tensor.shape[0] for name, tensor in adapter.tensors.items() if tensor.ndim == 2 and _EMBEDDING.search(name)
    ]
    indices = adapter.config.get("trainable_token_indices") or []
    lists = indices.values() if isinstance(indices, Mapping) else [indices]
    rows = max([*whole, *(max(indices, default=-1) + 1 for indices in lists)], default=0)
    return rows if rows > base.shape.vocabulary else 0


def check_adapter(adapter: ForeignAdapter, base: Base, recipe: Recipe) -> None:
    """Check that an adapter has the tensors, in the shapes, that peft expects over this base.

    Raises:
        DataError: It has not; the message names tensors with both shapes, and the base's hidden size.
    """
    expected = expected_shapes(adapter, base, recipe)
    shapes = {name: tuple(tensor.shape) for name, tensor in adapter.tensors.items()}
    for name, shape in shapes.items():
        if name in expected and shape != expected[name]:
            raise DataError(
                f"the adapter does not fit {base.spec} (hidden size {base.shape.hidden}, {base.shape.layers} layers): "
                f"{name} is {shape}, not {expected[name]}",
                path=adapter.folder,
                hint=_HINT,
            )
    # A whole embedding may be saved beside what is trained.
    unknown = [name for name in shapes if name not in expected and not _EMBEDDING.search(name)]
    missing = [name for name in expected if name not in shapes]
    for names, fault in ((unknown, "has no place in"), (missing, "is missing for")):
        if names:
            listed = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
            raise DataError(
                f"the adapter does not fit {base.spec} (hidden size {base.shape.hidden}, {base.shape.layers} layers): "
                f"{listed} {fault} it",
                path=adapter.folder,
                hint=_HINT,
            )


def expected_shapes(adapter: ForeignAdapter, base: Base, recipe: Recipe) -> dict[str, tuple[int, ...]]:
    """Return name to shape of the tensors that peft saves for this configuration over a base; nothing is loaded.

    Raises:
        DataError: peft cannot build such an adapter over this base.
    """
    import peft
    from accelerate import init_empty_weights
    from transformers import AutoConfig, AutoModelForCausalLM

    configuration = AutoConfig.from_pretrained(base.folder, trust_remote_code=False, local_files_only=True)
    if hasattr(configuration, "quantization_config"):
        del configuration.quantization_config  # the shapes before quantisation
    try:
        with init_empty_weights(), peft_warnings_ignored():
            model = AutoModelForCausalLM.from_config(configuration)
            if recipe.embedding_rows:
                model.resize_token_embeddings(recipe.embedding_rows, mean_resizing=False)
            ready = peft.get_peft_model(model, _peft_config(adapter))
            config = ready.peft_config["default"]
            if config.is_prompt_learning:
                width = config.token_dim * (2 * config.num_layers if config.peft_type == "PREFIX_TUNING" else 1)
                return {"prompt_embeddings": (config.num_virtual_tokens, width)}
            state = peft.get_peft_model_state_dict(ready, save_embedding_layers=False)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(
            f"the adapter does not fit {base.spec} ({base.shape.model_type}, hidden size {base.shape.hidden}, "
            f"{base.shape.layers} layers): {reason}",
            path=adapter.folder,
            hint=_HINT,
        ) from error
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _peft_config(adapter: ForeignAdapter) -> Any:
    """Return peft's configuration, without what would compute first weights: these are there."""
    import peft

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Unexpected keyword arguments")  # of a newer peft
        config = peft.PeftConfig.from_pretrained(str(adapter.folder))
    config.inference_mode = False
    config.base_model_name_or_path = None
    if hasattr(config, "init_lora_weights"):
        config.init_lora_weights = True
    if getattr(config, "prompt_tuning_init", None) is not None:
        config.prompt_tuning_init = peft.PromptTuningInit.RANDOM
    return config


def _chat(
    adapter: ForeignAdapter, base: Base, recipe: Recipe, dataset: TrainingRows | None, on_note: Callable[[str], None]
) -> ChatFormat:
    """Return the format that the adapter was trained with: its own tokenizer and template, else the base's."""
    own = (adapter.folder / "tokenizer_config.json").is_file()
    prompt = dataset.answer_prompt if dataset else None
    template = str(load_tokenizer(base).chat_template or "") if own else ""
    chat = chat_of_policy(base, recipe, adapter.folder if own else base.folder, prompt, template=template)
    if not own:
        on_note("the adapter brings no tokenizer; the base's and its chat template are used")
    elif chat.source == "dataset":
        on_note("the adapter's tokenizer has no chat template; the base's is used")
    if chat.source == "plain":
        on_note("neither adapter nor base has a chat template; questions are asked in plain words")
    return chat


def _fill(run: TrainingRun, adapter: ForeignAdapter, base: Base, chat: ChatFormat) -> None:
    """Put adapter and tokenizer into the run's folder, whole."""
    from safetensors.torch import save_file

    work = run.folder / ".adapter.part"
    work.mkdir()
    config = {**adapter.config, "base_model_name_or_path": str(base.folder), "inference_mode": True}
    (work / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    save_file({name: tensor.contiguous() for name, tensor in adapter.tensors.items()}, work / WEIGHTS)
    chat.tokenizer.save_pretrained(work, save_jinja_files=False)
    put_in_place(work, run.adapter)


def _free_name(home: Home, folder: Path) -> str:
    """Return a name for the run that is not taken, from the folder's."""
    stem = re.sub(r"[^a-z0-9]+", "-", folder.expanduser().absolute().name.lower()).strip("-")[:40] or "adapter"
    taken = {run.name for run in list_runs(home)}
    return next(name for n in range(1, len(taken) + 2) if (name := stem if n == 1 else f"{stem}-{n}") not in taken)
