"""Reads a recipe from TOML, lays choices over it and checks everything at once, before anything loads.

Precedence: `--set`, then flags, then the method's own recipe (where `--method` changes it), the recipe file, defaults.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import takewhile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import ConfigError
from finetune.methods.registry import METHODS
from finetune.recipe import Recipe
from finetune.retain.registry import RETAIN_METHODS
from finetune.training.machine import Machine

# Output matrix of every causal model of transformers; peft and the merge both refuse it as a target.
_HEAD = "lm_head"
# How `--set` may spell a field: as a setting of this section.
_SECTION = "finetune."


def recipe_names() -> list[str]:
    """Return the names of the built-in recipes."""
    return sorted(_builtin_recipes())


def task_recipes() -> dict[str, str]:
    """Return the built-in recipes of whole tasks by name, each with the first sentence that its file says of it."""
    folder = files("finetune").joinpath("recipes")
    texts = {
        entry.name.removesuffix(".toml"): entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }
    return {name: _first_sentence(text) for name, text in sorted(texts.items())}


def _first_sentence(text: str) -> str:
    """Return the first sentence of the comment that a file begins with; empty where it begins otherwise."""
    comment = " ".join(line.lstrip("# ") for line in takewhile(lambda line: line.startswith("#"), text.splitlines()))
    return re.split(r"(?<=[.?!]) ", comment, maxsplit=1)[0]


def _builtin_recipes() -> dict[str, Traversable]:
    """Return name to file: the recipes of whole tasks, and one per method."""
    folder = files("finetune").joinpath("recipes")
    entries = (*folder.iterdir(), *folder.joinpath("methods").iterdir())
    return {entry.name.removesuffix(".toml"): entry for entry in entries if entry.name.endswith(".toml")}


def default_recipe(machine: Machine) -> str:
    """Return the recipe that suits a machine."""
    return "lora-1.5b" if machine.device == "cuda" else "smollm2-cpu"


def default_base(machine: Machine) -> str:
    """Return the base model of a recipe that names none."""
    return "hf:Qwen/Qwen2.5-1.5B-Instruct" if machine.device == "cuda" else "smollm2"


def load_recipe(
    spec: str,
    machine: Machine,
    *,
    flags: Mapping[str, Any] | None = None,
    pairs: Sequence[str] = (),
    export: bool = False,
) -> Recipe:
    """Read a recipe, lay flags and `--set` over it, and check everything at once.

    Args:
        spec: Name of a recipe that comes along, path of a TOML file, or empty for the machine's default.
        machine: Where it will run; decides what is impossible.
        flags: Field to value from dedicated flags; `None` values are ignored.
        pairs: `key=value` strings; lists are spelled `a,b`.
        export: Whether merged weights are wanted afterwards.

    Raises:
        ConfigError: Unknown fields (with the nearest name), impossible values, choices that exclude each other; every
            fault in one message.
    """
    spec = spec or default_recipe(machine)
    table = {"name": Path(spec).name.removesuffix(".toml"), **_read(spec)}
    over: dict[str, Any] = {key: value for key, value in (flags or {}).items() if value is not None}
    faults: list[str] = []
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            faults.append(f"--set {pair}: not KEY=VALUE")
        else:
            over[_field(key)] = value.strip()
    method = METHODS.get(str(over.get("method", table.get("method"))))
    if method and "method" in over and method.name != table.get("method"):
        table |= _read(method.name)
    if method and method.virtual_tokens:
        # Virtual tokens would stand before the first of packed rows only.
        table["packing"] = "none"
    table |= over
    faults += [*_unknown(table)]
    known = {key: _split(key, value) for key, value in table.items() if key in Recipe.model_fields}
    recipe = None
    try:
        recipe = Recipe.model_validate(known)
    except ValidationError as error:
        faults += [f"{fault['loc'][0]} = {fault['input']!r}: {fault['msg']}" for fault in error.errors()]
    if recipe is not None:
        recipe = recipe if recipe.base else recipe.model_copy(update={"base": default_base(machine)})
        if recipe.streaming and "retain" not in over and spec in _builtin_recipes():
            recipe = recipe.model_copy(update={"retain": "none"})  # what is replayed needs all rows before training
        faults += conflicts(recipe, machine, export=export)
    if faults or recipe is None:
        raise ConfigError(f"recipe {spec}: " + "\n  ".join(["", *faults]).strip(), hint="kb finetune --help")
    return recipe


def named_fields(spec: str, flags: Mapping[str, Any], pairs: Sequence[str]) -> frozenset[str]:
    """Return the fields that a person names by a recipe, flags and `--set`; none of the machine's default recipe.

    Raises:
        ConfigError: There is no such recipe.
    """
    by_flag = {key for key, value in flags.items() if value is not None}
    by_pair = {_field(pair.partition("=")[0]) for pair in pairs}
    return frozenset(by_flag | by_pair | (_read(spec).keys() if spec else set()))


def _field(key: str) -> str:
    return key.strip().removeprefix(_SECTION).replace("-", "_")


def _read(spec: str) -> dict[str, Any]:
    path = Path(spec).expanduser()
    builtin = _builtin_recipes()
    if spec in builtin:
        text = builtin[spec].read_text(encoding="utf-8")
    elif path.suffix == ".toml" and path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace")
    else:
        near = difflib.get_close_matches(spec, builtin, n=1, cutoff=0.4)
        raise ConfigError(
            f"unknown recipe {spec!r} and no such file; use one of {', '.join(sorted(builtin))}",
            hint=f"kb finetune --recipe {near[0] if near else 'quick'} --data DIR --dry-run",
            click="choose another recipe",
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{spec}: not valid TOML: {error}", hint=f"correct {spec}") from error


def _unknown(table: Mapping[str, Any]) -> Iterator[str]:
    for key in table:
        if key not in Recipe.model_fields:
            near = difflib.get_close_matches(key, Recipe.model_fields, n=1, cutoff=0.4)
            yield f"unknown field {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")


_LISTS = frozenset(name for name, field in Recipe.model_fields.items() if str(field.annotation).startswith("tuple["))


def _split(key: str, value: Any) -> Any:
    if key in _LISTS and isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def conflicts(recipe: Recipe, machine: Machine, *, export: bool) -> Iterator[str]:
    """Yield every pair of choices that cannot hold together, one sentence each."""
    method = recipe.training_method
    if export and not method.merges:
        yield f"method {recipe.method} with an export: {method.title} can be served {method.served}"
    if recipe.dtype == "bf16" and not machine.bf16:
        yield f"dtype bf16: {machine.name} does not support bfloat16; use dtype=auto"
    if recipe.dtype == "fp16" and machine.device == "cpu":
        yield "dtype fp16 on a CPU: gradients underflow without a loss scaler; use dtype=auto"
    if recipe.attn in ("flash", "xformers") and machine.device == "cpu":
        yield f"attn {recipe.attn} requires a GPU; use attn=sdpa"
    if recipe.packing == "wrapped":
        yield 'packing "wrapped" lets rows attend to each other and cuts rows in two; use packing=bfd'
    if recipe.packing != "none" and method.virtual_tokens:
        yield f"packing with {recipe.method}: virtual tokens would stand before the first row only; use packing=none"
    if recipe.gradient_checkpointing and not method.recomputes:
        yield f"gradient_checkpointing with {recipe.method}: recomputed layers lack what the method adds to attention"
    if recipe.packing != "none" and recipe.attn == "eager":
        yield "packing with attn=eager: rows could attend to each other; use attn=sdpa"
    if (recipe.rope_scaling == "none") != (recipe.rope_factor == 1):
        yield f"rope_scaling {recipe.rope_scaling} with rope_factor {recipe.rope_factor:g}: give both or neither"
    if recipe.embedding_rows and not method.lora and method.name != "full":
        yield f"embedding_rows with {recipe.method}: new rows would not be trained; use a LoRA method or method=full"
    if recipe.streaming and not recipe.max_steps:
        yield "streaming without max_steps: the length of an epoch is unknown"
    if recipe.streaming and recipe.packing != "none":
        yield "streaming with packing: rows are sorted by length before they are packed"
    if recipe.micro_batch and recipe.batch_size % recipe.micro_batch:
        yield f"batch_size {recipe.batch_size} is not a multiple of micro_batch {recipe.micro_batch}"
    yield from RETAIN_METHODS[recipe.retain].faults(recipe)
    missing = [place for place in ("{context}", "{question}") if place not in recipe.context_template]
    if missing:
        yield f"context_template lacks {' and '.join(missing)}"
    yield from _target_conflicts(recipe)


def _target_conflicts(recipe: Recipe) -> Iterator[str]:
    if _HEAD in recipe.target_modules:
        yield f"{_HEAD} as a target module: it is tied to the embedding in many models and cannot be merged alone"
    if "all-linear" in recipe.target_modules and len(recipe.target_modules) > 1:
        yield 'target_modules: "all-linear" stands alone'
    if recipe.layers_to_transform and "all-linear" in recipe.target_modules:
        yield 'layers_to_transform with "all-linear": give the names, for example target_modules=q_proj,v_proj'
    if recipe.layers_to_transform and not recipe.training_method.lora:
        yield f"layers_to_transform with {recipe.method}: only LoRA methods choose layers"
