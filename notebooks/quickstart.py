# %% [markdown]
# # kb: a first answer
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/#upload=true)
# *Upload this file there, or choose the tab GitHub and give the address of your clone.*
#
# Runs on a CPU, without a server and without an account. It reads a PDF about an institute that does not exist, and answers from it with quotes and pages.
#
# Install in a fresh environment: `pip install kb-cited` once released, or in a clone `pip install .`; then `kb models pull minilm smollm2`.

# %%
from pathlib import Path

from kb import KnowledgeBase

EXAMPLES = next(folder / "examples" for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "examples").is_dir())
base = KnowledgeBase(collection="quickstart", model="extractive")
report = base.ingest(EXAMPLES / "handbook.pdf", EXAMPLES / "manual.pdf")
[(file.doc, file.status) for file in report.files]

# %% [markdown]
# ## Ask
#
# `extractive` is the built-in reader: it quotes and writes nothing.

# %%
answer = base.ask("Who is the head cook?")
print(answer.short_answer, "|", answer.ground)
for citation in answer.citations:
    print(f"“{citation.quote}” ({citation.doc}, p. {citation.page + 1})")

# %% [markdown]
# Every quote stands on its page, letter for letter. Pages count from 0 in Python, offsets are code points of the page's text.

# %%
for citation in answer.citations:
    page = base.page(citation.doc, citation.page)
    assert page.text[citation.start : citation.end] == citation.quote

# %% [markdown]
# When the documents do not say, that is the answer.

# %%
print(base.ask("Who composed the symphony of the seven whales?").answer)

# %% [markdown]
# ## Search and look

# %%
for hit in base.search("ropeway cabin", k=3):
    print(f"{hit.doc}, p. {hit.page + 1}: {hit.text[:80]!r}")

# %% [markdown]
# ## Measure
#
# Twenty questions whose pages are known: how often is the page among the first passages?

# %%
lines = (EXAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()[:20]
questions = Path("questions-20.jsonl")
questions.write_text("\n".join(lines) + "\n", encoding="utf-8")
evaluation = base.evaluate(questions)
for name in ("page_hit@1", "page_hit@5"):
    metric = evaluation.metrics[name]
    print(f"{name}: {metric['value']:.2f} ({metric['low']:.2f} to {metric['high']:.2f}, {metric['n']} questions)")

# %%
base.close()
