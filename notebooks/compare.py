# %% [markdown]
# # Which answers better?
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/#upload=true)
# *Upload this file there, or choose the tab GitHub and give the address of your clone.*
#
# The same questions to several arms, with intervals, and a verdict, or the statement that the questions cannot decide. Runs on a CPU: SmolLM2 from memory, and the built-in reader with search.
# With a run of your own, `base.compare("mine")` puts base and tuned model, each with and without search, side by side.

# %%
import json
from pathlib import Path

from kb import KnowledgeBase

EXAMPLES = next(folder / "examples" for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "examples").is_dir())
base = KnowledgeBase(collection="compare", model="extractive", max_tokens=24)
base.ingest(EXAMPLES / "handbook.pdf", EXAMPLES / "manual.pdf")

# %% [markdown]
# ## Questions
#
# Six questions with a gold answer, none of which the models have seen.

# %%
records = [json.loads(line) for line in (EXAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
chosen = [record for record in records if record["answer"] and record["doc"] in ("handbook.pdf", "manual.pdf")][:6]
questions = Path("questions-6.jsonl")
questions.write_text("".join(json.dumps(record) + "\n" for record in chosen), encoding="utf-8")
[record["question"] for record in chosen[:3]]

# %% [markdown]
# ## Ask all arms

# %%
comparison = base.compare(
    "", "memory=smollm2", "search=extractive+rag", questions=[questions], out="comparison", on_note=print
)
print(comparison.verdict)

# %% [markdown]
# ## Read the report
#
# `report.html` shows every answer beside the gold one and needs no other file; `report.json` is for programs.

# %%
report = json.loads(Path("comparison/report.json").read_text(encoding="utf-8"))
print(sorted(report))
print(Path("comparison/report.html").stat().st_size // 1024, "KiB of HTML")

# %%
base.close()
